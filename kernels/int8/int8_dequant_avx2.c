// int8_dequant_avx2.c: int8 weights scaled to float32 eight at a time, in AVX2 and FMA.
#if defined(__x86_64__)

#include <immintrin.h>

#include "int8/int8.h"
#include "support/float_gemm_avx2.h"
#include "support/target.h"

static const float_gemm_format format = {.element = sizeof(int8_t), .conversions = 1, .scaled = 1};

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256 load(const void *weights) {
  const __m256i code = _mm256_cvtepi8_epi32(_mm_loadl_epi64(weights));
  return _mm256_cvtepi32_ps(code);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  const float_gemm_weights weights = {.format = format, .load = load};
  float_gemm_compute(call, tile, weights, scratch);
}

TARGET_END

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  float_gemm_count(format, shape, prepare, compute);
}

const mpgemm_kernel int8_dequant_avx2 = {
    INT8_DEQUANT_KERNEL,
    .name = "int8_dequant_avx2",
    .summary = "int8 weights scaled to float32 in registers, then FMA",
    .isa = MPGEMM_ISA_AVX2,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = float_gemm_plan,
    .compute = compute,
    .count = count,
};

#endif
