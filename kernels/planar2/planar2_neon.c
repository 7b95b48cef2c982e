// planar2_neon.c: planar2 in NEON as every AArch64 has it: bytes are multiplied into int16 sums, which
// are widened in time.
//
// A line is four registers of four rows. Four inputs, repeated for each row, are multiplied by a plane
// of codes; the products of two rows fill a register of int16, four lanes a row, which pairwise
// additions join when sums are widened.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "planar2/planar2.h"
#include "support/store_neon.h"

enum {
  QUARTERS = 4,    // of a line: registers of four rows
  HALVES = 2,      // of a quarter: int16 sums of two rows
  TOKENS = 2,      // QUARTERS * HALVES * TOKENS sums fill half of the registers
  SUM_LINES = 32,  // |int16 sum| <= 32 lines * 4 planes * 2 * 127 = 32512
  N_BEST = 64,
  PREFETCH = 2048,  // bytes ahead of the stream
};

// Plane p of codes, a byte each; p is a constant.
NEON_INLINE int8x16_t plane_of(uint8x16_t codes, size_t p) {
  const uint8x16_t mask = vdupq_n_u8(3);
  const uint8x16_t plane = p == 0   ? vandq_u8(codes, mask)
                           : p == 1 ? vandq_u8(vshrq_n_u8(codes, 2), mask)
                           : p == 2 ? vandq_u8(vshrq_n_u8(codes, 4), mask)
                                    : vshrq_n_u8(codes, 6);
  return vreinterpretq_s8_u8(plane);
}

// Four inputs, the same for every row.
NEON_INLINE int8x16_t broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

typedef int16x8_t line_sums[TOKENS][QUARTERS][HALVES];

// Adds a line's products with so many tokens, a constant.
NEON_INLINE void add_line(const uint8_t *line, const int8_t *x, size_t stride, size_t tokens,
                          line_sums sum) {
  uint8x16_t codes[QUARTERS];
  for (size_t q = 0; q < QUARTERS; q++) codes[q] = vld1q_u8(line + 16 * q);
#pragma GCC unroll 4
  for (size_t p = 0; p < PLANAR2_PLANES; p++) {
    int8x16_t input[TOKENS];
    for (size_t n = 0; n < tokens; n++) input[n] = broadcast(x + n * stride + p * PLANAR2_GROUP);
    // Clang 17, Debian 13's, leaves what is not asked for as a loop, and the sums in memory.
#pragma GCC unroll 4
    for (size_t q = 0; q < QUARTERS; q++) {
      const int8x16_t plane = plane_of(codes[q], p);
      for (size_t n = 0; n < tokens; n++) {
        sum[n][q][0] = vmlal_s8(sum[n][q][0], vget_low_s8(plane), vget_low_s8(input[n]));
        sum[n][q][1] = vmlal_high_s8(sum[n][q][1], plane, input[n]);
      }
    }
  }
}

// So many tokens, a constant, by the 16 rows of one block.
NEON_INLINE void block(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t lines = planar2_lines(call->shape.k), stride = int8_rows_stride(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  int32x4_t total[TOKENS][QUARTERS][HALVES];  // |total| <= 127 k: two lanes a row
  for (size_t n = 0; n < tokens; n++) {
    for (size_t q = 0; q < QUARTERS; q++) total[n][q][0] = total[n][q][1] = vdupq_n_s32(0);
  }
  for (size_t begin = 0; begin < lines; begin += SUM_LINES) {
    const size_t end = min_size(begin + SUM_LINES, lines);
    line_sums sum;
    for (size_t n = 0; n < tokens; n++) {
      for (size_t q = 0; q < QUARTERS; q++) sum[n][q][0] = sum[n][q][1] = vdupq_n_s16(0);
    }
    for (size_t l = begin; l < end; l++) {
      __builtin_prefetch(line + l * PLANAR2_LINE + PREFETCH);
      add_line(line + l * PLANAR2_LINE, x + l * PLANAR2_INPUTS, stride, tokens, sum);
    }
    for (size_t n = 0; n < tokens; n++) {
      for (size_t q = 0; q < QUARTERS; q++) {
        total[n][q][0] = vpadalq_s16(total[n][q][0], sum[n][q][0]);
        total[n][q][1] = vpadalq_s16(total[n][q][1], sum[n][q][1]);
      }
    }
  }
  for (size_t n = 0; n < tokens; n++) {
    const int32x4_t x_sum = vdupq_n_s32(call->input->sum[t + n]);
    for (size_t q = 0; q < QUARTERS && i + 4 * q < m_end; q++) {
      const int32x4_t codes = vpaddq_s32(total[n][q][0], total[n][q][1]);
      neon_store_exact(call, i + 4 * q, t + n, m_end, vsubq_s32(codes, x_sum));
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += PLANAR2_ROWS) {
    size_t t = tile.n_begin;
    for (; t + TOKENS <= tile.n_end; t += TOKENS) block(call, i, t, TOKENS, tile.m_end);
    if (t < tile.n_end) block(call, i, t, 1, tile.m_end);
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  planar2_plan(shape, 4 * PLANAR2_ROWS, N_BEST, plan);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t blocks = blocks_of(shape.m, PLANAR2_ROWS), lines = planar2_lines(shape.k);
  const uint64_t outputs = blocks * PLANAR2_ROWS * shape.n, stored = (uint64_t)shape.m * shape.n;
  const uint64_t products = outputs * lines * PLANAR2_INPUTS;
  const uint64_t passes = blocks_of(shape.n, TOKENS);            // over the weights; N_BEST is even
  compute->bitop += passes * blocks * lines * 6 * PLANAR2_LINE;  // three shifts, three masks
  compute->mul_i8 += products;
  compute->add_i16 += products;
  compute->add_i32 += blocks_of(lines, SUM_LINES) * 4 * outputs;  // two in a pair, two to a total
  compute->add_i32 += outputs + stored;                           // a row's two; the sum of codes
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += passes * planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * shape.n * lines * PLANAR2_INPUTS;
  compute->output_bytes += stored * sizeof(float);
}

const mpgemm_kernel planar2_neon = {
    PLANAR2_KERNEL,
    .name = "planar2_neon",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; NEON",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
