// int8_dot_128.h: int8 weights times int8 activations in 128-bit registers, for the files that say how
// bytes are multiplied (support/bytes_neon.h). Included inside their target region.
//
// Four rows by up to four tokens are summed in registers, straight from packed; the last inputs of a
// row that is no whole number of registers are copied, so that nothing beyond the row is read.
#pragma once

#include <string.h>

#include "int8/int8.h"

enum { M_BEST = 64, N_BEST = 64 };

// So many tokens, a constant, by four rows; the last one is read again in the place of rows beyond.
NEON_INLINE void block(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t k = call->shape.k, whole = k - k % BYTES_STEP, stride = int8_rows_stride(k);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  const int8_t *row[BYTES_ROWS];
  for (size_t r = 0; r < BYTES_ROWS; r++) {
    row[r] = (const int8_t *)call->packed + min_size(i + r, m_end - 1) * k;
  }
  int32x4_t total[BYTES_TOKENS];
  for (size_t n = 0; n < tokens; n++) total[n] = vdupq_n_s32(0);
  bytes_dot(row, x, stride, whole, tokens, total);
  if (whole < k) {
    int8_t tail[BYTES_ROWS][BYTES_STEP] = {{0}};
    const int8_t *tail_row[BYTES_ROWS];
    for (size_t r = 0; r < BYTES_ROWS; r++) {
      memcpy(tail[r], row[r] + whole, k - whole);
      tail_row[r] = tail[r];
    }
    bytes_dot(tail_row, x + whole, stride, BYTES_STEP, tokens, total);
  }
  for (size_t n = 0; n < tokens; n++) neon_store_exact(call, i, t + n, m_end, total[n]);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += BYTES_ROWS) {
    for (size_t t = tile.n_begin; t < tile.n_end; t += BYTES_TOKENS) {
      switch (tile.n_end - t) {
        case 1:
          block(call, i, t, 1, tile.m_end);
          break;
        case 2:
          block(call, i, t, 2, tile.m_end);
          break;
        case 3:
          block(call, i, t, 3, tile.m_end);
          break;
        default:
          block(call, i, t, BYTES_TOKENS, tile.m_end);
      }
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  int8_rows_plan(shape, plan);
  plan->scratch_size = 0;
  plan->m_step = plan->n_step = 1;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t rows = round_up(shape.m, BYTES_ROWS), stored = (uint64_t)shape.m * shape.n;
  const uint64_t whole = shape.k - shape.k % BYTES_STEP, tail = shape.k - whole;
  bytes_dot_count(rows * shape.n, whole, compute);
  if (tail) bytes_dot_count(rows * shape.n, BYTES_STEP, compute);
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += blocks_of(shape.n, BYTES_TOKENS) * rows * shape.k;
  compute->prepared_bytes += rows / BYTES_ROWS * shape.n * round_up(shape.k, BYTES_STEP);
  compute->output_bytes += stored * sizeof(float);
}
