// float_gemm_avx2.h: float_gemm_lanes.h in AVX2 and FMA. Include only where __x86_64__ is defined.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "support/float_gemm.h"
#include "support/rows.h"
#include "support/target.h"

enum { FLOAT_LANES = 8, FLOAT_TOKENS = 3 };

TARGET_BEGIN("avx2,fma,f16c")

typedef __m256 float_vector;

static inline float_vector float_zero(void) {
  return _mm256_setzero_ps();
}

static inline float_vector float_set1(float value) {
  return _mm256_set1_ps(value);
}

static inline float_vector float_load(const float *from) {
  return _mm256_loadu_ps(from);
}

static inline void float_store(float *to, float_vector value) {
  _mm256_storeu_ps(to, value);
}

static inline float_vector float_mul(float_vector a, float_vector b) {
  return _mm256_mul_ps(a, b);
}

static inline float_vector float_fmadd(float_vector a, float_vector b, float_vector sum) {
  return _mm256_fmadd_ps(a, b, sum);
}

// The lanes' sums of four vectors: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
static inline __m128 float_gemm_sum_lanes(const __m256 *sum) {
  const __m256 pairs01 = _mm256_hadd_ps(sum[0], sum[1]);
  const __m256 pairs23 = _mm256_hadd_ps(sum[2], sum[3]);
  const __m256 halves = _mm256_hadd_ps(pairs01, pairs23);
  return _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
}

#include "support/float_gemm_lanes.h"

TARGET_END

#endif
