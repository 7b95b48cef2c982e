// q8k_128.h: products with "q8k" activations in 128-bit registers, after the file has said how bytes
// are multiplied (support/bytes_neon.h). Included inside its target region.
//
// Four rows are summed at a time. Where n is 1 their blocks are taken apart in registers; where n is
// more they are decoded to scratch once for all tokens of a tile.
#pragma once

#include <string.h>

#include "support/q8k.h"
#include "support/q8k_neon.h"

enum { Q8K_M_BEST = 64, Q8K_N_BEST = 64, Q8K_AHEAD = 8 };  // blocks of prefetch

// What a family says of its blocks. Always a compile-time constant, so that functions are inlined.
typedef struct {
  size_t block_bytes, scale;                                // of a block; where its half lies
  int biased;                                               // 1: weights come as codes w + 1
  bytes_sum (*dot)(const uint8_t *block, const int8_t *x);  // a narrow sum of the block's products
  void (*decode)(const uint8_t *block, int8_t *w);          // 256 weights
} q8k_format;

// Four rows' scales.
NEON_INLINE float32x4_t q8k_scales(q8k_format format, const uint8_t *const block[BYTES_ROWS]) {
  uint16_t half[BYTES_ROWS];
  for (size_t r = 0; r < BYTES_ROWS; r++) {
    memcpy(half + r, block[r] + format.scale, sizeof *half);
  }
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(half)));
}

// Adds (float)dots * (w_scale * x_scale) to y, in the order that the numerics prescribe.
NEON_INLINE float32x4_t q8k_accumulate(float32x4_t y, int32x4_t dots, float32x4_t w_scale,
                                       float x_scale) {
  const float32x4_t scale = vmulq_n_f32(w_scale, x_scale);
  const float32x4_t product = vmulq_f32(vcvtq_f32_s32(dots), scale);
  return vaddq_f32(y, product);
}

NEON_INLINE void q8k_store(const mpgemm_call *call, size_t i, size_t m_end, size_t t,
                           float32x4_t y) {
  float lane[BYTES_ROWS];
  vst1q_f32(lane, y);
  for (size_t r = 0; r < BYTES_ROWS && i + r < m_end; r++) {
    call->y[t * call->ldy + i + r] = lane[r] * output_scale(call, i + r, t);
  }
}

// The first blocks of four rows; the last one is read again in the place of rows beyond it.
NEON_INLINE void q8k_rows(const mpgemm_call *call, size_t block_bytes, size_t i, size_t m_end,
                          const uint8_t *block[BYTES_ROWS]) {
  const size_t row_bytes = q8k_blocks(call->shape.k) * block_bytes;
  for (size_t r = 0; r < BYTES_ROWS; r++) {
    block[r] = (const uint8_t *)call->packed + min_size(i + r, m_end - 1) * row_bytes;
  }
}

NEON_INLINE void q8k_gemv(const mpgemm_call *call, mpgemm_tile tile, q8k_format format) {
  const size_t blocks = q8k_blocks(call->shape.k);
  const q8k_parts x = q8k_of(call->prepared, call->shape.n, call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += BYTES_ROWS) {
    const uint8_t *block[BYTES_ROWS];
    q8k_rows(call, format.block_bytes, i, tile.m_end, block);
    float32x4_t y = vdupq_n_f32(0);
    for (size_t b = 0; b < blocks; b++) {
      int32x4_t wide[BYTES_ROWS];
#pragma GCC unroll 4
      for (size_t r = 0; r < BYTES_ROWS; r++) {
        __builtin_prefetch(block[r] + Q8K_AHEAD * format.block_bytes);
        wide[r] = bytes_widen(format.dot(block[r], x.code + b * Q8K_BLOCK));
      }
      int32x4_t dots = bytes_sum_lanes(wide);
      if (format.biased) dots = vsubq_s32(dots, vdupq_n_s32(x.sum[b]));
      y = q8k_accumulate(y, dots, q8k_scales(format, block), x.scale[b]);
      for (size_t r = 0; r < BYTES_ROWS; r++) block[r] += format.block_bytes;
    }
    q8k_store(call, i, tile.m_end, 0, y);
  }
}

// So many tokens, a constant, by four decoded rows.
NEON_INLINE void q8k_multiply(const mpgemm_call *call, q8k_format format, const q8k_parts *x,
                              const int8_t *w, const float *w_scale, size_t i, size_t m_end,
                              size_t t, size_t tokens) {
  const size_t blocks = q8k_blocks(call->shape.k);
  float32x4_t y[BYTES_TOKENS];
  for (size_t n = 0; n < tokens; n++) y[n] = vdupq_n_f32(0);
  for (size_t b = 0; b < blocks; b++) {
    const int8_t *row[BYTES_ROWS];
    for (size_t r = 0; r < BYTES_ROWS; r++) row[r] = w + (b * BYTES_ROWS + r) * Q8K_BLOCK;
    const size_t first = t * blocks + b;  // of the tokens' blocks
    int32x4_t dots[BYTES_TOKENS];
    for (size_t n = 0; n < tokens; n++) {
      dots[n] = vdupq_n_s32(format.biased ? -x->sum[first + n * blocks] : 0);
    }
    bytes_dot(row, x->code + first * Q8K_BLOCK, blocks * Q8K_BLOCK, Q8K_BLOCK, tokens, dots);
    const float32x4_t scales = vld1q_f32(w_scale + b * BYTES_ROWS);
    for (size_t n = 0; n < tokens; n++) {
      y[n] = q8k_accumulate(y[n], dots[n], scales, x->scale[first + n * blocks]);
    }
  }
  for (size_t n = 0; n < tokens; n++) q8k_store(call, i, m_end, t + n, y[n]);
}

