// i2s_128.h: i2s in 128-bit registers, for the files that say how bytes are multiplied
// (support/bytes_neon.h). Included inside their target region.
//
//   N = 1   i2s_single_128.h
//   N > 1   four rows are expanded to a byte a code, once for all tokens of a tile
#pragma once

#include "i2s/i2s_single_128.h"

enum { M_BEST = 64, N_BEST = 64 };

static void expand(const uint8_t *row, size_t blocks, int8_t *codes) {
  for (size_t b = 0; b < blocks; b++, row += I2S_BLOCK_BYTES, codes += I2S_BLOCK) {
    for (size_t h = 0; h < HALVES; h++) {
      const uint8x16_t bytes = vld1q_u8(row + h * BYTES_STEP);
#pragma GCC unroll 4
      for (size_t p = 0; p < PLANES; p++) {
        vst1q_s8(codes + p * PLANE + h * BYTES_STEP, plane_of(bytes, p));
      }
    }
  }
}

// So many tokens, a constant, by four expanded rows.
NEON_INLINE void multiply(const mpgemm_call *call, const int8_t *const row[BYTES_ROWS], size_t i,
                          size_t t, size_t tokens, size_t m_end) {
  const size_t k = call->shape.k, stride = int8_rows_stride(k);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  int32x4_t total[BYTES_TOKENS];
  for (size_t n = 0; n < tokens; n++) total[n] = vdupq_n_s32(-call->input->sum[t + n]);
  bytes_dot(row, x, stride, i2s_blocks(k) * I2S_BLOCK, tokens, total);
  for (size_t n = 0; n < tokens; n++) neon_store_exact(call, i, t + n, m_end, total[n]);
}

static void several(const mpgemm_call *call, size_t i, mpgemm_tile tile, int8_t *codes) {
  const size_t blocks = i2s_blocks(call->shape.k);
  const int8_t *row[BYTES_ROWS];
  for (size_t r = 0; r < BYTES_ROWS; r++) {
    int8_t *const to = codes + r * blocks * I2S_BLOCK;
    const size_t from = min_size(i + r, tile.m_end - 1);
    expand((const uint8_t *)call->packed + from * blocks * I2S_BLOCK_BYTES, blocks, to);
    row[r] = to;
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t += BYTES_TOKENS) {
    switch (tile.n_end - t) {
      case 1:
        multiply(call, row, i, t, 1, tile.m_end);
        break;
      case 2:
        multiply(call, row, i, t, 2, tile.m_end);
        break;
      case 3:
        multiply(call, row, i, t, 3, tile.m_end);
        break;
      default:
        multiply(call, row, i, t, BYTES_TOKENS, tile.m_end);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  for (size_t i = tile.m_begin; i < tile.m_end; i += BYTES_ROWS) {
    if (call->shape.n == 1) {
      single(call, i, tile.m_end);
    } else {
      several(call, i, tile, scratch);
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  int8_rows_plan(shape, plan);
  plan->scratch_size = shape.n == 1 ? 0 : BYTES_ROWS * i2s_blocks(shape.k) * I2S_BLOCK;
  plan->m_step = plan->n_step = 1;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  if (shape.n == 1) {
    count_single(shape, compute);
    return;
  }
  const uint64_t rows = round_up(shape.m, BYTES_ROWS), stored = (uint64_t)shape.m * shape.n;
  const uint64_t codes = i2s_blocks(shape.k) * I2S_BLOCK;
  const uint64_t passes = blocks_of(shape.n, N_BEST), bytes = rows * i2s_row_bytes(shape.k);
  compute->bitop += passes * bytes * 6;  // three shifts, three masks
  bytes_dot_count(rows * shape.n, codes, compute);
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += passes * bytes;
  compute->prepared_bytes += rows / BYTES_ROWS * shape.n * codes;
  compute->scratch_bytes += (passes + blocks_of(shape.n, BYTES_TOKENS)) * rows * codes;
  compute->output_bytes += stored * sizeof(float);
}
