// tq2_128.h: TQ2_0 in 128-bit registers, after the file has said how bytes are multiplied
// (support/bytes_neon.h). Included inside its target region.
#pragma once

#include "support/q8k_128.h"
#include "tq2/tq2.h"

enum { PLANES = 4, PLANE = 32, HALF_INPUTS = 128 };  // inputs from one plane or half to the next

// Where the weights of byte j's plane 0 lie in the block: byte m of half h holds 128 h + m + 32 p.
NEON_INLINE size_t input_of(size_t j) {
  return j / TQ2_HALF * HALF_INPUTS + j % TQ2_HALF;
}

// The codes of plane p of 16 bytes; p is a constant.
NEON_INLINE int8x16_t plane_of(uint8x16_t bytes, size_t p) {
  const uint8x16_t mask = vdupq_n_u8(3);
  const uint8x16_t codes = p == 0   ? vandq_u8(bytes, mask)
                           : p == 1 ? vandq_u8(vshrq_n_u8(bytes, 2), mask)
                           : p == 2 ? vandq_u8(vshrq_n_u8(bytes, 4), mask)
                                    : vshrq_n_u8(bytes, 6);
  return vreinterpretq_s8_u8(codes);
}

// 256 products in one narrow sum, even for the illegal code 3: |int16| <= 16 * 2 * 3 * 127 = 12192.
NEON_INLINE bytes_sum dot(const uint8_t *block, const int8_t *x) {
  bytes_sum sum = bytes_zero();
#pragma GCC unroll 4
  for (size_t j = 0; j < TQ2_CODES; j += BYTES_STEP) {
    const uint8x16_t bytes = vld1q_u8(block + j);
#pragma GCC unroll 4
    for (size_t p = 0; p < PLANES; p++) {
      const int8x16_t input = vld1q_s8(x + input_of(j) + PLANE * p);
      sum = bytes_multiply_add(sum, plane_of(bytes, p), input);
    }
  }
  return sum;
}

static void decode(const uint8_t *block, int8_t *code) {
  for (size_t j = 0; j < TQ2_CODES; j += BYTES_STEP) {
    const uint8x16_t bytes = vld1q_u8(block + j);
#pragma GCC unroll 4
    for (size_t p = 0; p < PLANES; p++) {
      vst1q_s8(code + input_of(j) + PLANE * p, plane_of(bytes, p));
    }
  }
}

static void count_decode(mpgemm_ops *ops) {
  ops->bitop += 6 * TQ2_CODES;  // three shifts, three masks
}

#define TQ2_FORMAT                              \
  ((q8k_format){.block_bytes = TQ2_BLOCK_BYTES, \
                .scale = TQ2_SCALE,             \
                .biased = 1,                    \
                .dot = dot,                     \
                .decode = decode})

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  q8k_compute_128(call, tile, scratch, TQ2_FORMAT);
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan_128(shape, out);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_neon(shape, prepare);
  if (out) q8k_count_128(shape, TQ2_FORMAT, count_decode, out);
}
