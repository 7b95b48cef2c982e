// reduce_avx2.h: sums of lanes, many vectors at a time. Include only where __x86_64__ is defined.
#pragma once

#include <immintrin.h>

#include "support/target.h"

enum { REDUCE_8_ADDS = 7 * 8 };  // additions of int32 lanes

TARGET_BEGIN("avx2")

// Sums the lanes of eight vectors into one vector of eight sums.
static inline __m256i reduce_8(const __m256i lanes[8]) {
  const __m256i sums01 = _mm256_hadd_epi32(lanes[0], lanes[1]);
  const __m256i sums23 = _mm256_hadd_epi32(lanes[2], lanes[3]);
  const __m256i sums45 = _mm256_hadd_epi32(lanes[4], lanes[5]);
  const __m256i sums67 = _mm256_hadd_epi32(lanes[6], lanes[7]);
  const __m256i sums0123 = _mm256_hadd_epi32(sums01, sums23);
  const __m256i sums4567 = _mm256_hadd_epi32(sums45, sums67);
  const __m256i low = _mm256_permute2x128_si256(sums0123, sums4567, 0x20);
  const __m256i high = _mm256_permute2x128_si256(sums0123, sums4567, 0x31);
  return _mm256_add_epi32(low, high);
}

TARGET_END
