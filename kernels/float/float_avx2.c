// float_avx2.c: float32, float16 and bfloat16 weights through the blocked multiplication, AVX2, FMA and F16C.
#if defined(__x86_64__)

#include <immintrin.h>

#include "float/float.h"
#include "support/float_gemm_avx2.h"
#include "support/target.h"

static const float_gemm_format f32 = {.element = sizeof(float), .conversions = 0, .scaled = 0};
static const float_gemm_format f16 = {.element = sizeof(uint16_t), .conversions = 1, .scaled = 0};
static const float_gemm_format bf16 = {.element = sizeof(uint16_t), .shifts = 1, .scaled = 0};

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256 load_f32(const void *weights) {
  return _mm256_loadu_ps(weights);
}

static inline __m256 load_f16(const void *weights) {
  return _mm256_cvtph_ps(_mm_loadu_si128(weights));
}

static inline __m256 load_bf16(const void *weights) {
  const __m256i upper = _mm256_cvtepu16_epi32(_mm_loadu_si128(weights));
  return _mm256_castsi256_ps(_mm256_slli_epi32(upper, 16));
}

static void compute_f32(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                        void *scratch) {
  (void)kernel;
  const float_gemm_weights weights = {.format = f32, .load = load_f32};
  float_gemm_compute(call, tile, weights, scratch);
}

static void compute_f16(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                        void *scratch) {
  (void)kernel;
  const float_gemm_weights weights = {.format = f16, .load = load_f16};
  float_gemm_compute(call, tile, weights, scratch);
}

static void compute_bf16(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                         void *scratch) {
  (void)kernel;
  const float_gemm_weights weights = {.format = bf16, .load = load_bf16};
  float_gemm_compute(call, tile, weights, scratch);
}

TARGET_END

static void count_f32(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                      mpgemm_ops *compute) {
  (void)kernel;
  float_gemm_count(f32, shape, prepare, compute);
}

static void count_f16(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                      mpgemm_ops *compute) {
  (void)kernel;
  float_gemm_count(f16, shape, prepare, compute);
}

static void count_bf16(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                       mpgemm_ops *compute) {
  (void)kernel;
  float_gemm_count(bf16, shape, prepare, compute);
}

const mpgemm_kernel float_avx2 = {
    FLOAT_F32_KERNEL,        .name = "float_avx2",   .summary = "float32 weights, blocked FMA",
    .isa = MPGEMM_ISA_AVX2,  .tolerance = 0x1p-15f,  .nmse = 1e-12f,
    .plan = float_gemm_plan, .compute = compute_f32, .count = count_f32,
};

const mpgemm_kernel float_f16_avx2 = {
    FLOAT_F16_KERNEL,
    .name = "float_f16_avx2",
    .summary = "float16 weights converted in registers, blocked FMA",
    .isa = MPGEMM_ISA_AVX2,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = float_gemm_plan,
    .compute = compute_f16,
    .count = count_f16,
};

const mpgemm_kernel float_bf16_avx2 = {
    FLOAT_BF16_KERNEL,
    .name = "float_bf16_avx2",
    .summary = "bfloat16 weights shifted to floats in registers, blocked FMA",
    .isa = MPGEMM_ISA_AVX2,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = float_gemm_plan,
    .compute = compute_bf16,
    .count = count_bf16,
};

#endif
