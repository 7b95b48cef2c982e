// float_gemm_avx2.h: the blocked float32 multiplication of float_gemm.h in AVX2 and FMA, for weights
// that a family turns into floats eight at a time.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "support/float_gemm.h"
#include "support/rows.h"
#include "support/target.h"

TARGET_BEGIN("avx2,fma,f16c")

#define FLOAT_INLINE static inline __attribute__((always_inline))

// Eight weights in memory order as floats.
typedef __m256 float_gemm_load(const void *weights);

// How a family stores its weights. Always a compile-time constant, so that load is inlined.
typedef struct {
  float_gemm_format format;
  float_gemm_load *load;
} float_gemm_weights;

FLOAT_INLINE float float_gemm_row_scale(const mpgemm_call *call, size_t i) {
  return call->w_scale ? call->w_scale[i * call->w_scale_stride] : 1.0f;
}

// The first count of eight weights, then zeros.
FLOAT_INLINE __m256 float_gemm_load_some(float_gemm_weights weights, const void *from,
                                         size_t count) {
  char copy[FLOAT_LANES * sizeof(float)] = {0};
  memcpy(copy, from, count * weights.format.element);
  return weights.load(copy);
}

// The lanes' sums of four vectors: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
FLOAT_INLINE __m128 float_gemm_sum_lanes(const __m256 *sum) {
  const __m256 pairs01 = _mm256_hadd_ps(sum[0], sum[1]);
  const __m256 pairs23 = _mm256_hadd_ps(sum[2], sum[3]);
  const __m256 halves = _mm256_hadd_ps(pairs01, pairs23);
  return _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
}

// Writes output i, t from its sum.
FLOAT_INLINE void float_gemm_store(const mpgemm_call *call, float_gemm_weights weights, size_t i,
                                   size_t t, float sum) {
  const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
  const float scale = weights.format.scaled ? x_scale : output_scale(call, i, t);
  call->y[t * call->ldy + i] = sum * scale;
}

// Prefetches what FLOAT_ROWS rows will need after byte offset: further on in the same rows, or,
// past their end, at the start of the rows below.
FLOAT_INLINE void float_gemv_prefetch(const char *rows, size_t row_size, size_t offset) {
  const size_t ahead = offset + FLOAT_PREFETCH;
  const size_t skip = ahead < row_size ? 0 : (FLOAT_ROWS - 1) * row_size;
  for (size_t r = 0; r < FLOAT_ROWS; r++) {
    _mm_prefetch(rows + r * row_size + ahead + skip, _MM_HINT_T0);
  }
}

// One token: FLOAT_ROWS rows side by side, straight from packed. The last group of a tile
// reads its last row again in the place of rows beyond it.
FLOAT_INLINE void float_gemv(const mpgemm_call *call, mpgemm_tile tile,
                             float_gemm_weights weights) {
  const size_t k = call->shape.k, whole = k - k % FLOAT_LANES, t = tile.n_begin;
  const size_t row_size = k * weights.format.element,
               line = FLOAT_CACHE_LINE / weights.format.element;
  const float *x = (const float *)call->input->x + t * call->input->ldx;
  float x_tail[FLOAT_LANES] = {0};
  memcpy(x_tail, x + whole, (k - whole) * sizeof *x);
  for (size_t i = tile.m_begin; i < tile.m_end; i += FLOAT_ROWS) {
    const size_t rows = min_size(FLOAT_ROWS, tile.m_end - i);
    const char *first = (const char *)call->packed + i * row_size;
    const char *row[FLOAT_ROWS];
    __m256 scale[FLOAT_ROWS];
    float total[FLOAT_ROWS] = {0};
    for (size_t r = 0; r < FLOAT_ROWS; r++) {
      const size_t held = min_size(r, rows - 1);
      row[r] = first + held * row_size;
      scale[r] = _mm256_set1_ps(float_gemm_row_scale(call, i + held));
    }
    for (size_t begin = 0; begin < k; begin += FLOAT_CHUNK) {
      const size_t end = min_size(begin + FLOAT_CHUNK, whole);
      __m256 sum[FLOAT_ROWS];
      for (size_t r = 0; r < FLOAT_ROWS; r++) sum[r] = _mm256_setzero_ps();
      for (size_t j = begin; j < end; j += FLOAT_LANES) {
        if (j % line == 0) float_gemv_prefetch(first, row_size, j * weights.format.element);
        const __m256 input = _mm256_loadu_ps(x + j);
        for (size_t r = 0; r < FLOAT_ROWS; r++) {
          __m256 weight = weights.load(row[r] + j * weights.format.element);
          if (weights.format.scaled) weight = _mm256_mul_ps(weight, scale[r]);
          sum[r] = _mm256_fmadd_ps(weight, input, sum[r]);
        }
      }
      if (begin + FLOAT_CHUNK > whole && whole < k) {
        const __m256 input = _mm256_loadu_ps(x_tail);
        for (size_t r = 0; r < FLOAT_ROWS; r++) {
          const void *tail = row[r] + whole * weights.format.element;
          __m256 weight = float_gemm_load_some(weights, tail, k - whole);
          if (weights.format.scaled) weight = _mm256_mul_ps(weight, scale[r]);
          sum[r] = _mm256_fmadd_ps(weight, input, sum[r]);
        }
      }
      for (size_t r = 0; r < FLOAT_ROWS; r += FLOAT_ROWS) {
        const __m128 chunk = float_gemm_sum_lanes(sum + r);
        _mm_storeu_ps(total + r, _mm_add_ps(_mm_loadu_ps(total + r), chunk));
      }
    }
    for (size_t r = 0; r < rows; r++) float_gemm_store(call, weights, i + r, t, total[r]);
  }
}

