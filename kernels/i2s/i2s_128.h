// i2s_128.h: i2s in 128-bit registers, for the files that say how bytes are multiplied
// (support/bytes_neon.h). Included inside their target region.
//
//   N = 1   four rows side by side, straight from the packed bytes: a block of a row is two registers,
//           whose planes of 32 codes are made in registers
//   N > 1   four rows are expanded to a byte a code, once for all tokens of a tile
#pragma once

#include "i2s/i2s.h"

enum {
  M_BEST = 64,
  N_BEST = 64,
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
  const uint64_t rows = round_up(shape.m, BYTES_ROWS), stored = (uint64_t)shape.m * shape.n;
  const uint64_t codes = i2s_blocks(shape.k) * I2S_BLOCK;
  const uint64_t passes = blocks_of(shape.n, N_BEST), bytes = rows * i2s_row_bytes(shape.k);
  compute->bitop += passes * bytes * 6;  // three shifts, three masks
  bytes_dot_count(rows * shape.n, codes, compute);
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += passes * bytes;
  compute->prepared_bytes += rows / BYTES_ROWS * shape.n * codes;
  if (shape.n > 1) {
    compute->scratch_bytes += (passes + blocks_of(shape.n, BYTES_TOKENS)) * rows * codes;
  }
  compute->output_bytes += stored * sizeof(float);
}
