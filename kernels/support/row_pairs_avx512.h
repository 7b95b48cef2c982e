// row_pairs_avx512.h: row_pairs.h in AVX-512 VNNI. Include only where __x86_64__ is defined.
#pragma once

#include <immintrin.h>

#include "support/lanes_avx512.h"
#include "support/reduce_avx512.h"
#include "support/rows.h"
#include "support/stream.h"
#include "support/target.h"

enum {
  PAIRS_STEP = 64,
  PAIRS_ROWS = LANES,
  PAIRS_GROUP = 8,  // 2 x 8 sums
  PAIRS_LANE_ADDS = REDUCE_16_ADDS,
  PAIRS_NEGATED = 4,  // a + b - s, the reduction's last addition, becomes a + (b + -s)
};

static inline size_t pairs_group(size_t tokens) {
  return min_size(tokens, PAIRS_GROUP);
}

// A pair of rows has 8 sums or more with two tokens or more.
static inline size_t pairs_sets(size_t tokens) {
  return tokens <= 4 ? 2 : 1;
}

static inline uint64_t pairs_stored(size_t m) {
  return round_up(m, PAIRS_ROWS);
}

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

typedef __m512i pairs_vector;

static inline __m512i pairs_zero(void) {
  return _mm512_setzero_si512();
}

static inline __m512i pairs_load(const void *bytes) {
  return _mm512_loadu_si512(bytes);
}

static inline __m512i pairs_add(__m512i a, __m512i b) {
  return _mm512_add_epi32(a, b);
}

static inline __m512i pairs_dot(__m512i sum, __m512i codes, __m512i x) {
  return _mm512_dpbusd_epi32(sum, codes, x);
}

static inline __m512i pairs_hide(__m512i vector) {
  __asm__("" : "+v"(vector));
  return vector;
}

static inline void pairs_store(const mpgemm_call *call, size_t i, size_t rows, size_t t,
                               const __m512i lanes[PAIRS_ROWS]) {
  lanes_store(call, i, t, i + rows, reduce_16(lanes));
}

#include "support/row_pairs.h"

TARGET_END
