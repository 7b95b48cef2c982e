// trit5_neon.c: trit5 in NEON as every AArch64 has it: digits by comparison, products in int16.
#if defined(__aarch64__)

#include "trit5/trit5_128.h"

enum {
  HALVES = 2,  // of a quarter: int16 sums of two rows
  TOKENS = 2,
  SUM_LINES = 48,  // |int16 sum| <= 48 lines * 5 digits * 127 = 30480
};

typedef int16x8_t line_sums[TOKENS][QUARTERS][HALVES];

// Adds a line's products with so many tokens, a constant, stride apart.
NEON_INLINE void add_line(const uint8_t *line, const int8_t *x, size_t stride, size_t tokens,
                          line_sums sum) {
  int8x16_t fraction[QUARTERS];
  for (size_t q = 0; q < QUARTERS; q++) fraction[q] = load_quarter(line, q);
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    int8x16_t input[TOKENS];
    for (size_t n = 0; n < tokens; n++) input[n] = broadcast(x + n * stride + d * TRIT5_GROUP);
    // Clang 17, Debian 13's, leaves what is not asked for as a loop, and the sums in memory.
#pragma GCC unroll 4
    for (size_t q = 0; q < QUARTERS; q++) {
      if (d > 0) fraction[q] = triple(fraction[q]);
      const int8x16_t weight = weights(fraction[q]);
      for (size_t n = 0; n < tokens; n++) {
        sum[n][q][0] = vmlal_s8(sum[n][q][0], vget_low_s8(weight), vget_low_s8(input[n]));
        sum[n][q][1] = vmlal_high_s8(sum[n][q][1], weight, input[n]);
      }
    }
  }
}

// So many tokens, a constant, by the 16 rows of one block.
NEON_INLINE void block(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  const size_t stride = int8_rows_stride(k);
  const uint8_t *line = trit5_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  int8_t tail[TOKENS][TRIT5_INPUTS];
  for (size_t n = 0; whole < lines && n < tokens; n++) trit5_tail(call, t + n, tail[n]);
  int32x4_t total[TOKENS][QUARTERS][HALVES];  // |total| <= 127 k: two lanes a row
  for (size_t n = 0; n < tokens; n++) {
    for (size_t q = 0; q < QUARTERS; q++) total[n][q][0] = total[n][q][1] = vdupq_n_s32(0);
  }
  for (size_t begin = 0; begin < lines; begin += SUM_LINES) {
    const size_t end = min_size(begin + SUM_LINES, lines), last = min_size(end, whole);
    line_sums sum;
    for (size_t n = 0; n < tokens; n++) {
      for (size_t q = 0; q < QUARTERS; q++) sum[n][q][0] = sum[n][q][1] = vdupq_n_s16(0);
    }
    for (size_t l = begin; l < last; l++) {
      __builtin_prefetch(line + l * TRIT5_LINE + PREFETCH);
      add_line(line + l * TRIT5_LINE, x + l * TRIT5_INPUTS, stride, tokens, sum);
    }
    if (last < end) add_line(line + last * TRIT5_LINE, tail[0], TRIT5_INPUTS, tokens, sum);
    for (size_t n = 0; n < tokens; n++) {
      for (size_t q = 0; q < QUARTERS; q++) {
        total[n][q][0] = vpadalq_s16(total[n][q][0], sum[n][q][0]);
        total[n][q][1] = vpadalq_s16(total[n][q][1], sum[n][q][1]);
      }
    }
  }
  for (size_t n = 0; n < tokens; n++) {
    for (size_t q = 0; q < QUARTERS && i + 4 * q < m_end; q++) {
      const int32x4_t exact = vpaddq_s32(total[n][q][0], total[n][q][1]);
      neon_store_exact(call, i + 4 * q, t + n, m_end, exact);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += TRIT5_ROWS) {
    size_t t = tile.n_begin;
    for (; t + TOKENS <= tile.n_end; t += TOKENS) block(call, i, t, TOKENS, tile.m_end);
    if (t < tile.n_end) block(call, i, t, 1, tile.m_end);
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  trit5_plan(shape, 4 * TRIT5_ROWS, N_BEST, plan);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t outputs = round_up(shape.m, TRIT5_ROWS) * shape.n, lines = trit5_lines(shape.k);
  count_lines(kernel, shape, TOKENS, compute);
  compute->add_i16 += outputs * lines * TRIT5_INPUTS;
  compute->add_i32 += blocks_of(lines, SUM_LINES) * 4 * outputs;  // two in a pair, two to a total
  compute->add_i32 += outputs;                                    // a row's two
}

const mpgemm_kernel trit5_neon = {
    TRIT5_KERNEL,
    .name = "trit5_neon",
    .summary = "five weights a byte, digits by comparison, 1.6 bits; NEON",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
