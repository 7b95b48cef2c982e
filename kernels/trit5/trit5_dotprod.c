// trit5_dotprod.c: trit5 with SDOT.
//
//   N = 1   no digit is isolated: with p = q - 128, which is a signed byte, 3 q - q' = 3 p - p' + 256,
//           so that sum(w * x) = (3 sum(pj * x) - sum(p(j + 1) * x)) / 256: the 256 sum(x) that
//           the digits w + 1 are too large by is just what drops out
//   N > 1   digits by comparison, once for TOKENS tokens
#if defined(__aarch64__)

#include <arm_neon.h>

#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod")

#include "trit5/trit5_128.h"

enum { TOKENS = 4 };

// Adds a line's whole bytes times one token's inputs to the sums of each digit's fraction and of the
// next one's, modulo 2^32.
NEON_INLINE void multiply_line(const uint8_t *line, const int8_t *x, int32x4_t now[QUARTERS],
                               int32x4_t next[QUARTERS]) {
  int8x16_t fraction[QUARTERS];
  for (size_t q = 0; q < QUARTERS; q++) fraction[q] = load_quarter(line, q);
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    const int8x16_t input = broadcast(x + d * TRIT5_GROUP);
    for (size_t q = 0; q < QUARTERS; q++) {
      now[q] = vdotq_s32(now[q], fraction[q], input);
      fraction[q] = triple(fraction[q]);
      next[q] = vdotq_s32(next[q], fraction[q], input);
    }
  }
}

static void single(const mpgemm_call *call, size_t i, size_t t, size_t m_end) {
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  const uint8_t *line = trit5_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(k);
  int32x4_t total[QUARTERS];  // |total| <= 127 k
  for (size_t q = 0; q < QUARTERS; q++) total[q] = vdupq_n_s32(0);
  for (size_t begin = 0; begin < lines; begin += TRIT5_CHUNK) {
    const size_t end = min_size(begin + TRIT5_CHUNK, lines), last = min_size(end, whole);
    int32x4_t now[QUARTERS], next[QUARTERS];
    for (size_t q = 0; q < QUARTERS; q++) now[q] = next[q] = vdupq_n_s32(0);
    for (size_t l = begin; l < last; l++) {
      __builtin_prefetch(line + l * TRIT5_LINE + PREFETCH);
      multiply_line(line + l * TRIT5_LINE, x + l * TRIT5_INPUTS, now, next);
    }
    if (last < end) {
      int8_t tail[TRIT5_INPUTS];
      trit5_tail(call, t, tail);
      multiply_line(line + last * TRIT5_LINE, tail, now, next);
    }
    for (size_t q = 0; q < QUARTERS; q++) {
      const int32x4_t thrice = vaddq_s32(vshlq_n_s32(now[q], 1), now[q]);
      total[q] = vsraq_n_s32(total[q], vsubq_s32(thrice, next[q]), 8);  // exact
    }
  }
  for (size_t q = 0; q < QUARTERS && i + 4 * q < m_end; q++) {
    neon_store_exact(call, i + 4 * q, t, m_end, total[q]);
  }
}

// Adds a line's products with so many tokens, a constant, stride apart. |sum| <= 127 k.
NEON_INLINE void add_line(const uint8_t *line, const int8_t *x, size_t stride, size_t tokens,
                          int32x4_t sum[QUARTERS][TOKENS]) {
  int8x16_t fraction[QUARTERS];
  for (size_t q = 0; q < QUARTERS; q++) fraction[q] = load_quarter(line, q);
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    int8x16_t input[TOKENS];
    for (size_t n = 0; n < tokens; n++) input[n] = broadcast(x + n * stride + d * TRIT5_GROUP);
    for (size_t q = 0; q < QUARTERS; q++) {
      if (d > 0) fraction[q] = triple(fraction[q]);
      const int8x16_t weight = weights(fraction[q]);
      for (size_t n = 0; n < tokens; n++) sum[q][n] = vdotq_s32(sum[q][n], weight, input[n]);
    }
  }
}

NEON_INLINE void several(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  const size_t stride = int8_rows_stride(k);
  const uint8_t *line = trit5_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  int32x4_t sum[QUARTERS][TOKENS];
  for (size_t q = 0; q < QUARTERS; q++) {
    for (size_t n = 0; n < tokens; n++) sum[q][n] = vdupq_n_s32(0);
  }
  for (size_t l = 0; l < whole; l++) {
    __builtin_prefetch(line + l * TRIT5_LINE + PREFETCH);
    add_line(line + l * TRIT5_LINE, x + l * TRIT5_INPUTS, stride, tokens, sum);
  }
  if (whole < lines) {
    int8_t tail[TOKENS][TRIT5_INPUTS];
    for (size_t n = 0; n < tokens; n++) trit5_tail(call, t + n, tail[n]);
    add_line(line + whole * TRIT5_LINE, tail[0], TRIT5_INPUTS, tokens, sum);
  }
  for (size_t n = 0; n < tokens; n++) {
    for (size_t q = 0; q < QUARTERS && i + 4 * q < m_end; q++) {
      neon_store_exact(call, i + 4 * q, t + n, m_end, sum[q][n]);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += TRIT5_ROWS) {
    if (call->shape.n == 1) {
      single(call, i, tile.n_begin, tile.m_end);
      continue;
    }
    for (size_t t = tile.n_begin; t < tile.n_end; t += TOKENS) {
      switch (tile.n_end - t) {
        case 1:
          several(call, i, t, 1, tile.m_end);
          break;
        case 2:
          several(call, i, t, 2, tile.m_end);
          break;
        case 3:
          several(call, i, t, 3, tile.m_end);
          break;
        default:
          several(call, i, t, TOKENS, tile.m_end);
      }
    }
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  trit5_plan(shape, 4 * TRIT5_ROWS, N_BEST, plan);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t blocks = blocks_of(shape.m, TRIT5_ROWS), lines = trit5_lines(shape.k);
  const uint64_t products = blocks * TRIT5_ROWS * shape.n * lines * TRIT5_INPUTS;
  if (shape.n > 1) {
    count_lines(kernel, shape, TOKENS, compute);
    compute->add_i32 += products;
    return;
  }
  const uint64_t bytes = blocks * lines * TRIT5_LINE;
  const uint64_t chunks = blocks_of(lines, TRIT5_CHUNK) * blocks * TRIT5_ROWS;
  compute->bitop += bytes + 2 * chunks;  // to signed fractions; shifts
  compute->mul_i8 += TRIT5_DIGITS * bytes + 2 * products;
  compute->add_i32 += 2 * products + 3 * chunks;
  compute->convert += shape.m;
  compute->mul_f32 += 2 * shape.m;
  compute->weight_bytes += trit5_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * lines * TRIT5_INPUTS;
  compute->output_bytes += shape.m * sizeof(float);
}

const mpgemm_kernel trit5_dotprod = {
    TRIT5_KERNEL,
    .name = "trit5_dotprod",
    .summary = "five weights a byte, for one token never taken apart, 1.6 bits; SDOT",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
