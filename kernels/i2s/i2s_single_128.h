// i2s_single_128.h: one token in 128-bit registers, for the files that say how bytes are multiplied
// (support/bytes_neon.h). Included inside their target region.
//
// Four rows side by side, straight from the packed bytes: a block of a row is two registers, whose
// planes of 32 codes are made in registers.
#pragma once

#include "i2s/i2s.h"

enum {
  HALVES = 2,                      // of a block: registers of 16 bytes
  PLANES = 4,                      // of a register
  PLANE = 32,                      // inputs from one plane to the next
  SPAN = BYTES_CHUNK / I2S_BLOCK,  // blocks that a narrow sum holds
  PREFETCH = 512,                  // bytes ahead in each of the rows read side by side
};

// The codes of plane p of a register, weights 32 p on, as signed bytes; p is a constant.
NEON_INLINE int8x16_t plane_of(uint8x16_t bytes, size_t p) {
  const uint8x16_t mask = vdupq_n_u8(3);
  const uint8x16_t codes = p == 0   ? vshrq_n_u8(bytes, 6)
                           : p == 1 ? vandq_u8(vshrq_n_u8(bytes, 4), mask)
                           : p == 2 ? vandq_u8(vshrq_n_u8(bytes, 2), mask)
                                    : vandq_u8(bytes, mask);
  return vreinterpretq_s8_u8(codes);
}

static void single(const mpgemm_call *call, size_t i, size_t m_end) {
  const size_t blocks = i2s_blocks(call->shape.k), row_bytes = blocks * I2S_BLOCK_BYTES;
  const int8_t *x = call->prepared;
  const uint8_t *row[BYTES_ROWS];  // the last one is read again in the place of rows beyond it
  for (size_t r = 0; r < BYTES_ROWS; r++) {
    row[r] = (const uint8_t *)call->packed + min_size(i + r, m_end - 1) * row_bytes;
  }
  int32x4_t total = vdupq_n_s32(-call->input->sum[0]);  // |total| <= 2 * 127 k
  for (size_t begin = 0; begin < blocks; begin += SPAN) {
    const size_t end = min_size(begin + SPAN, blocks);
    bytes_sum sum[BYTES_ROWS];
    for (size_t r = 0; r < BYTES_ROWS; r++) sum[r] = bytes_zero();
    for (size_t b = begin; b < end; b++) {
      for (size_t h = 0; h < HALVES; h++) {
        int8x16_t input[PLANES];
        for (size_t p = 0; p < PLANES; p++) {
          input[p] = vld1q_s8(x + b * I2S_BLOCK + p * PLANE + h * BYTES_STEP);
        }
#pragma GCC unroll 4
        for (size_t r = 0; r < BYTES_ROWS; r++) {
          const uint8_t *from = row[r] + b * I2S_BLOCK_BYTES + h * BYTES_STEP;
          if (h == 0) __builtin_prefetch(from + PREFETCH);
          const uint8x16_t bytes = vld1q_u8(from);
#pragma GCC unroll 4
          for (size_t p = 0; p < PLANES; p++) {
            sum[r] = bytes_multiply_add(sum[r], plane_of(bytes, p), input[p]);
          }
        }
      }
    }
    int32x4_t wide[BYTES_ROWS];
    for (size_t r = 0; r < BYTES_ROWS; r++) wide[r] = bytes_widen(sum[r]);
    total = vaddq_s32(total, bytes_sum_lanes(wide));
  }
  neon_store_exact(call, i, 0, m_end, total);
}

// What one compute does where N = 1.
static void count_single(mpgemm_shape shape, mpgemm_ops *compute) {
  const uint64_t rows = round_up(shape.m, BYTES_ROWS), bytes = rows * i2s_row_bytes(shape.k);
  const uint64_t codes = i2s_blocks(shape.k) * I2S_BLOCK;
  compute->bitop += bytes * 6;  // three shifts, three masks
  bytes_dot_count(rows, codes, compute);
  compute->convert += shape.m;
  compute->mul_f32 += 2 * shape.m;
  compute->weight_bytes += bytes;
  compute->prepared_bytes += rows / BYTES_ROWS * codes;
  compute->output_bytes += shape.m * sizeof(float);
}
