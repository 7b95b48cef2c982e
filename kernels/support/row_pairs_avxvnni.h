// row_pairs_avxvnni.h: row_pairs.h in AVX-VNNI. Include only where __x86_64__ is defined.
#pragma once

#include <immintrin.h>

#include "support/reduce_avx2.h"
#include "support/rows.h"
#include "support/stream.h"
#include "support/target.h"

enum {
  PAIRS_STEP = 32,
  PAIRS_ROWS = 8,
  PAIRS_GROUP = 6,  // 2 x 6 sums, 2 registers of codes, an input and a mask
  PAIRS_LANE_ADDS = REDUCE_8_ADDS,
  PAIRS_NEGATED = 0,
};

// 8 to 12 sums of a pair. Three tokens have no good number of them: they are two and one.
static inline size_t pairs_group(size_t tokens) {
  return tokens == 3 ? 2 : min_size(tokens, PAIRS_GROUP);
}

static inline size_t pairs_sets(size_t tokens) {
  return tokens == 1 ? 4 : tokens == 2 ? 2 : 1;
}

static inline uint64_t pairs_stored(size_t m) {
  return m;
}

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

typedef __m256i pairs_vector;

static inline __m256i pairs_zero(void) {
  return _mm256_setzero_si256();
}

static inline __m256i pairs_load(const void *bytes) {
  return _mm256_loadu_si256(bytes);
}

static inline __m256i pairs_add(__m256i a, __m256i b) {
  return _mm256_add_epi32(a, b);
}

static inline __m256i pairs_dot(__m256i sum, __m256i codes, __m256i x) {
  return _mm256_dpbusd_avx_epi32(sum, codes, x);
}

static inline __m256i pairs_hide(__m256i vector) {
  __asm__("" : "+x"(vector));
  return vector;
}

static inline void pairs_store(const mpgemm_call *call, size_t i, size_t rows, size_t t,
                               const __m256i lanes[PAIRS_ROWS]) {
  const __m256i sums = reduce_8(lanes);
  const int32_t x_sum = call->input->sum[t];
  if (rows < PAIRS_ROWS) {
    int32_t sum[PAIRS_ROWS];
    _mm256_storeu_si256((__m256i *)sum, sums);
    for (size_t r = 0; r < rows; r++) store_exact(call, i + r, t, sum[r] - x_sum);
    return;
  }
  __m256 scale = _mm256_set1_ps(1.0f);
  if (call->w_scale && call->w_scale_stride) {
    scale = _mm256_loadu_ps(call->w_scale + i);
  } else if (call->w_scale) {
    scale = _mm256_set1_ps(*call->w_scale);
  }
  const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
  scale = _mm256_mul_ps(scale, _mm256_set1_ps(x_scale));
  const __m256i exact = _mm256_sub_epi32(sums, _mm256_set1_epi32(x_sum));
  _mm256_storeu_ps(call->y + t * call->ldy + i, _mm256_mul_ps(_mm256_cvtepi32_ps(exact), scale));
}

#include "support/row_pairs.h"

TARGET_END
