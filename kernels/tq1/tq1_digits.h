// tq1_digits.h: TQ1_0 blocks in AVX2 registers: digits out of bytes, and eight blocks' ends. Include
// only where __x86_64__ is defined.
//
// A byte is held as fraction - 128, which is signed. Tripling it triples the fraction, as
// 3 (f - 128) = 3 f - 128 mod 256, and the digit is how many of 86 and 171 the fraction reaches.
#pragma once

#include <immintrin.h>
#include <string.h>

#include "support/target.h"
#include "tq1/tq1.h"

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256i load(const void *bytes) {
  return _mm256_loadu_si256(bytes);
}

// 16 inputs for both halves of a vector, and four for every lane.
static inline __m256i load_16(const int8_t *x) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)x));
}

static inline __m256i load_4(const int8_t *x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

static inline __m256i signed_fraction(__m256i byte) {
  return _mm256_xor_si256(byte, _mm256_set1_epi8(-128));
}

// Two additions. Left to itself the compiler multiplies the first fraction by 9, 27 and 81, for which
// it needs shifts, masks and registers for the masks; the empty assembly hides the fraction from it.
static inline __m256i triple(__m256i fraction) {
  __m256i result = _mm256_add_epi8(fraction, _mm256_add_epi8(fraction, fraction));
  __asm__("" : "+x"(result));
  return result;
}

// The digits as weights, -1, 0 or 1: 0 - (fraction > 170) + (fraction < 86), comparisons being -1.
static inline __m256i weights(__m256i fraction) {
  const __m256i positive = _mm256_cmpgt_epi8(fraction, _mm256_set1_epi8(170 - 128));
  const __m256i negative = _mm256_cmpgt_epi8(_mm256_set1_epi8(86 - 128), fraction);
  return _mm256_sub_epi8(negative, positive);
}

static inline __m256i codes(__m256i fraction) {
  return _mm256_add_epi8(weights(fraction), _mm256_set1_epi8(1));
}

// The last 8 bytes of a block: two of the narrow part, the four, the scale.
static inline __m128i tails(const uint8_t *a, const uint8_t *b) {
  int64_t a_bytes, b_bytes;
  memcpy(&a_bytes, a + TQ1_BLOCK_BYTES - 8, sizeof a_bytes);
  memcpy(&b_bytes, b + TQ1_BLOCK_BYTES - 8, sizeof b_bytes);
  return _mm_set_epi64x(b_bytes, a_bytes);
}

// The ends of eight rows' blocks, in order: the four bytes, an int32 a row, and the scales.
typedef struct {
  __m256i fours;
  __m256 scales;
} block_ends;

static inline block_ends ends_of(const uint8_t *const block[8]) {
  // Rows 0 1 | 4 5 and 2 3 | 6 7, each the four bytes as one int32 and the scale as another.
  const __m256i even =
      _mm256_srli_epi64(_mm256_set_m128i(tails(block[4], block[5]), tails(block[0], block[1])), 16);
  const __m256i odd =
      _mm256_srli_epi64(_mm256_set_m128i(tails(block[6], block[7]), tails(block[2], block[3])), 16);
  const __m256 even_ps = _mm256_castsi256_ps(even), odd_ps = _mm256_castsi256_ps(odd);
  const __m256i fours = _mm256_castps_si256(_mm256_shuffle_ps(even_ps, odd_ps, 0x88));
  const __m256i scales = _mm256_castps_si256(_mm256_shuffle_ps(even_ps, odd_ps, 0xdd));
  const __m256i packed = _mm256_packus_epi32(scales, scales);  // 0 1 2 3 0 1 2 3 | 4 5 6 7 4 5 6 7
  const __m256i halves = _mm256_permute4x64_epi64(packed, 0x08);
  return (block_ends){fours, _mm256_cvtph_ps(_mm256_castsi256_si128(halves))};
}

TARGET_END

// What eight rows' ends add, so many times, to a reading of their blocks: the tail of a block is read
// as eight bytes, of which two are read with the narrow part.
static inline void tq1_count_ends(uint64_t times, mpgemm_ops *ops) {
  ops->weight_bytes += times * 8 * 2;
}
