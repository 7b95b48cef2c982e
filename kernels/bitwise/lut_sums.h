// lut_sums.h: sums of looked-up digits, and the outputs that they make, in AVX2. Include only where
// __x86_64__ is defined.
//
// A table's digits of +1 weights are added and those of -1 weights subtracted in bytes that start at
// 128, so that they stay unsigned for a batch of four differences:
//   low:  each digit is -16...15, a difference at most 31, and 4 * 31 = 124 < 128;
//   high: (|a| + 16) / 32 + (|b| + 16) / 32 for disjoint sums, |a| + |b| <= 508, is less than 17,
//         and 4 * 16 = 64 < 128.
// A 16-bit word holds rows l and 16 + l of a strip. Words are summed as they are, and their high
// bytes once more; the sum of the low bytes is what remains, modulo 2^16. It is unique while it lies
// within int16: 256 batches times 124 are 31744.
#pragma once

#include <immintrin.h>
#include <string.h>

#include "bitwise/bitwise.h"
#include "support/target.h"

enum { WIDEN_BATCHES = 256 };

TARGET_BEGIN("avx2,fma,f16c")

// 16-bit sums of one digit: of whole words, and of their high bytes.
typedef struct {
  __m256i word, upper;
} digit_sums;

static inline digit_sums widen(digit_sums sums, __m256i bytes) {
  return (digit_sums){_mm256_add_epi16(sums.word, bytes),
                      _mm256_add_epi16(sums.upper, _mm256_srli_epi16(bytes, 8))};
}

// 32 sums of batches, in row order, eight int32 a vector.
typedef struct {
  __m256i rows[4];
} strip_sums;

static inline __m256i low_half(__m256i words) {
  return _mm256_cvtepi16_epi32(_mm256_castsi256_si128(words));
}

static inline __m256i high_half(__m256i words) {
  return _mm256_cvtepi16_epi32(_mm256_extracti128_si256(words, 1));
}

// Adds 32 * high + low. bias is what the batches' starts at 128 add up to, modulo 2^16.
static inline void add_widened(strip_sums *total, digit_sums low, digit_sums high, __m256i bias) {
  const __m256i low_upper = _mm256_sub_epi16(low.upper, bias);
  const __m256i high_upper = _mm256_sub_epi16(high.upper, bias);
  const __m256i low_lower =
      _mm256_sub_epi16(_mm256_sub_epi16(low.word, _mm256_slli_epi16(low.upper, 8)), bias);
  const __m256i high_lower =
      _mm256_sub_epi16(_mm256_sub_epi16(high.word, _mm256_slli_epi16(high.upper, 8)), bias);
  const __m256i low32[4] = {low_half(low_lower), high_half(low_lower), low_half(low_upper),
                            high_half(low_upper)};
  const __m256i high32[4] = {low_half(high_lower), high_half(high_lower), low_half(high_upper),
                             high_half(high_upper)};
  for (size_t q = 0; q < 4; q++) {
    const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high32[q], DIGIT_BITS), low32[q]);
    total->rows[q] = _mm256_add_epi32(total->rows[q], sum);
  }
}

static inline __m256i bias_of(size_t batches) {
  return _mm256_set1_epi16((int16_t)(uint16_t)(128 * batches));
}

static inline void store_strip(const mpgemm_call *call, size_t i, size_t rows, size_t t,
                               const strip_sums *sums) {
  if (rows < STRIP_ROWS) {
    int32_t sum[STRIP_ROWS];
    memcpy(sum, sums, sizeof sum);
    for (size_t r = 0; r < rows; r++) store_exact(call, i + r, t, sum[r]);
    return;
  }
  const __m256 x_scale = _mm256_set1_ps(call->input->scale ? call->input->scale[t] : 1.0f);
  const float one = 1.0f;
  const float *const w_scale = call->w_scale ? call->w_scale : &one;
  const int per_row = call->w_scale && call->w_scale_stride;
  for (size_t q = 0; q < 4; q++) {
    const size_t row = i + 8 * q;
    const __m256 row_scale =
        per_row ? _mm256_loadu_ps(w_scale + row) : _mm256_broadcast_ss(w_scale);
    const __m256 scale = _mm256_mul_ps(row_scale, x_scale);
    _mm256_storeu_ps(call->y + t * call->ldy + row,
                     _mm256_mul_ps(_mm256_cvtepi32_ps(sums->rows[q]), scale));
  }
}

static const strip_sums no_sums;

TARGET_END