NEON_INLINE void q8k_gemm(const mpgemm_call *call, mpgemm_tile tile, void *scratch,
                          q8k_format format) {
  const size_t blocks = q8k_blocks(call->shape.k);
  const q8k_parts x = q8k_of(call->prepared, call->shape.n, call->shape.k);
  int8_t *const w = scratch;                                                      // w[b][r][256]
  float *const w_scale = (float *)(void *)(w + BYTES_ROWS * blocks * Q8K_BLOCK);  // w_scale[b][r]
  for (size_t i = tile.m_begin; i < tile.m_end; i += BYTES_ROWS) {
    const uint8_t *block[BYTES_ROWS];
    q8k_rows(call, format.block_bytes, i, tile.m_end, block);
    for (size_t b = 0; b < blocks; b++) {
      vst1q_f32(w_scale + b * BYTES_ROWS, q8k_scales(format, block));
      for (size_t r = 0; r < BYTES_ROWS; r++) {
        format.decode(block[r], w + (b * BYTES_ROWS + r) * Q8K_BLOCK);
        block[r] += format.block_bytes;
      }
    }
    for (size_t t = tile.n_begin; t < tile.n_end; t += BYTES_TOKENS) {
      switch (tile.n_end - t) {
        case 1:
          q8k_multiply(call, format, &x, w, w_scale, i, tile.m_end, t, 1);
          break;
        case 2:
          q8k_multiply(call, format, &x, w, w_scale, i, tile.m_end, t, 2);
          break;
        case 3:
          q8k_multiply(call, format, &x, w, w_scale, i, tile.m_end, t, 3);
          break;
        default:
          q8k_multiply(call, format, &x, w, w_scale, i, tile.m_end, t, BYTES_TOKENS);
      }
    }
  }
}

NEON_INLINE void q8k_compute_128(const mpgemm_call *call, mpgemm_tile tile, void *scratch,
                                 q8k_format format) {
  if (call->shape.n == 1) {
    q8k_gemv(call, tile, format);
  } else {
    q8k_gemm(call, tile, scratch, format);
  }
}

static inline void q8k_plan_128(mpgemm_shape shape, mpgemm_plan *plan) {
  q8k_plan_prepare(shape, plan);
  const size_t decoded = BYTES_ROWS * q8k_blocks(shape.k) * (Q8K_BLOCK + sizeof(float));
  plan->scratch_size = shape.n > 1 ? decoded : 0;
  plan->m_step = plan->n_step = 1;
  plan->m_best = Q8K_M_BEST;
  plan->n_best = Q8K_N_BEST;
}

// Adds what a compute does. decode: what taking one block apart does.
static inline void q8k_count_128(mpgemm_shape shape, q8k_format format, q8k_count_decode *decode,
                                 mpgemm_ops *compute) {
  const uint64_t blocks = q8k_blocks(shape.k), rows = round_up(shape.m, BYTES_ROWS);
  const uint64_t stored = (uint64_t)shape.m * shape.n, products = rows * shape.n * blocks;
  const uint64_t decodes = rows * blocks * blocks_of(shape.n, Q8K_N_BEST);
  mpgemm_ops one = {0};
  decode(&one);
  one.convert += 1;  // the scale
  q8k_add_ops(compute, &one, decodes);
  for (uint64_t b = 0; b < blocks; b++) bytes_dot_count(rows * shape.n, Q8K_BLOCK, compute);
  if (shape.n == 1) compute->add_i32 -= products * (format.biased ? 0 : 1);  // no sum of codes
  compute->convert += products;
  compute->mul_f32 += 2 * products + 2 * stored;
  compute->add_f32 += products;
  compute->weight_bytes += decodes * format.block_bytes;
  const size_t part = Q8K_BLOCK + sizeof(float) + (format.biased ? sizeof(int32_t) : 0);
  compute->prepared_bytes += rows / BYTES_ROWS * shape.n * blocks * part;
  if (shape.n > 1) {
    const uint64_t readings = rows * blocks * blocks_of(shape.n, BYTES_TOKENS);
    compute->scratch_bytes += (decodes + readings) * (Q8K_BLOCK + sizeof(float));
  }
  compute->output_bytes += stored * sizeof(float);
}
