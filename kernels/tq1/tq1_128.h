// tq1_128.h: TQ1_0 in 128-bit registers, after the file has said how bytes are multiplied
// (support/bytes_neon.h). Included inside its target region.
//
// A byte is held as fraction - 128, which is signed. Tripling it triples the fraction, as
// 3 (f - 128) = 3 f - 128 mod 256, and the digit is how many of 86 and 171 the fraction reaches.
#pragma once

#include "support/q8k_128.h"
#include "tq1/tq1.h"

enum { VECTORS = 4 };  // of fractions: two wide, one narrow, and one of the four bytes

NEON_INLINE int8x16_t signed_fraction(uint8x16_t bytes) {
  return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(0x80)));
}

// The digits as weights, -1, 0 or 1: comparisons are -1 where they hold.
NEON_INLINE int8x16_t weights(int8x16_t fraction) {
  const uint8x16_t positive = vcgtq_s8(fraction, vdupq_n_s8(170 - 128));
  const uint8x16_t negative = vcltq_s8(fraction, vdupq_n_s8(86 - 128));
  return vreinterpretq_s8_u8(vsubq_u8(negative, positive));
}

NEON_INLINE int8x16_t triple(int8x16_t fraction) {
  return vmulq_s8(fraction, vdupq_n_s8(3));
}

// The fractions whose first digits are the four digits of the four bytes, one digit after another.
NEON_INLINE int8x16_t four_fractions(const uint8_t *block) {
  static const int8_t power[16] = {1, 1, 1, 1, 3, 3, 3, 3, 9, 9, 9, 9, 27, 27, 27, 27};
  uint32_t four;
  memcpy(&four, block + TQ1_WIDE + TQ1_NARROW, sizeof four);
  const uint8x16_t bytes = vreinterpretq_u8_u32(vdupq_n_u32(four));
  return vmulq_s8(signed_fraction(bytes), vld1q_s8(power));
}

// 256 products in one narrow sum: |int16| <= 16 * 2 * 127 = 4064.
NEON_INLINE bytes_sum dot(const uint8_t *block, const int8_t *x) {
  int8x16_t wide[2] = {signed_fraction(vld1q_u8(block)), signed_fraction(vld1q_u8(block + 16))};
  int8x16_t narrow = signed_fraction(vld1q_u8(block + TQ1_WIDE));
  bytes_sum sum = bytes_zero();
#pragma GCC unroll 5
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
#pragma GCC unroll 2
    for (size_t h = 0; h < 2; h++) {
      if (p > 0) wide[h] = triple(wide[h]);
      const int8x16_t input = vld1q_s8(x + TQ1_WIDE * p + 16 * h);
      sum = bytes_multiply_add(sum, weights(wide[h]), input);
    }
    if (p > 0) narrow = triple(narrow);
    const int8x16_t input = vld1q_s8(x + TQ1_NARROW_BEGIN + TQ1_NARROW * p);
    sum = bytes_multiply_add(sum, weights(narrow), input);
  }
  return bytes_multiply_add(sum, weights(four_fractions(block)), vld1q_s8(x + TQ1_FOUR_BEGIN));
}

static void decode(const uint8_t *block, int8_t *w) {
  int8x16_t wide[2] = {signed_fraction(vld1q_u8(block)), signed_fraction(vld1q_u8(block + 16))};
  int8x16_t narrow = signed_fraction(vld1q_u8(block + TQ1_WIDE));
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    for (size_t h = 0; h < 2; h++) {
      if (p > 0) wide[h] = triple(wide[h]);
      vst1q_s8(w + TQ1_WIDE * p + 16 * h, weights(wide[h]));
    }
    if (p > 0) narrow = triple(narrow);
    vst1q_s8(w + TQ1_NARROW_BEGIN + TQ1_NARROW * p, weights(narrow));
  }
  vst1q_s8(w + TQ1_FOUR_BEGIN, weights(four_fractions(block)));
}

static void count_decode(mpgemm_ops *ops) {
  ops->bitop += 16 * VECTORS;           // signed_fraction
  ops->mul_i8 += 16 * (3 * 4 + 1);      // triples, powers
  ops->add_i8 += 16 * (3 * 5 + 1) * 3;  // two comparisons and a difference for each digit
}

#define TQ1_FORMAT                              \
  ((q8k_format){.block_bytes = TQ1_BLOCK_BYTES, \
                .scale = TQ1_SCALE,             \
                .biased = 0,                    \
                .dot = dot,                     \
                .decode = decode})

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  q8k_compute_128(call, tile, scratch, TQ1_FORMAT);
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan_128(shape, out);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_neon(shape, prepare);
  if (out) q8k_count_128(shape, TQ1_FORMAT, count_decode, out);
}
