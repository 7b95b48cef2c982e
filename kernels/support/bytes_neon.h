// bytes_neon.h: rows of weight bytes times rows of input bytes in 128-bit registers, which several
// families share. Included by bytes_smlal.h or bytes_sdot.h, inside their target region; they define
//
//   bytes_sum, bytes_zero()          a narrow sum, a vector
//   bytes_multiply_add(sum, w, x)    adds the products of 16 weights and 16 inputs to it
//   bytes_widen(sum)                 four int32 that add up to a narrow sum
//   BYTES_CHUNK                      inputs that a narrow sum holds, for |w| <= 2 and |x| <= 127
//   bytes_count(products, chunks, ops)  counts products and the widenings of so many narrow sums
#pragma once

#include <arm_neon.h>

#include "support/store_neon.h"

enum {
  BYTES_STEP = 16,  // inputs of a register
  BYTES_ROWS = 4,   // by so many tokens: sixteen sums in registers
  BYTES_TOKENS = 4,
};

// The lanes' sums of four vectors.
NEON_INLINE int32x4_t bytes_sum_lanes(const int32x4_t wide[BYTES_ROWS]) {
  const int32x4_t pairs01 = vpaddq_s32(wide[0], wide[1]);
  const int32x4_t pairs23 = vpaddq_s32(wide[2], wide[3]);
  return vpaddq_s32(pairs01, pairs23);
}

// Adds the products of four rows and so many tokens, a constant, stride apart, to total[token], a
// lane a row. length is a multiple of BYTES_STEP. |total| <= 2 * 127 k.
NEON_INLINE void bytes_dot(const int8_t *const row[BYTES_ROWS], const int8_t *x, size_t stride,
                           size_t length, size_t tokens, int32x4_t total[BYTES_TOKENS]) {
  for (size_t begin = 0; begin < length; begin += BYTES_CHUNK) {
    const size_t end = min_size(begin + BYTES_CHUNK, length);
    bytes_sum sum[BYTES_TOKENS][BYTES_ROWS];
    for (size_t n = 0; n < tokens; n++) {
      for (size_t r = 0; r < BYTES_ROWS; r++) sum[n][r] = bytes_zero();
    }
    for (size_t j = begin; j < end; j += BYTES_STEP) {
      int8x16_t input[BYTES_TOKENS];
      for (size_t n = 0; n < tokens; n++) input[n] = vld1q_s8(x + n * stride + j);
      // Clang 17, Debian 13's, leaves what is not asked for as a loop, and the sums in memory.
#pragma GCC unroll 4
      for (size_t r = 0; r < BYTES_ROWS; r++) {
        const int8x16_t weight = vld1q_s8(row[r] + j);
#pragma GCC unroll 4
        for (size_t n = 0; n < tokens; n++) {
          sum[n][r] = bytes_multiply_add(sum[n][r], weight, input[n]);
        }
      }
    }
    for (size_t n = 0; n < tokens; n++) {
      int32x4_t wide[BYTES_ROWS];
      for (size_t r = 0; r < BYTES_ROWS; r++) wide[r] = bytes_widen(sum[n][r]);
      total[n] = vaddq_s32(total[n], bytes_sum_lanes(wide));
    }
  }
}

// Counts bytes_dot over so many outputs of so many inputs.
static inline void bytes_dot_count(uint64_t outputs, uint64_t length, mpgemm_ops *ops) {
  const uint64_t chunks = outputs * blocks_of(length, BYTES_CHUNK);
  bytes_count(outputs * length, chunks, ops);
  ops->add_i32 += 4 * chunks;  // three across lanes, one to the total
}
