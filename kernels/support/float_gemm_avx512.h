// float_gemm_avx512.h: float_gemm_lanes.h in AVX-512. Include only where __x86_64__ is defined.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "support/float_gemm.h"
#include "support/rows.h"
#include "support/target.h"

enum { FLOAT_LANES = 16, FLOAT_TOKENS = 6 };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl")

typedef __m512 float_vector;

static inline float_vector float_zero(void) {
  return _mm512_setzero_ps();
}

static inline float_vector float_set1(float value) {
  return _mm512_set1_ps(value);
}

static inline float_vector float_load(const float *from) {
  return _mm512_loadu_ps(from);
}

static inline void float_store(float *to, float_vector value) {
  _mm512_storeu_ps(to, value);
}

static inline float_vector float_mul(float_vector a, float_vector b) {
  return _mm512_mul_ps(a, b);
}

static inline float_vector float_fmadd(float_vector a, float_vector b, float_vector sum) {
  return _mm512_fmadd_ps(a, b, sum);
}

// The lanes' sums of four vectors: halves, then ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
static inline __m128 float_gemm_sum_lanes(const __m512 *sum) {
  __m256 half[FLOAT_ROWS];
  for (size_t r = 0; r < FLOAT_ROWS; r++) {
    half[r] = _mm256_add_ps(_mm512_castps512_ps256(sum[r]), _mm512_extractf32x8_ps(sum[r], 1));
  }
  const __m256 pairs01 = _mm256_hadd_ps(half[0], half[1]);
  const __m256 pairs23 = _mm256_hadd_ps(half[2], half[3]);
  const __m256 halves = _mm256_hadd_ps(pairs01, pairs23);
  return _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
}

#include "support/float_gemm_lanes.h"

TARGET_END

#endif
