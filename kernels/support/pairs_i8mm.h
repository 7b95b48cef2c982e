// pairs_i8mm.h: the multiplication of row pairs by token pairs with SMMLA, which several families
// share. Included inside their target region.
//
// SMMLA multiplies two rows of 8 weights by two tokens of 8 inputs and adds the four sums to a
// register: 32 products, twice those of SDOT.
//
// Preparation "int8_pairs", for n > 1: tokens 2 u and 2 u + 1 side by side at u * 2 *
// int8_rows_stride(k): for each 8 inputs 8 bytes of the one and 8 of the other, zeros beyond k and in
// the place of a token beyond n. For n = 1 it is the row of "int8_rows".
//
// Panel, in scratch: PAIRS_ROWS rows, for each 8 inputs 16 bytes of each pair of rows.
#pragma once

#include <arm_neon.h>
#include <string.h>

#include "support/store_neon.h"

enum {
  PAIRS_INPUTS = 8,  // of one row in a register
  PAIRS_BYTES = 16,  // of a register
  PAIRS_ROWS = 8,    // of a panel: four row pairs by four token pairs are summed in 16 registers
  PAIRS_TOKENS = 8,
  PAIRS_HALF = PAIRS_ROWS / 2,
  PAIRS_STEP = PAIRS_HALF * PAIRS_BYTES,  // bytes of a panel for 8 inputs
};

static inline void pairs_plan(mpgemm_shape shape, mpgemm_plan *plan) {
  int8_rows_plan(shape, plan);
  if (shape.n == 1) return;
  plan->prepared_size = round_up(shape.n, 2) * int8_rows_stride(shape.k);
  plan->prepare_n_step = 2;
}

static inline void pairs_prepare(const mpgemm_kernel *kernel, size_t n, size_t k,
                                 const mpgemm_input *input, mpgemm_range range, void *prepared) {
  if (n == 1) {
    int8_rows_prepare(kernel, n, k, input, range, prepared);
    return;
  }
  const size_t stride = int8_rows_stride(k);
  const size_t end = range.k_end == k ? stride : range.k_end;
  for (size_t t = range.n_begin; t < range.n_end; t += 2) {
    const int8_t *first = (const int8_t *)input->x + t * input->ldx;
    const int8_t *second = t + 1 < n ? first + input->ldx : NULL;
    int8_t *to = (int8_t *)prepared + t * stride + 2 * range.k_begin;
    for (size_t j = range.k_begin; j < end; j += PAIRS_INPUTS, to += PAIRS_BYTES) {
      const size_t count = j < k ? min_size(k - j, PAIRS_INPUTS) : 0;
      memset(to, 0, PAIRS_BYTES);
      if (count) memcpy(to, first + j, count);
      if (count && second) memcpy(to + PAIRS_INPUTS, second + j, count);
    }
  }
}

static inline void pairs_count_prepare(mpgemm_shape shape, mpgemm_ops *prepare) {
  prepare->input_bytes += shape.n * shape.k;
  const size_t tokens = shape.n == 1 ? 1 : round_up(shape.n, 2);
  prepare->prepared_bytes += tokens * int8_rows_stride(shape.k);
}

// Multiplies a panel of so many steps of 8 inputs by so many token pairs, a constant, from token t
// on, and writes its rows i to i + 7, as far as they lie before m_end. |sum| <= 2 * 127 k.
NEON_INLINE void pairs_multiply(const mpgemm_call *call, const int8_t *panel, size_t steps,
                                size_t i, size_t m_end, size_t t, size_t pairs) {
  const size_t stride = 2 * int8_rows_stride(call->shape.k);  // of a token pair
  const int8_t *x = (const int8_t *)call->prepared + t / 2 * stride;
  int32x4_t sum[PAIRS_TOKENS / 2][PAIRS_HALF];  // token 0 by row 0 and 1, token 1 by row 0 and 1
  for (size_t u = 0; u < pairs; u++) {
    for (size_t r = 0; r < PAIRS_HALF; r++) sum[u][r] = vdupq_n_s32(0);
  }
  for (size_t s = 0; s < steps; s++) {
    int8x16_t rows[PAIRS_HALF];
    for (size_t r = 0; r < PAIRS_HALF; r++) {
      rows[r] = vld1q_s8(panel + s * PAIRS_STEP + r * PAIRS_BYTES);
    }
    for (size_t u = 0; u < pairs; u++) {
      const int8x16_t tokens = vld1q_s8(x + u * stride + s * PAIRS_BYTES);
      for (size_t r = 0; r < PAIRS_HALF; r++) sum[u][r] = vmmlaq_s32(sum[u][r], tokens, rows[r]);
    }
  }
  for (size_t token = 0; token < 2 * pairs && t + token < call->shape.n; token++) {
    const int32x4_t x_sum = vdupq_n_s32(call->input->sum[t + token]);
    for (size_t r = 0; r < PAIRS_HALF && i + 2 * r < m_end; r += 2) {
      const int64x2_t low = vreinterpretq_s64_s32(sum[token / 2][r]);
      const int64x2_t high = vreinterpretq_s64_s32(sum[token / 2][r + 1]);
      const int64x2_t four = token % 2 ? vzip2q_s64(low, high) : vzip1q_s64(low, high);
      const int32x4_t codes = vreinterpretq_s32_s64(four);
      neon_store_exact(call, i + 2 * r, t + token, m_end, vsubq_s32(codes, x_sum));
    }
  }
}

// Multiplies a panel by the tile's tokens; tiles of tokens start at even ones.
NEON_INLINE void pairs_tokens(const mpgemm_call *call, const int8_t *panel, size_t steps, size_t i,
                              mpgemm_tile tile) {
  for (size_t t = tile.n_begin; t < tile.n_end; t += PAIRS_TOKENS) {
    switch (blocks_of(min_size(PAIRS_TOKENS, tile.n_end - t), 2)) {
      case 1:
        pairs_multiply(call, panel, steps, i, tile.m_end, t, 1);
        break;
      case 2:
        pairs_multiply(call, panel, steps, i, tile.m_end, t, 2);
        break;
      case 3:
        pairs_multiply(call, panel, steps, i, tile.m_end, t, 3);
        break;
      default:
        pairs_multiply(call, panel, steps, i, tile.m_end, t, PAIRS_TOKENS / 2);
    }
  }
}

// What the multiplication of so many panels of so many steps by all tokens does, tiles being of
// n_best tokens, a multiple of PAIRS_TOKENS.
static inline void pairs_count(mpgemm_shape shape, uint64_t panels, uint64_t steps,
                               mpgemm_ops *compute) {
  const uint64_t tokens = round_up(shape.n, 2), stored = (uint64_t)shape.m * shape.n;
  const uint64_t products = panels * PAIRS_ROWS * tokens * steps * PAIRS_INPUTS;
  compute->mul_i8 += products;
  compute->add_i32 += products + stored;
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->prepared_bytes += panels * tokens * steps * PAIRS_INPUTS;
  compute->scratch_bytes += blocks_of(shape.n, PAIRS_TOKENS) * panels * steps * PAIRS_STEP;
  compute->output_bytes += stored * sizeof(float);
}
