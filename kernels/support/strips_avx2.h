// strips_avx2.h: the AVX2 pieces of the lookup kernels. Include only where __x86_64__ is defined.
//
// A vector of 32 bytes holds one byte a row. Sums in 16 bits are two vectors: rows 0-7 and 16-23
// in the first, rows 8-15 and 24-31 in the second, as unpacking within lanes leaves them.
#pragma once

#include <immintrin.h>

#include "support/digits.h"
#include "support/stream.h"
#include "support/strips.h"
#include "support/target.h"

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256i load_rows(const uint8_t *rows) {
  return _mm256_loadu_si256((const __m256i *)rows);
}

// The same 16 entries in both lanes.
static inline __m256i load_table(const int8_t *table) {
  return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)table));
}

// Splits 16 entries into their low digits, 16 bytes, and their high digits, 16 bytes.
static inline __m256i split_digits(__m256i entry) {
  const __m256i times_33 = _mm256_add_epi16(_mm256_slli_epi16(entry, 5), entry);
  const __m256i high = _mm256_srai_epi16(_mm256_add_epi16(times_33, _mm256_set1_epi16(512)), 10);
  const __m256i low = _mm256_add_epi16(_mm256_sub_epi16(entry, _mm256_slli_epi16(high, 5)), high);
  const __m256i digits = _mm256_packs_epi16(low, high);  // both fit a byte: nothing saturates
  return _mm256_permute4x64_epi64(digits, 0xD8);         // lanes in order: low, high
}

// Requantises 16 entries to bytes, ties to even: |entry * scale| <= 127 by the choice of scale.
static inline __m128i requantise(__m256i entry, float scale) {
  const __m256i first = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(entry));
  const __m256i second = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(entry, 1));
  const __m256 scales = _mm256_set1_ps(scale);
  const __m256i first_code = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(first), scales));
  const __m256i second_code = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(second), scales));
  const __m256i pairs = _mm256_packs_epi32(first_code, second_code);
  const __m256i codes = _mm256_permute4x64_epi64(pairs, 0xD8);
  return _mm_packs_epi16(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
}

// Adds low * low_weight + high * high_weight of each row to its 16-bit sum. The products of two
// bytes meet in one 16-bit lane: |15 * 8 + 31 * 12 * 8| and |127 + 127| are far from its limit.
static inline void add_weighted(__m256i low, char low_weight, __m256i high, char high_weight,
                                __m256i sum[2]) {
  const __m256i weights = _mm256_set1_epi16((short)(high_weight << 8 | low_weight));
  const __m256i first = _mm256_maddubs_epi16(weights, _mm256_unpacklo_epi8(low, high));
  const __m256i second = _mm256_maddubs_epi16(weights, _mm256_unpackhi_epi8(low, high));
  sum[0] = _mm256_add_epi16(sum[0], first);
  sum[1] = _mm256_add_epi16(sum[1], second);
}

// Adds the 16-bit sums to the strip's totals, in row order.
static inline void add_to_total(const __m256i sum[2], int32_t total[STRIP_ROWS]) {
  const __m128i quarters[4] = {
      _mm256_castsi256_si128(sum[0]),       // rows 0-7
      _mm256_castsi256_si128(sum[1]),       // rows 8-15
      _mm256_extracti128_si256(sum[0], 1),  // rows 16-23
      _mm256_extracti128_si256(sum[1], 1),  // rows 24-31
  };
  for (int q = 0; q < 4; q++) {
    __m256i *const rows = (__m256i *)(total + 8 * q);
    const __m256i wide = _mm256_cvtepi16_epi32(quarters[q]);
    _mm256_storeu_si256(rows, _mm256_add_epi32(_mm256_loadu_si256(rows), wide));
  }
}

// Adds one block for some tokens, always the same number, to their 16-bit sums.
typedef void strip_block_sum(const uint8_t *block, const int8_t *tables, size_t token_bytes,
                             size_t tokens, __m256i sum[][2]);

// Adds blocks of a strip to the totals of some tokens. chunk: blocks whose sum fits 16 bits.
static inline __attribute__((always_inline)) void strip_add_blocks(
    size_t block_bytes, size_t table_bytes, size_t chunk, strip_block_sum *block_sum,
    const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes, size_t ahead,
    size_t tokens, int32_t (*total)[STRIP_ROWS]) {
  for (size_t begin = 0; begin < blocks; begin += chunk) {
    __m256i sum[STRIP_TOKENS][2];
    for (size_t t = 0; t < tokens; t++) sum[t][0] = sum[t][1] = _mm256_setzero_si256();
    for (size_t b = begin; b < min_size(begin + chunk, blocks); b++) {
      const uint8_t *const block = packed + b * block_bytes;
      for (size_t i = 0; i < block_bytes; i += 64) {
        if (tokens == 1) {
          stream_ahead(block + i);
        } else {
          _mm_prefetch((const char *)block + i + ahead, _MM_HINT_T0);
        }
      }
      block_sum(block, tables + b * table_bytes, token_bytes, tokens, sum);
    }
    for (size_t t = 0; t < tokens; t++) add_to_total(sum[t], total[t]);
  }
}

TARGET_END