// Copies inputs begin to end of the block's tokens to scratch, zeros up to whole vectors.
FLOAT_INLINE void float_gemm_gather_x(const mpgemm_input *input, size_t t, size_t tokens,
                                      size_t begin, size_t end, float_gemm_scratch *scratch) {
  const size_t length = end - begin, padded = round_up(length, FLOAT_LANES);
  for (size_t u = 0; u < tokens; u++) {
    const float *x = (const float *)input->x + (t + u) * input->ldx + begin;
    memcpy(scratch->x[u], x, length * sizeof *x);
    for (size_t j = length; j < padded; j++) scratch->x[u][j] = 0;
  }
}

// Turns inputs begin to end of up to FLOAT_PANEL rows to floats in scratch, zeros up to whole
// vectors and up to whole register tiles, and prefetches the panel below.
FLOAT_INLINE void float_gemm_gather_w(const mpgemm_call *call, float_gemm_weights weights, size_t i,
                                      size_t rows, size_t begin, size_t end,
                                      float_gemm_scratch *scratch) {
  const size_t length = end - begin, whole = length - length % FLOAT_LANES;
  const size_t row_size = call->shape.k * weights.format.element;
  for (size_t r = 0; r < rows; r++) {
    const char *row =
        (const char *)call->packed + (i + r) * row_size + begin * weights.format.element;
    const char *below = row + FLOAT_PANEL * row_size;
    const __m256 scale = _mm256_set1_ps(float_gemm_row_scale(call, i + r));
    for (size_t b = 0; b < length * weights.format.element; b += FLOAT_CACHE_LINE) {
      _mm_prefetch(below + b, _MM_HINT_T0);
    }
    for (size_t j = 0; j < whole; j += FLOAT_LANES) {
      __m256 weight = weights.load(row + j * weights.format.element);
      if (weights.format.scaled) weight = _mm256_mul_ps(weight, scale);
      _mm256_storeu_ps(scratch->w[r] + j, weight);
    }
    if (whole < length) {
      __m256 weight =
          float_gemm_load_some(weights, row + whole * weights.format.element, length - whole);
      if (weights.format.scaled) weight = _mm256_mul_ps(weight, scale);
      _mm256_storeu_ps(scratch->w[r] + whole, weight);
    }
  }
  for (size_t r = rows; r < round_up(rows, FLOAT_ROWS); r++) {
    memset(scratch->w[r], 0, round_up(length, FLOAT_LANES) * sizeof **scratch->w);
  }
}

