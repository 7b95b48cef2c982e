// int8_dot_avx2.c: int8 weights times int8 activations in AVX2, exactly.
//
// Multiply-add of bytes wants one factor unsigned, so weights are raised by one to 0, 1, 2 and the
// token's code sum is subtracted at the end: sum of (w + 1) * x - sum of x.
//
//   N = 1   ROWS rows side by side straight from packed, raised in registers
//   N > 1   a PANEL of rows is raised once into scratch, CHUNK inputs at a time (L1), and meets
//           all of the block's tokens in register tiles of ROWS x TOKENS int16 sums
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "int8/int8.h"
#include "support/target.h"

enum {
  STEP = 32,          // inputs of one vector
  CHUNK = 64 * STEP,  // |int16 sum| <= 64 steps * 2 products * 2 * 127 = 32512
  ROWS = 4,
  TOKENS = 2,  // 8 sums, 2 inputs, a weight and products in 16 registers
  PANEL = 3 * ROWS,
  M_BLOCK = 96,
  N_BLOCK = 128,
  M_BEST_SINGLE = 64,  // rows of a tile when N = 1
  CACHE_LINE = 64,
  PREFETCH = 1536,  // bytes ahead in each of the rows read side by side
};

typedef struct {
  int8_t w[PANEL][CHUNK];
  int32_t sum[N_BLOCK][M_BLOCK];
} block_scratch;

TARGET_BEGIN("avx2,fma,f16c")

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i raised(__m256i weight) {
  return _mm256_sub_epi8(weight, _mm256_set1_epi8(-1));
}

