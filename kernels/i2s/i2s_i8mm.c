// i2s_i8mm.c: i2s with SMMLA, two rows by two tokens by eight inputs an instruction.
//
//   N = 1   i2s_single_128.h with SDOT: half of each product would be of no token
//   N > 1   panels of 8 rows are expanded to scratch once for all tokens of a tile
#if defined(__aarch64__)

#include "support/bytes_sdot.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod+i8mm")

#include "i2s/i2s_single_128.h"
#include "support/pairs_i8mm.h"

enum { M_BEST = 64, N_BEST = 128 };

// Writes the codes of two rows' blocks to their place in a panel.
NEON_INLINE void expand_pair(const uint8_t *even, const uint8_t *odd, size_t blocks, int8_t *to) {
  for (size_t b = 0; b < blocks; b++, even += I2S_BLOCK_BYTES, odd += I2S_BLOCK_BYTES) {
    for (size_t h = 0; h < HALVES; h++) {
      const uint8x16_t even_bytes = vld1q_u8(even + h * BYTES_STEP);
      const uint8x16_t odd_bytes = vld1q_u8(odd + h * BYTES_STEP);
#pragma GCC unroll 4
      for (size_t p = 0; p < PLANES; p++) {
        const int64x2_t even_codes = vreinterpretq_s64_s8(plane_of(even_bytes, p));
        const int64x2_t odd_codes = vreinterpretq_s64_s8(plane_of(odd_bytes, p));
        const size_t input = b * I2S_BLOCK + p * PLANE + h * BYTES_STEP;
        int8_t *const step = to + input / PAIRS_INPUTS * PAIRS_STEP;
        vst1q_s8(step, vreinterpretq_s8_s64(vzip1q_s64(even_codes, odd_codes)));
        vst1q_s8(step + PAIRS_STEP, vreinterpretq_s8_s64(vzip2q_s64(even_codes, odd_codes)));
      }
    }
  }
}

static void several(const mpgemm_call *call, size_t i, mpgemm_tile tile, int8_t *panel) {
  const size_t blocks = i2s_blocks(call->shape.k), row_bytes = blocks * I2S_BLOCK_BYTES;
  const uint8_t *packed = call->packed;
  for (size_t r = 0; r < PAIRS_ROWS; r += 2) {  // beyond the last row it is expanded again
    const uint8_t *even = packed + min_size(i + r, tile.m_end - 1) * row_bytes;
    const uint8_t *odd = packed + min_size(i + r + 1, tile.m_end - 1) * row_bytes;
    expand_pair(even, odd, blocks, panel + r / 2 * PAIRS_BYTES);
  }
  pairs_tokens(call, panel, blocks * I2S_BLOCK / PAIRS_INPUTS, i, tile);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n == 1) {
    for (size_t i = tile.m_begin; i < tile.m_end; i += BYTES_ROWS) single(call, i, tile.m_end);
    return;
  }
  for (size_t i = tile.m_begin; i < tile.m_end; i += PAIRS_ROWS) several(call, i, tile, scratch);
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  pairs_plan(shape, plan);
  plan->scratch_size = shape.n == 1 ? 0 : PAIRS_ROWS * i2s_blocks(shape.k) * I2S_BLOCK;
  plan->m_step = 1;
  plan->n_step = shape.n == 1 ? 1 : 2;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) pairs_count_prepare(shape, prepare);
  if (!compute) return;
  if (shape.n == 1) {
    count_single(shape, compute);
    return;
  }
  const uint64_t panels = blocks_of(shape.m, PAIRS_ROWS), passes = blocks_of(shape.n, N_BEST);
  const uint64_t bytes = panels * PAIRS_ROWS * i2s_row_bytes(shape.k);
  pairs_count(shape, panels, i2s_blocks(shape.k) * I2S_BLOCK / PAIRS_INPUTS, compute);
  compute->bitop += passes * bytes * 6;  // three shifts, three masks
  compute->weight_bytes += passes * bytes;
  compute->scratch_bytes += passes * bytes * PLANES;
}

const mpgemm_kernel i2s_i8mm = {
    I2S_LAYOUT,
    .name = "i2s_i8mm",
    .summary = "2-bit codes times int8 by SMMLA for several tokens",
    .preparation = "int8_pairs",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD | MPGEMM_ISA_I8MM,
    .plan = plan,
    .prepare = pairs_prepare,
    .compute = compute,
    .count = count,
};

#endif