// Adds one chunk's products of FLOAT_ROWS rows and so many tokens, a constant, to their sums.
FLOAT_INLINE void float_gemm_tile(const float *w, const float *x, size_t length, size_t tokens,
                                  float *sums) {
  __m256 sum[FLOAT_TOKENS][FLOAT_ROWS];
  for (size_t u = 0; u < tokens; u++) {
    for (size_t r = 0; r < FLOAT_ROWS; r++) sum[u][r] = _mm256_setzero_ps();
  }
  for (size_t j = 0; j < length; j += FLOAT_LANES) {
    __m256 input[FLOAT_TOKENS];
    for (size_t u = 0; u < tokens; u++) input[u] = _mm256_loadu_ps(x + u * FLOAT_CHUNK + j);
    for (size_t r = 0; r < FLOAT_ROWS; r++) {
      const __m256 weight = _mm256_loadu_ps(w + r * FLOAT_CHUNK + j);
      for (size_t u = 0; u < tokens; u++) {
        sum[u][r] = _mm256_fmadd_ps(weight, input[u], sum[u][r]);
      }
    }
  }
  for (size_t u = 0; u < tokens; u++) {
    float *to = sums + u * FLOAT_M_BLOCK;
    _mm_storeu_ps(to, _mm_add_ps(_mm_loadu_ps(to), float_gemm_sum_lanes(sum[u])));
  }
}

// Adds one chunk's products of a panel and all the block's tokens.
FLOAT_INLINE void float_gemm_panel(float_gemm_scratch *scratch, size_t rows, size_t tokens,
                                   size_t length, size_t sum_row) {
  for (size_t u = 0; u < tokens; u += FLOAT_TOKENS) {
    const float *x = scratch->x[u];
    for (size_t r = 0; r < rows; r += FLOAT_ROWS) {
      const float *w = scratch->w[r];
      float *sum = scratch->sum[u] + sum_row + r;
      switch (tokens - u) {
        case 1:
          float_gemm_tile(w, x, length, 1, sum);
          break;
        case 2:
          float_gemm_tile(w, x, length, 2, sum);
          break;
        default:
          float_gemm_tile(w, x, length, FLOAT_TOKENS, sum);
      }
    }
  }
}

// One block of at most FLOAT_M_BLOCK rows and FLOAT_N_BLOCK tokens.
FLOAT_INLINE void float_gemm_block(const mpgemm_call *call, mpgemm_tile tile,
                                   float_gemm_weights weights, float_gemm_scratch *scratch) {
  const size_t k = call->shape.k, tokens = tile.n_end - tile.n_begin;
  for (size_t u = 0; u < tokens; u++) memset(scratch->sum[u], 0, sizeof scratch->sum[u]);
  for (size_t begin = 0; begin < k; begin += FLOAT_CHUNK) {
    const size_t end = min_size(begin + FLOAT_CHUNK, k);
    const size_t length = round_up(end - begin, FLOAT_LANES);
    float_gemm_gather_x(call->input, tile.n_begin, tokens, begin, end, scratch);
    for (size_t i = tile.m_begin; i < tile.m_end; i += FLOAT_PANEL) {
      const size_t rows = min_size(FLOAT_PANEL, tile.m_end - i);
      float_gemm_gather_w(call, weights, i, rows, begin, end, scratch);
      float_gemm_panel(scratch, rows, tokens, length, i - tile.m_begin);
    }
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t++) {
    for (size_t i = tile.m_begin; i < tile.m_end; i++) {
      const float sum = scratch->sum[t - tile.n_begin][i - tile.m_begin];
      float_gemm_store(call, weights, i, t, sum);
    }
  }
}

// The compute function of a family with these weights.
FLOAT_INLINE void float_gemm_compute(const mpgemm_call *call, mpgemm_tile tile,
                                     float_gemm_weights weights, void *scratch) {
  if (call->shape.n == 1) {
    float_gemv(call, tile, weights);
    return;
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t += FLOAT_N_BLOCK) {
    for (size_t i = tile.m_begin; i < tile.m_end; i += FLOAT_M_BLOCK) {
      const mpgemm_tile block = {.m_begin = i,
                                 .m_end = min_size(i + FLOAT_M_BLOCK, tile.m_end),
                                 .n_begin = t,
                                 .n_end = min_size(t + FLOAT_N_BLOCK, tile.n_end)};
      float_gemm_block(call, block, weights, scratch);
    }
  }
}

TARGET_END

#endif
