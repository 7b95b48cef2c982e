// planar2_dotprod.h: one token by a block of planar2 with SDOT, for the files that have the
// instruction. Included inside their target region.
//
// Planes 0 to 2 stay where they are in the byte, masked, so that their products are 1, 4 and 16 times
// too large; plane 3 is shifted down, since in place its codes would not be signed bytes. A line costs 4
// loads of codes, 1 of inputs, 16 masks or shifts and 16 dot products, whose four inputs are a lane
// of the register that holds all 16.
#pragma once

#include <arm_neon.h>

#include "planar2/planar2.h"
#include "support/store_neon.h"

enum {
  QUARTERS = 4,  // of a line: registers of four rows
  // Lines that are summed before planes are brought to one scale: a sum of plane 2 grows by at most
  // 4 * 2 * 16 * 127 a line, so that 2^16 lines stay below 2^31 / 2.
  CHUNK_LINES = 1 << 16,
  PREFETCH = 2048,  // bytes ahead of the stream
};

NEON_INLINE int8x16_t masked(uint8x16_t codes, uint8_t mask) {
  return vreinterpretq_s8_u8(vandq_u8(codes, vdupq_n_u8(mask)));
}

static void single(const mpgemm_call *call, size_t i, size_t t, size_t m_end) {
  const size_t lines = planar2_lines(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(call->shape.k);
  int32x4_t total[QUARTERS];  // |total| <= 2 * 127 k
  for (size_t q = 0; q < QUARTERS; q++) total[q] = vdupq_n_s32(0);
  for (size_t begin = 0; begin < lines; begin += CHUNK_LINES) {
    const size_t end = min_size(begin + CHUNK_LINES, lines);
    int32x4_t ones[QUARTERS], fours[QUARTERS], sixteens[QUARTERS], last[QUARTERS];
    for (size_t q = 0; q < QUARTERS; q++) {
      ones[q] = fours[q] = sixteens[q] = last[q] = vdupq_n_s32(0);
    }
    for (size_t l = begin; l < end; l++) {
      const uint8_t *from = line + l * PLANAR2_LINE;
      __builtin_prefetch(from + PREFETCH);
      const int8x16_t input = vld1q_s8(x + l * PLANAR2_INPUTS);
      for (size_t q = 0; q < QUARTERS; q++) {
        const uint8x16_t codes = vld1q_u8(from + 16 * q);
        const int8x16_t shifted = vreinterpretq_s8_u8(vshrq_n_u8(codes, 6));
        ones[q] = vdotq_laneq_s32(ones[q], masked(codes, 0x03), input, 0);
        fours[q] = vdotq_laneq_s32(fours[q], masked(codes, 0x0C), input, 1);
        sixteens[q] = vdotq_laneq_s32(sixteens[q], masked(codes, 0x30), input, 2);
        last[q] = vdotq_laneq_s32(last[q], shifted, input, 3);
      }
    }
    for (size_t q = 0; q < QUARTERS; q++) {  // the shifts are exact
      const int32x4_t unscaled = vaddq_s32(ones[q], last[q]);
      const int32x4_t scaled = vsraq_n_s32(vshrq_n_s32(fours[q], 2), sixteens[q], 4);
      total[q] = vaddq_s32(total[q], vaddq_s32(unscaled, scaled));
    }
  }
  const int32x4_t x_sum = vdupq_n_s32(call->input->sum[t]);
  for (size_t q = 0; q < QUARTERS && i + 4 * q < m_end; q++) {
    neon_store_exact(call, i + 4 * q, t, m_end, vsubq_s32(total[q], x_sum));
  }
}

// What one compute does where N = 1.
static void count_single(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *compute) {
  const uint64_t blocks = blocks_of(shape.m, PLANAR2_ROWS), lines = planar2_lines(shape.k);
  const uint64_t outputs = blocks * PLANAR2_ROWS;
  const uint64_t products = outputs * lines * PLANAR2_INPUTS;
  const uint64_t chunks = blocks_of(lines, CHUNK_LINES) * outputs;
  compute->bitop += blocks * lines * PLANAR2_PLANES * PLANAR2_LINE + 2 * chunks;
  compute->mul_i8 += products;
  compute->add_i32 += products + 4 * chunks + shape.m;
  compute->convert += shape.m;
  compute->mul_f32 += 2 * shape.m;
  compute->weight_bytes += planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * lines * PLANAR2_INPUTS;
  compute->output_bytes += shape.m * sizeof(float);
}
