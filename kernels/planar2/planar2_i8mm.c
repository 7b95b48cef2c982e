// planar2_i8mm.c: planar2 with SMMLA, two rows by two tokens by eight inputs an instruction.
//
//   N = 1   planar2_dotprod.h: half of each product would be of no token
//   N > 1   a block is taken apart once for all tokens of a tile, into panels of 8 rows in scratch
#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod+i8mm")

#include "planar2/planar2_dotprod.h"
#include "support/pairs_i8mm.h"

enum {
  PANELS = PLANAR2_ROWS / PAIRS_ROWS,          // of a block
  LINE_STEPS = PLANAR2_INPUTS / PAIRS_INPUTS,  // of a panel, for a line
  N_BEST = 128,
};

// The bytes of a block's panel.
static size_t panel_bytes(size_t k) {
  return planar2_lines(k) * LINE_STEPS * PAIRS_STEP;
}

// Writes the codes of four rows by 16 inputs, a byte each, to two row pairs of a panel.
NEON_INLINE void expand_quarter(uint8x16_t codes, uint8_t *to) {
  const uint8x16_t mask = vdupq_n_u8(3);
  const uint32x4_t even = vreinterpretq_u32_u8(codes);  // planes 0 and 2 of a row's four bytes
  const uint32x4_t odd = vreinterpretq_u32_u8(vshrq_n_u8(codes, 2));  // planes 1 and 3
  const uint8x16_t rows[2] = {vreinterpretq_u8_u32(vzip1q_u32(even, odd)),
                              vreinterpretq_u8_u32(vzip2q_u32(even, odd))};
  for (size_t pair = 0; pair < 2; pair++) {
    vst1q_u8(to + pair * PAIRS_BYTES, vandq_u8(rows[pair], mask));
    vst1q_u8(to + PAIRS_STEP + pair * PAIRS_BYTES, vandq_u8(vshrq_n_u8(rows[pair], 4), mask));
  }
}

static void expand(const uint8_t *block, size_t k, uint8_t *panels) {
  const size_t lines = planar2_lines(k);
  for (size_t l = 0; l < lines; l++) {
    const uint8_t *from = block + l * PLANAR2_LINE;
    __builtin_prefetch(from + PREFETCH);
    for (size_t q = 0; q < QUARTERS; q++) {
      uint8_t *const to = panels + q / 2 * panel_bytes(k) + l * LINE_STEPS * PAIRS_STEP;
      expand_quarter(vld1q_u8(from + 16 * q), to + q % 2 * 2 * PAIRS_BYTES);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  const size_t k = call->shape.k;
  for (size_t i = tile.m_begin; i < tile.m_end; i += PLANAR2_ROWS) {
    if (call->shape.n == 1) {
      single(call, i, tile.n_begin, tile.m_end);
      continue;
    }
    expand(planar2_block(call, i), k, scratch);
    for (size_t h = 0; h < PANELS && i + h * PAIRS_ROWS < tile.m_end; h++) {
      const int8_t *panel = (const int8_t *)scratch + h * panel_bytes(k);
      pairs_tokens(call, panel, planar2_lines(k) * LINE_STEPS, i + h * PAIRS_ROWS, tile);
    }
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  planar2_plan(shape, 4 * PLANAR2_ROWS, N_BEST, plan);
  pairs_plan(shape, plan);
  if (shape.n == 1) return;
  plan->scratch_size = PANELS * panel_bytes(shape.k);
  plan->n_step = 2;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) pairs_count_prepare(shape, prepare);
  if (!compute) return;
  if (shape.n == 1) {
    count_single(kernel, shape, compute);
    return;
  }
  const uint64_t passes = blocks_of(shape.n, N_BEST);
  const uint64_t bytes = planar2_packed_size(kernel, shape.m, shape.k);
  const uint64_t steps = planar2_lines(shape.k) * LINE_STEPS;
  pairs_count(shape, blocks_of(shape.m, PAIRS_ROWS), steps, compute);
  compute->bitop += passes * bytes * 7;  // a shift before rows are joined, then masks and shifts
  compute->weight_bytes += passes * bytes;
  compute->scratch_bytes += passes * bytes * PLANAR2_PLANES;
}

const mpgemm_kernel planar2_i8mm = {
    PLANAR2_LAYOUT,
    .name = "planar2_i8mm",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; SMMLA for several tokens",
    .preparation = "int8_pairs",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD | MPGEMM_ISA_I8MM,
    .plan = plan,
    .prepare = pairs_prepare,
    .compute = compute,
    .count = count,
};

#endif
