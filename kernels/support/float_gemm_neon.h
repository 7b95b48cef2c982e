// float_gemm_neon.h: float32 multiplication in NEON, for weights that a family turns into floats four
// at a time. Include only where __aarch64__ is defined.
//
// Every output is summed the same way whatever the shape and the tile: inputs in chunks of
// FLOAT_CHUNK, a chunk in four lanes by fused multiply-adds, lanes in one tree, chunk after chunk. Four
// rows by up to four tokens are summed in registers; weights are converted again for each four tokens.
//
// Bound: a sum passes through 128 additions in a lane, 2 in the tree, k / 512 chunks and at most 4
// roundings of scales, each off by 2^-24 of at most k * max|x| * |scale|: the tolerance 2^-15, which
// is 512 * 2^-24, holds for k <= 2^17, where that is 390 * 2^-24.
#pragma once

#include <arm_neon.h>
#include <string.h>

#include "support/float_gemm.h"
#include "support/store_neon.h"
#include "support/unprepared.h"

enum { NEON_LANES = 4, NEON_ROWS = 4, NEON_TOKENS = 4, NEON_N_BEST = 64 };

// Four weights in memory order as floats.
typedef float32x4_t neon_float_load(const void *weights);

// How a family stores its weights. Always a compile-time constant, so that load is inlined.
typedef struct {
  float_gemm_format format;
  neon_float_load *load;
} neon_float_weights;

// The first count of four weights, then zeros.
NEON_INLINE float32x4_t neon_float_load_some(neon_float_weights weights, const char *from,
                                             size_t count) {
  char copy[NEON_LANES * sizeof(float)] = {0};
  memcpy(copy, from, count * weights.format.element);
  return weights.load(copy);
}

NEON_INLINE float32x4_t neon_float_inputs(const float *x, size_t count) {
  if (count == NEON_LANES) return vld1q_f32(x);
  float copy[NEON_LANES] = {0};
  memcpy(copy, x, count * sizeof *x);
  return vld1q_f32(copy);
}

// The lanes' sums of four vectors: (0 + 1) + (2 + 3).
NEON_INLINE float32x4_t neon_float_sum_lanes(const float32x4_t sum[NEON_ROWS]) {
  return vpaddq_f32(vpaddq_f32(sum[0], sum[1]), vpaddq_f32(sum[2], sum[3]));
}

// Adds count inputs' products, four or, at the end of a row, fewer, to the sums of four rows by so
// many tokens, a constant.
NEON_INLINE void neon_float_step(neon_float_weights weights, const char *const row[NEON_ROWS],
                                 const float *const x[NEON_TOKENS], const float *scale, size_t j,
                                 size_t count, size_t tokens,
                                 float32x4_t sum[NEON_TOKENS][NEON_ROWS]) {
  float32x4_t input[NEON_TOKENS];
  for (size_t n = 0; n < tokens; n++) input[n] = neon_float_inputs(x[n] + j, count);
  for (size_t r = 0; r < NEON_ROWS; r++) {
    const char *from = row[r] + j * weights.format.element;
    float32x4_t weight =
        count == NEON_LANES ? weights.load(from) : neon_float_load_some(weights, from, count);
    if (weights.format.scaled) weight = vmulq_n_f32(weight, scale[r]);
    for (size_t n = 0; n < tokens; n++) sum[n][r] = vfmaq_f32(sum[n][r], weight, input[n]);
  }
}

