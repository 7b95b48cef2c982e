// reduce_avx512.h: sums of lanes, many vectors at a time. Include only where __x86_64__ is defined.
#pragma once

#include <immintrin.h>

#include "support/target.h"

enum { REDUCE_16_ADDS = 15 * 16 };  // additions of int32 lanes

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl")

// Sums of neighbouring lanes, a's and b's in turn.
static inline __m512i join_epi32(__m512i a, __m512i b) {
  return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

static inline __m512i join_epi64(__m512i a, __m512i b) {
  return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

// Sums of neighbouring quarters, a's then b's.
static inline __m512i join_quarters(__m512i a, __m512i b) {
  return _mm512_add_epi32(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xDD));
}

// Sums the lanes of sixteen vectors into one vector of sixteen sums.
static inline __m512i reduce_16(const __m512i lanes[16]) {
  __m512i four[4];  // sums of rows 4 q to 4 q + 3 in each quarter
  for (size_t q = 0; q < 4; q++) {
    const __m512i *row = lanes + 4 * q;
    four[q] = join_epi64(join_epi32(row[0], row[1]), join_epi32(row[2], row[3]));
  }
  return join_quarters(join_quarters(four[0], four[1]), join_quarters(four[2], four[3]));
}

TARGET_END
