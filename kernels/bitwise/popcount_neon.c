// popcount_neon.c: bit planes of weights and codes, multiplied by CNT.
//
// Differences of counts of eight inputs lie in -8...8. Four slices are summed in one byte by doubling,
// the most significant first: |sum| <= 8 * (1 + 2 + 4 + 8) = 120.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "bitwise/bitwise.h"

enum {
  HALF = SLICES / 2,
  PLANE_STEP = 16,  // bytes of a register
  M_BEST = 64,
  N_BEST = 16,
  AHEAD = 2048,
};

#define INLINE static inline __attribute__((always_inline))

// The bits that P shares with a slice minus those of N, for eight inputs a byte.
INLINE int8x16_t difference(uint8x16_t plus, uint8x16_t minus, uint8x16_t slice) {
  const uint8x16_t shared_plus = vcntq_u8(vandq_u8(plus, slice));
  const uint8x16_t shared_minus = vcntq_u8(vandq_u8(minus, slice));
  return vreinterpretq_s8_u8(vsubq_u8(shared_plus, shared_minus));
}

// Adds half a block's dot to eight int16 parts: |part| <= 2 * (120 + 16 * 120) = 4080 for each call.
INLINE int16x8_t add_parts(int16x8_t sum, const uint8_t *w, const uint8_t *x) {
  const uint8x16_t plus = vld1q_u8(w), minus = vld1q_u8(w + PLANE_BYTES);
  const int8x16_t two = vdupq_n_s8(2), sixteen = vdupq_n_s8(16);
  // The last slice is worth -2^7.
  int8x16_t high = difference(minus, plus, vld1q_u8(x + (SLICES - 1) * PLANE_BYTES));
#pragma GCC unroll 3
  for (size_t b = SLICES - 2; b >= HALF; b--) {
    high = vmlaq_s8(difference(plus, minus, vld1q_u8(x + b * PLANE_BYTES)), high, two);
  }
  int8x16_t low = difference(plus, minus, vld1q_u8(x + (HALF - 1) * PLANE_BYTES));
#pragma GCC unroll 3
  for (size_t b = HALF - 1; b-- > 0;) {
    low = vmlaq_s8(difference(plus, minus, vld1q_u8(x + b * PLANE_BYTES)), low, two);
  }
  sum = vpadalq_s8(sum, low);
  sum = vmlal_s8(sum, vget_low_s8(high), vget_low_s8(sixteen));
  return vmlal_high_s8(sum, high, sixteen);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  const size_t blocks = slice_blocks(call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const uint8_t *const w = (const uint8_t *)call->packed + i * blocks * 2 * PLANE_BYTES;
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const uint8_t *const x = (const uint8_t *)call->prepared + t * blocks * SLICES * PLANE_BYTES;
      int32x4_t sum = vdupq_n_s32(0);
      for (size_t b = 0; b < blocks; b++) {
        const uint8_t *const block = w + b * 2 * PLANE_BYTES;
        const uint8_t *const slices = x + b * SLICES * PLANE_BYTES;
        __builtin_prefetch(block + AHEAD);
        const int16x8_t first = add_parts(vdupq_n_s16(0), block, slices);
        const int16x8_t both = add_parts(first, block + PLANE_STEP, slices + PLANE_STEP);
        sum = vpadalq_s16(sum, both);
      }
      store_exact(call, i, t, vaddvq_s32(sum));
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  slice_plan(shape, PLANE_BYTES, out);
  out->scratch_size = 0;
  out->m_step = out->n_step = 1;
  out->m_best = M_BEST;
  out->n_best = N_BEST;
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel;
  slice_codes(n, k, input, range, PLANE_BYTES, prepared);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *ops) {
  (void)kernel;
  if (prepare_ops) slice_count(shape, PLANE_BYTES, prepare_ops);
  if (!ops) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t products = outputs * slice_blocks(shape.k), bytes = products * PLANE_BYTES;
  ops->bitop += bytes * SLICES * 4;              // masks, population counts
  ops->add_i8 += bytes * (SLICES + SLICES - 2);  // differences, and all but the first two summed
  ops->mul_i8 += bytes * (SLICES - 2 + 1);       // by 2, and by 16
  ops->add_i16 += bytes * 2;                     // low and high
  ops->add_i32 += products * 2 * 4 + outputs * 3;
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += products * 2 * PLANE_BYTES;
  ops->prepared_bytes += products * SLICES * PLANE_BYTES;
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_popcount_neon = {
    BITWISE_POPCOUNT_FIELDS,
    .name = "bitwise_popcount_neon",
    .summary = "bit planes of weights and codes, multiplied by CNT",
    .preparation = "bit_slices",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

#endif