// So many tokens, a constant, by four rows; the last one is read again in the place of rows beyond.
NEON_INLINE void neon_float_block(const mpgemm_call *call, neon_float_weights weights, size_t i,
                                  size_t t, size_t tokens, size_t m_end) {
  const size_t k = call->shape.k, row_size = k * weights.format.element;
  const char *row[NEON_ROWS];
  const float *x[NEON_TOKENS];
  float scale[NEON_ROWS];
  for (size_t r = 0; r < NEON_ROWS; r++) {
    const size_t held = min_size(i + r, m_end - 1);
    row[r] = (const char *)call->packed + held * row_size;
    scale[r] = call->w_scale ? call->w_scale[held * call->w_scale_stride] : 1.0f;
  }
  float32x4_t total[NEON_TOKENS];
  for (size_t n = 0; n < tokens; n++) {
    x[n] = (const float *)call->input->x + (t + n) * call->input->ldx;
    total[n] = vdupq_n_f32(0);
  }
  for (size_t begin = 0; begin < k; begin += FLOAT_CHUNK) {
    const size_t end = min_size(begin + FLOAT_CHUNK, k), whole = end - end % NEON_LANES;
    float32x4_t sum[NEON_TOKENS][NEON_ROWS];
    for (size_t n = 0; n < tokens; n++) {
      for (size_t r = 0; r < NEON_ROWS; r++) sum[n][r] = vdupq_n_f32(0);
    }
    for (size_t j = begin; j < whole; j += NEON_LANES) {
      neon_float_step(weights, row, x, scale, j, NEON_LANES, tokens, sum);
    }
    if (whole < end) {
      neon_float_step(weights, row, x, scale, whole, end - whole, tokens, sum);
    }
    for (size_t n = 0; n < tokens; n++) {
      total[n] = vaddq_f32(total[n], neon_float_sum_lanes(sum[n]));
    }
  }
  for (size_t n = 0; n < tokens; n++) {
    float sums[NEON_ROWS];
    vst1q_f32(sums, total[n]);
    for (size_t r = 0; r < NEON_ROWS && i + r < m_end; r++) {
      const float x_scale = call->input->scale ? call->input->scale[t + n] : 1.0f;
      const float by = weights.format.scaled ? x_scale : output_scale(call, i + r, t + n);
      call->y[(t + n) * call->ldy + i + r] = sums[r] * by;
    }
  }
}

// The compute function of a family with these weights.
NEON_INLINE void neon_float_compute(const mpgemm_call *call, mpgemm_tile tile,
                                    neon_float_weights weights) {
  for (size_t i = tile.m_begin; i < tile.m_end; i += NEON_ROWS) {
    for (size_t t = tile.n_begin; t < tile.n_end; t += NEON_TOKENS) {
      switch (tile.n_end - t) {
        case 1:
          neon_float_block(call, weights, i, t, 1, tile.m_end);
          break;
        case 2:
          neon_float_block(call, weights, i, t, 2, tile.m_end);
          break;
        case 3:
          neon_float_block(call, weights, i, t, 3, tile.m_end);
          break;
        default:
          neon_float_block(call, weights, i, t, NEON_TOKENS, tile.m_end);
      }
    }
  }
}

static inline void neon_float_plan(const mpgemm_kernel *kernel, mpgemm_shape shape,
                                   mpgemm_plan *plan) {
  (void)kernel, (void)shape;
  unprepared_plan(plan);
  plan->scratch_size = 0;
  plan->m_step = plan->n_step = 1;
  plan->m_best = FLOAT_M_BEST_SINGLE;
  plan->n_best = NEON_N_BEST;
}

static inline void neon_float_count(float_gemm_format format, mpgemm_shape shape,
                                    mpgemm_ops *prepare, mpgemm_ops *compute) {
  if (prepare) *prepare = (mpgemm_ops){0};
  if (!compute) return;
  const uint64_t m = shape.m, n = shape.n, k = shape.k;
  const uint64_t rows = round_up(m, NEON_ROWS), inputs = round_up(k, NEON_LANES);
  const uint64_t readings = blocks_of(n, NEON_TOKENS) * rows;  // of rows of weights
  const uint64_t products = rows * n * inputs;
  *compute = (mpgemm_ops){
      .mul_f32 = products + (format.scaled ? readings * inputs + m * n : 2 * m * n),
      .add_f32 = products + NEON_LANES * blocks_of(k, FLOAT_CHUNK) * rows * n,
      .convert = format.conversions * readings * inputs,
      .bitop = format.shifts * readings * inputs,
      .weight_bytes = readings * k * format.element,
      .input_bytes = rows / NEON_ROWS * n * k * sizeof(float),
      .output_bytes = m * n * sizeof(float),
  };
}
