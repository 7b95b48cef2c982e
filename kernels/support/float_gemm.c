// float_gemm.c: plan and counts of the blocked float32 multiplication.
#include "support/float_gemm.h"

#include "support/rows.h"
#include "support/unprepared.h"

void float_gemm_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  unprepared_plan(plan);
  plan->scratch_size = shape.n == 1 ? 0 : sizeof(float_gemm_scratch);
  plan->m_step = plan->n_step = 1;
  plan->m_best = shape.n == 1 ? FLOAT_M_BEST_SINGLE : FLOAT_M_BLOCK;
  plan->n_best = FLOAT_N_BLOCK;
}

// Blocks hold whole register tiles of rows, so padding the rows once is padding them block by block.
void float_gemm_count(float_gemm_format format, mpgemm_shape shape, mpgemm_ops *prepare,
                      mpgemm_ops *compute) {
  if (prepare) *prepare = (mpgemm_ops){0};
  if (!compute) return;
  const uint64_t m = shape.m, n = shape.n, k = shape.k;
  const uint64_t rows = round_up(m, FLOAT_ROWS), inputs = round_up(k, FLOAT_LANES);
  const uint64_t chunks = blocks_of(k, FLOAT_CHUNK);
  const uint64_t m_blocks = blocks_of(m, FLOAT_M_BLOCK), n_blocks = blocks_of(n, FLOAT_N_BLOCK);
  const uint64_t token_groups = n / FLOAT_N_BLOCK * blocks_of(FLOAT_N_BLOCK, FLOAT_TOKENS) +
                                blocks_of(n % FLOAT_N_BLOCK, FLOAT_TOKENS);
  const uint64_t products = rows * n * inputs;
  // N = 1 converts the repeated rows of its last group too; N > 1 converts once a block of tokens.
  const uint64_t unpacked = n == 1 ? rows * inputs : n_blocks * m * inputs;
  const uint64_t scratch_floats = m_blocks * n * inputs +           // x written
                                  n_blocks * rows * inputs +        // w written
                                  rows / FLOAT_ROWS * n * inputs +  // x read
                                  token_groups * rows * inputs +    // w read
                                  m_blocks * n * FLOAT_M_BLOCK +    // sums cleared,
                                  2 * chunks * rows * n + m * n;    // added to, read
  *compute = (mpgemm_ops){
      .mul_f32 = products + (format.scaled ? unpacked + m * n : 2 * m * n),
      .add_f32 = products + FLOAT_LANES * chunks * rows * n,
      .convert = format.conversions * unpacked,
      .weight_bytes = (n == 1 ? rows : n_blocks * m) * k * format.element,
      .input_bytes = (n == 1 ? rows / FLOAT_ROWS : m_blocks * n) * k * sizeof(float),
      .scratch_bytes = n == 1 ? 0 : scratch_floats * sizeof(float),
      .output_bytes = m * n * sizeof(float),
  };
}
