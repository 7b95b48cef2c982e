// trit5_128.h: what trit5's kernels in 128-bit registers share. Include only where __aarch64__ is
// defined.
//
// Bytes are held as q - 128, which is signed. Tripling keeps that form: 3 (q - 128) = 3 q - 128 mod 256.
// The digit is how many of 86 and 171 the fraction q reaches, and the weight is one less.
#pragma once

#include "support/store_neon.h"
#include "trit5/trit5.h"

enum {
  QUARTERS = 4,  // of a line: registers of four rows
  N_BEST = 64,
  PREFETCH = 2048,  // bytes ahead of the stream
};

NEON_INLINE int8x16_t load_quarter(const uint8_t *line, size_t q) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(line + 16 * q), vdupq_n_u8(0x80)));
}

NEON_INLINE int8x16_t triple(int8x16_t fraction) {
  return vmulq_s8(fraction, vdupq_n_s8(3));
}

// The first digits as weights, -1, 0 or 1: comparisons are -1 where they hold.
NEON_INLINE int8x16_t weights(int8x16_t fraction) {
  const uint8x16_t positive = vcgtq_s8(fraction, vdupq_n_s8(170 - 128));
  const uint8x16_t negative = vcltq_s8(fraction, vdupq_n_s8(86 - 128));
  return vreinterpretq_s8_u8(vsubq_u8(negative, positive));
}

// Four inputs, the same for every row.
NEON_INLINE int8x16_t broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

// What a compute does whose weights are taken apart for each group of tokens.
static inline void count_lines(const mpgemm_kernel *kernel, mpgemm_shape shape, size_t tokens,
                               mpgemm_ops *compute) {
  const uint64_t blocks = blocks_of(shape.m, TRIT5_ROWS), lines = trit5_lines(shape.k);
  const uint64_t stored = (uint64_t)shape.m * shape.n, passes = blocks_of(shape.n, tokens);
  const uint64_t bytes = passes * blocks * lines * TRIT5_LINE;
  compute->bitop += bytes;                        // to signed fractions
  compute->mul_i8 += (TRIT5_DIGITS - 1) * bytes;  // triples
  compute->add_i8 += 3 * TRIT5_DIGITS * bytes;    // two comparisons and a difference
  compute->mul_i8 += blocks * TRIT5_ROWS * shape.n * lines * TRIT5_INPUTS;
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += passes * trit5_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * shape.n * lines * TRIT5_INPUTS;
  compute->output_bytes += stored * sizeof(float);
}
