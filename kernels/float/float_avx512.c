// float_avx512.c: float32, float16 and bfloat16 weights through the blocked multiplication, AVX-512.
#if defined(__x86_64__)

#include <immintrin.h>

#include "float/float.h"
#include "support/float_gemm_avx512.h"
#include "support/target.h"

static const float_gemm_format f32 = {.element = sizeof(float), .conversions = 0, .scaled = 0};
static const float_gemm_format f16 = {.element = sizeof(uint16_t), .conversions = 1, .scaled = 0};
static const float_gemm_format bf16 = {.element = sizeof(uint16_t), .shifts = 1, .scaled = 0};

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl")

static inline __m512 load_f32(const void *weights) {
  return _mm512_loadu_ps(weights);
}

static inline __m512 load_f16(const void *weights) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(weights));
}

static inline __m512 load_bf16(const void *weights) {
  const __m512i upper = _mm512_cvtepu16_epi32(_mm256_loadu_si256(weights));
  return _mm512_castsi512_ps(_mm512_slli_epi32(upper, 16));
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

const mpgemm_kernel float_avx512 = {
    FLOAT_F32_KERNEL,
    .name = "float_avx512",
    .summary = "float32 weights, blocked FMA, 512 bits",
    .isa = MPGEMM_ISA_AVX512,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = float_gemm_plan,
    .compute = compute_f32,
    .count = count_f32,
};

const mpgemm_kernel float_f16_avx512 = {
    FLOAT_F16_KERNEL,
    .name = "float_f16_avx512",
    .summary = "float16 weights converted in registers, blocked FMA, 512 bits",
    .isa = MPGEMM_ISA_AVX512,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = float_gemm_plan,
    .compute = compute_f16,
    .count = count_f16,
};

const mpgemm_kernel float_bf16_avx512 = {
    FLOAT_BF16_KERNEL,
    .name = "float_bf16_avx512",
    .summary = "bfloat16 weights shifted to floats in registers, blocked FMA, 512 bits",
    .isa = MPGEMM_ISA_AVX512,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = float_gemm_plan,
    .compute = compute_bf16,
    .count = count_bf16,
};

#endif