// The sums of four vectors of int16, as four int32.
INLINE __m128i sum_lanes(const __m256i *sum) {
  const __m256i one = _mm256_set1_epi16(1);
  __m256i wide[4];  // |lane| <= 2 * 32512
  for (size_t r = 0; r < 4; r++) wide[r] = _mm256_madd_epi16(sum[r], one);
  const __m256i pairs01 = _mm256_hadd_epi32(wide[0], wide[1]);
  const __m256i pairs23 = _mm256_hadd_epi32(wide[2], wide[3]);
  const __m256i halves = _mm256_hadd_epi32(pairs01, pairs23);
  return _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

// The first count of 32 weights, then zeros.
INLINE __m256i load_some(const int8_t *w, size_t count) {
  int8_t copy[STEP] = {0};
  memcpy(copy, w, count);
  return _mm256_loadu_si256((const __m256i *)copy);
}

// Adds 32 products to 16 sums: |pairs| <= 2 * 2 * 127.
INLINE __m256i multiply_add(__m256i sum, __m256i weight, __m256i input) {
  const __m256i pairs = _mm256_maddubs_epi16(weight, input);
  return _mm256_add_epi16(sum, pairs);
}

// Prefetches what ROWS rows will need after input j: further on in the same rows, or, past their
// end, at the start of the rows below.
INLINE void prefetch_rows(const int8_t *rows, size_t k, size_t j) {
  const size_t ahead = j + PREFETCH;
  const size_t skip = ahead < k ? 0 : (ROWS - 1) * k;
  for (size_t r = 0; r < ROWS; r++) {
    _mm_prefetch((const char *)rows + r * k + ahead + skip, _MM_HINT_T0);
  }
}

// The last group of a tile reads its last row again in the place of rows beyond it.
static void compute_single(const mpgemm_call *call, mpgemm_tile tile) {
  const size_t k = call->shape.k, whole = k - k % STEP, t = tile.n_begin;
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(k);
  const int32_t x_sum = call->input->sum[t];
  for (size_t i = tile.m_begin; i < tile.m_end; i += ROWS) {
    const size_t rows = min_size(ROWS, tile.m_end - i);
    const int8_t *first = (const int8_t *)call->packed + i * k;
    const int8_t *row[ROWS];
    for (size_t r = 0; r < ROWS; r++) row[r] = first + min_size(r, rows - 1) * k;
    __m128i total = _mm_setzero_si128();  // |total| <= 2 * 127 k, within int32 for k < 2^23
    for (size_t begin = 0; begin < k; begin += CHUNK) {
      const size_t end = min_size(begin + CHUNK, whole);
      __m256i sum[ROWS];
      for (size_t r = 0; r < ROWS; r++) sum[r] = _mm256_setzero_si256();
      for (size_t j = begin; j < end; j += STEP) {
        if (j % CACHE_LINE == 0) prefetch_rows(first, k, j);
        const __m256i input = _mm256_loadu_si256((const __m256i *)(x + j));
        for (size_t r = 0; r < ROWS; r++) {
          const __m256i weight = _mm256_loadu_si256((const __m256i *)(row[r] + j));
          sum[r] = multiply_add(sum[r], raised(weight), input);
        }
      }
      if (begin + CHUNK > whole && whole < k) {  // x is zero beyond k
        const __m256i input = _mm256_loadu_si256((const __m256i *)(x + whole));
        for (size_t r = 0; r < ROWS; r++) {
          const __m256i weight = load_some(row[r] + whole, k - whole);
          sum[r] = multiply_add(sum[r], raised(weight), input);
        }
      }
      total = _mm_add_epi32(total, sum_lanes(sum));
    }
    int32_t sums[ROWS];
    _mm_storeu_si128((__m128i *)sums, total);
    for (size_t r = 0; r < rows; r++) store_exact(call, i + r, t, sums[r] - x_sum);
  }
}

// Raises inputs begin to end of up to PANEL rows into scratch, zeros in the place of rows up to a
// whole register tile, and prefetches the panel below.
static void raise_panel(const mpgemm_call *call, size_t i, size_t rows, size_t begin, size_t end,
                        block_scratch *scratch) {
  const size_t k = call->shape.k, length = end - begin, whole = length - length % STEP;
  for (size_t r = 0; r < rows; r++) {
    const int8_t *row = (const int8_t *)call->packed + (i + r) * k + begin;
    const char *below = (const char *)row + PANEL * k;
    for (size_t b = 0; b < length; b += CACHE_LINE) _mm_prefetch(below + b, _MM_HINT_T0);
    for (size_t j = 0; j < whole; j += STEP) {
      const __m256i weight = _mm256_loadu_si256((const __m256i *)(row + j));
      _mm256_store_si256((__m256i *)(scratch->w[r] + j), raised(weight));
    }
    if (whole < length) {
      const __m256i weight = load_some(row + whole, length - whole);
      _mm256_store_si256((__m256i *)(scratch->w[r] + whole), raised(weight));
    }
  }
  for (size_t r = rows; r < round_up(rows, ROWS); r++) {
    memset(scratch->w[r], 0, round_up(length, STEP));
  }
}

// Adds one chunk's products of ROWS rows and so many tokens, a constant, to their sums.
INLINE void multiply_tile(const int8_t *w, const int8_t *x, size_t stride, size_t length,
                          size_t tokens, int32_t *sums) {
  __m256i sum[TOKENS][ROWS];
  for (size_t u = 0; u < tokens; u++) {
    for (size_t r = 0; r < ROWS; r++) sum[u][r] = _mm256_setzero_si256();
  }
  for (size_t j = 0; j < length; j += STEP) {
    __m256i input[TOKENS];
    for (size_t u = 0; u < tokens; u++) {
      input[u] = _mm256_loadu_si256((const __m256i *)(x + u * stride + j));
    }
    for (size_t r = 0; r < ROWS; r++) {
      const __m256i weight = _mm256_load_si256((const __m256i *)(w + r * CHUNK + j));
      for (size_t u = 0; u < tokens; u++) {
        sum[u][r] = multiply_add(sum[u][r], weight, input[u]);
      }
    }
  }
  for (size_t u = 0; u < tokens; u++) {
    __m128i *to = (__m128i *)(sums + u * M_BLOCK);
    _mm_store_si128(to, _mm_add_epi32(_mm_load_si128(to), sum_lanes(sum[u])));
  }
}

// Adds one chunk's products of a panel and all the block's tokens.
static void multiply_panel(block_scratch *scratch, const int8_t *x, size_t stride, size_t rows,
                           size_t tokens, size_t length, size_t sum_row) {
  for (size_t u = 0; u < tokens; u += TOKENS) {
    const int8_t *inputs = x + u * stride;
    for (size_t r = 0; r < rows; r += ROWS) {
      const int8_t *w = scratch->w[r];
      int32_t *sums = scratch->sum[u] + sum_row + r;
      if (tokens - u == 1) {
        multiply_tile(w, inputs, stride, length, 1, sums);
      } else {
        multiply_tile(w, inputs, stride, length, TOKENS, sums);
      }
    }
  }
}

// One block of at most M_BLOCK rows and N_BLOCK tokens.
static void compute_block(const mpgemm_call *call, mpgemm_tile tile, block_scratch *scratch) {
  const size_t k = call->shape.k, stride = int8_rows_stride(k);
  const size_t tokens = tile.n_end - tile.n_begin;
  const int8_t *x = (const int8_t *)call->prepared + tile.n_begin * stride;
  for (size_t u = 0; u < tokens; u++) memset(scratch->sum[u], 0, sizeof scratch->sum[u]);
  for (size_t begin = 0; begin < k; begin += CHUNK) {
    const size_t end = min_size(begin + CHUNK, k);
    const size_t length = round_up(end - begin, STEP);
    for (size_t i = tile.m_begin; i < tile.m_end; i += PANEL) {
      const size_t rows = min_size(PANEL, tile.m_end - i);
      raise_panel(call, i, rows, begin, end, scratch);
      multiply_panel(scratch, x + begin, stride, rows, tokens, length, i - tile.m_begin);
    }
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t++) {
    for (size_t i = tile.m_begin; i < tile.m_end; i++) {
      const int32_t sum = scratch->sum[t - tile.n_begin][i - tile.m_begin];
      store_exact(call, i, t, sum - call->input->sum[t]);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n == 1) {
    compute_single(call, tile);
    return;
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t += N_BLOCK) {
    for (size_t i = tile.m_begin; i < tile.m_end; i += M_BLOCK) {
      const mpgemm_tile block = {.m_begin = i,
                                 .m_end = min_size(i + M_BLOCK, tile.m_end),
                                 .n_begin = t,
                                 .n_end = min_size(t + N_BLOCK, tile.n_end)};
      compute_block(call, block, scratch);
    }
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  int8_rows_plan(shape, plan);
  plan->scratch_size = shape.n == 1 ? 0 : sizeof(block_scratch);
  plan->m_step = plan->n_step = 1;
  plan->m_best = shape.n == 1 ? M_BEST_SINGLE : M_BLOCK;
  plan->n_best = N_BLOCK;
}

// Blocks hold whole register tiles of rows, so padding the rows once is padding them block by block.
static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) {
    *prepare = (mpgemm_ops){0};
    int8_rows_count(shape, prepare);
  }
  if (!compute) return;
  const uint64_t m = shape.m, n = shape.n, k = shape.k;
  const uint64_t rows = round_up(m, ROWS), inputs = round_up(k, STEP);
  const uint64_t chunk_sums = blocks_of(k, CHUNK) * rows * n;
  const uint64_t m_blocks = blocks_of(m, M_BLOCK), n_blocks = blocks_of(n, N_BLOCK);
  const uint64_t token_groups =
      n / N_BLOCK * blocks_of(N_BLOCK, TOKENS) + blocks_of(n % N_BLOCK, TOKENS);
  const uint64_t products = rows * n * inputs;
  // N = 1 raises the repeated rows of its last group too; N > 1 raises once a block of tokens.
  const uint64_t raised_weights = n == 1 ? rows * inputs : n_blocks * m * inputs;
  const uint64_t scratch_weights = (n_blocks + token_groups) * rows * inputs;  // written, read
  const uint64_t scratch_sums = m_blocks * n * M_BLOCK + 2 * chunk_sums + m * n;
  *compute = (mpgemm_ops){
      .add_i8 = raised_weights,
      .mul_i8 = products,
      .add_i16 = products,                 // half to join pairs, half to add them to the sums
      .add_i32 = 16 * chunk_sums + m * n,  // per sum: 8 widening, 7 across lanes, 1 to the total
      .mul_f32 = 2 * m * n,
      .convert = m * n,
      .weight_bytes = (n == 1 ? rows : n_blocks * m) * k,
      .prepared_bytes = rows / ROWS * n * inputs,
      .scratch_bytes = n == 1 ? 0 : scratch_weights + scratch_sums * sizeof(int32_t),
      .output_bytes = m * n * sizeof(float),
  };
}

const mpgemm_kernel int8_dot_avx2 = {
    INT8_DOT_KERNEL,
    .name = "int8_dot_avx2",
    .summary = "int8 weights times int8 activations by byte multiply-add",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
