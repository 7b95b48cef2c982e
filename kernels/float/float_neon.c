// float_neon.c: float32, float16 and bfloat16 weights in NEON.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "float/float.h"
#include "support/float_gemm_neon.h"

static const float_gemm_format f32 = {.element = sizeof(float), .conversions = 0, .scaled = 0};
static const float_gemm_format f16 = {.element = sizeof(uint16_t), .conversions = 1, .scaled = 0};
static const float_gemm_format bf16 = {.element = sizeof(uint16_t), .shifts = 1, .scaled = 0};

static inline float32x4_t load_f32(const void *weights) {
  return vld1q_f32(weights);
}

static inline float32x4_t load_f16(const void *weights) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(weights)));
}

static inline float32x4_t load_bf16(const void *weights) {
  return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(weights), 16));
}

static void compute_f32(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                        void *scratch) {
  (void)kernel, (void)scratch;
  const neon_float_weights weights = {.format = f32, .load = load_f32};
  neon_float_compute(call, tile, weights);
}

static void compute_f16(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                        void *scratch) {
  (void)kernel, (void)scratch;
  const neon_float_weights weights = {.format = f16, .load = load_f16};
  neon_float_compute(call, tile, weights);
}

static void compute_bf16(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                         void *scratch) {
  (void)kernel, (void)scratch;
  const neon_float_weights weights = {.format = bf16, .load = load_bf16};
  neon_float_compute(call, tile, weights);
}

static void count_f32(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                      mpgemm_ops *compute) {
  (void)kernel;
  neon_float_count(f32, shape, prepare, compute);
}

static void count_f16(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                      mpgemm_ops *compute) {
  (void)kernel;
  neon_float_count(f16, shape, prepare, compute);
}

static void count_bf16(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                       mpgemm_ops *compute) {
  (void)kernel;
  neon_float_count(bf16, shape, prepare, compute);
}

const mpgemm_kernel float_neon = {
    FLOAT_F32_KERNEL,
    .name = "float_neon",
    .summary = "float32 weights, four rows by four tokens in registers",
    .isa = MPGEMM_ISA_NEON,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = neon_float_plan,
    .compute = compute_f32,
    .count = count_f32,
};

const mpgemm_kernel float_f16_neon = {
    FLOAT_F16_KERNEL,
    .name = "float_f16_neon",
    .summary = "float16 weights converted in registers",
    .isa = MPGEMM_ISA_NEON,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = neon_float_plan,
    .compute = compute_f16,
    .count = count_f16,
};

const mpgemm_kernel float_bf16_neon = {
    FLOAT_BF16_KERNEL,
    .name = "float_bf16_neon",
    .summary = "bfloat16 weights shifted to floats in registers",
    .isa = MPGEMM_ISA_NEON,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = neon_float_plan,
    .compute = compute_bf16,
    .count = count_bf16,
};

#endif
