// strips_neon.h: the NEON pieces of the lookup kernels. Include only where __aarch64__ is defined.
//
// A strip's 32 rows are two vectors of bytes. Sums in 16 bits are four vectors, eight rows each.
#pragma once

#include <arm_neon.h>

#include "support/digits.h"
#include "support/strips.h"

enum {
  STRIP_HALVES = 2,    // vectors of bytes
  STRIP_QUARTERS = 4,  // vectors of int16
  STRIP_HALF = STRIP_ROWS / STRIP_HALVES,
};

#define STRIP_INLINE static inline __attribute__((always_inline))

// The indices of groups 2 p and 2 p + 1: the nibbles of a half's bytes.
STRIP_INLINE uint8x16_t strip_index(uint8x16_t codes, size_t odd) {
  return odd ? vshrq_n_u8(codes, 4) : vandq_u8(codes, vdupq_n_u8(15));
}

// Splits 16 entries into their low digits and their high digits, 16 bytes each (support/digits.h).
STRIP_INLINE void strip_split_digits(const int16_t entry[TABLE_ENTRIES], int8_t *digits) {
  int8x8_t low[2], high[2];
  for (size_t h = 0; h < 2; h++) {
    const int16x8_t entries = vld1q_s16(entry + 8 * h);
    const int16x8_t times_33 = vaddq_s16(vshlq_n_s16(entries, 5), entries);
    const int16x8_t digit = vrshrq_n_s16(times_33, 10);  // adds 512 first
    const int16x8_t rest = vaddq_s16(vsubq_s16(entries, vshlq_n_s16(digit, 5)), digit);
    low[h] = vmovn_s16(rest);  // both fit a byte
    high[h] = vmovn_s16(digit);
  }
  vst1q_s8(digits, vcombine_s8(low[0], low[1]));
  vst1q_s8(digits + TABLE_ENTRIES, vcombine_s8(high[0], high[1]));
}

// Requantises 16 entries to bytes, ties to even: |entry * scale| <= 127 by the choice of scale.
STRIP_INLINE void strip_requantise(const int16_t entry[TABLE_ENTRIES], float scale, int8_t *bytes) {
  int16x4_t code[4];
  for (size_t v = 0; v < 4; v++) {
    const float32x4_t entries = vcvtq_f32_s32(vmovl_s16(vld1_s16(entry + 4 * v)));
    code[v] = vmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(entries, scale)));
  }
  const int8x8_t low = vmovn_s16(vcombine_s16(code[0], code[1]));
  const int8x8_t high = vmovn_s16(vcombine_s16(code[2], code[3]));
  vst1q_s8(bytes, vcombine_s8(low, high));
}

// Adds a half's bytes to its two 16-bit sums.
STRIP_INLINE void strip_add_bytes(int8x16_t bytes, int16x8_t sum[2]) {
  sum[0] = vaddw_s8(sum[0], vget_low_s8(bytes));
  sum[1] = vaddw_high_s8(sum[1], bytes);
}

// Adds low + DIGIT_BASE * high of a half's rows to its two 16-bit sums.
STRIP_INLINE void strip_add_digits(int8x16_t low, int8x16_t high, int16x8_t sum[2]) {
  const int8x16_t base = vdupq_n_s8(DIGIT_BASE);
  strip_add_bytes(low, sum);
  sum[0] = vmlal_s8(sum[0], vget_low_s8(high), vget_low_s8(base));
  sum[1] = vmlal_high_s8(sum[1], high, base);
}

// Adds one block for some tokens, always the same number, to their 16-bit sums.
typedef void strip_block_sum(const uint8_t *block, const int8_t *tables, size_t token_bytes,
                             size_t tokens, int16x8_t sum[][STRIP_QUARTERS]);

// Adds blocks of a strip to the totals of some tokens. chunk: blocks whose sum fits 16 bits.
STRIP_INLINE void strip_add_blocks(size_t block_bytes, size_t table_bytes, size_t chunk,
                                   strip_block_sum *block_sum, const uint8_t *packed, size_t blocks,
                                   const int8_t *tables, size_t token_bytes, size_t ahead,
                                   size_t tokens, int32_t (*total)[STRIP_ROWS]) {
  for (size_t begin = 0; begin < blocks; begin += chunk) {
    int16x8_t sum[STRIP_TOKENS][STRIP_QUARTERS];
    for (size_t t = 0; t < tokens; t++) {
      for (size_t q = 0; q < STRIP_QUARTERS; q++) sum[t][q] = vdupq_n_s16(0);
    }
    for (size_t b = begin; b < min_size(begin + chunk, blocks); b++) {
      const uint8_t *const block = packed + b * block_bytes;
      for (size_t i = 0; i < block_bytes; i += 64) __builtin_prefetch(block + ahead + i);
      block_sum(block, tables + b * table_bytes, token_bytes, tokens, sum);
    }
    for (size_t t = 0; t < tokens; t++) {
      for (size_t q = 0; q < STRIP_QUARTERS; q++) {
        int32_t *const rows = total[t] + 8 * q;
        vst1q_s32(rows, vaddw_s16(vld1q_s32(rows), vget_low_s16(sum[t][q])));
        vst1q_s32(rows + 4, vaddw_high_s16(vld1q_s32(rows + 4), sum[t][q]));
      }
    }
  }
}
