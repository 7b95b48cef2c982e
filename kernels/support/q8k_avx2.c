// q8k_avx2.c: "q8k" on AVX2: the preparation, and the product of decoded rows with many tokens.
#if defined(__x86_64__)

#include "support/q8k_avx2.h"

#include <math.h>

enum {
  LANES = 8,
  STEP = 4 * LANES,
  ROWS = 4,    // decoded together: 4 k bytes stay in the first-level cache for most k
  TOKENS = 2,  // multiplied together, with ROWS rows: eight sums in registers
  M_BEST = 64,
  N_BEST = 64,
};

TARGET_BEGIN("avx2,fma,f16c")

static float largest_magnitude(const float *x) {
  const __m256 magnitude_bits = _mm256_castsi256_ps(_mm256_set1_epi32(INT32_MAX));
  __m256 largest[4];
  for (size_t v = 0; v < 4; v++) largest[v] = _mm256_setzero_ps();
  for (size_t j = 0; j < Q8K_BLOCK; j += STEP) {
    for (size_t v = 0; v < 4; v++) {
      const __m256 magnitude = _mm256_and_ps(_mm256_loadu_ps(x + j + v * LANES), magnitude_bits);
      largest[v] = _mm256_max_ps(largest[v], magnitude);
    }
  }
  largest[0] = _mm256_max_ps(largest[0], largest[1]);
  largest[2] = _mm256_max_ps(largest[2], largest[3]);
  largest[0] = _mm256_max_ps(largest[0], largest[2]);
  __m128 four =
      _mm_max_ps(_mm256_castps256_ps128(largest[0]), _mm256_extractf128_ps(largest[0], 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

static float quantize_block(const float *x, int8_t *code, int32_t *sum) {
  const q8k_factors by = q8k_factors_of(largest_magnitude(x));
  const __m256 boost = _mm256_set1_ps(by.boost);
  const __m256 factor = _mm256_set1_ps(by.factor);
  __m256i total = _mm256_setzero_si256();
  for (size_t j = 0; j < Q8K_BLOCK; j += STEP) {
    __m256i quad[4];  // eight int32 each, rounded to nearest, ties to even
    for (size_t v = 0; v < 4; v++) {
      const __m256 boosted = _mm256_mul_ps(_mm256_loadu_ps(x + j + v * LANES), boost);
      quad[v] = _mm256_cvtps_epi32(_mm256_mul_ps(boosted, factor));
    }
    total = _mm256_add_epi32(total, _mm256_add_epi32(_mm256_add_epi32(quad[0], quad[1]),
                                                     _mm256_add_epi32(quad[2], quad[3])));
    const __m256i low = _mm256_packs_epi32(quad[0], quad[1]);
    const __m256i high = _mm256_packs_epi32(quad[2], quad[3]);
    const __m256i mixed = _mm256_packs_epi16(low, high);  // groups of four: 0 2 4 6 1 3 5 7
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256((__m256i *)(code + j), _mm256_permutevar8x32_epi32(mixed, order));
  }
  int32_t lane[LANES];
  _mm256_storeu_si256((__m256i *)lane, total);
  *sum = 0;
  for (size_t l = 0; l < LANES; l++) *sum += lane[l];
  return by.scale;
}

// [a four times | b four times]
static inline __m256 spread_ps(float a, float b) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_set1_ps(a)), _mm_set1_ps(b), 1);
}

static inline __m256i spread_epi32(int32_t a, int32_t b) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_set1_epi32(a)), _mm_set1_epi32(b), 1);
}

// The dots of four decoded rows' blocks, 256 bytes apart, with two tokens' blocks:
// [token 0: rows 0...3 | token 1: rows 0...3].
static inline __m256i dots_2x4(const uint8_t *w, const int8_t *token0, const int8_t *token1) {
  __m256i sum[TOKENS][ROWS];  // |sum| <= 8 * 2 * 3 * 127 = 6096
  for (size_t r = 0; r < ROWS; r++) sum[0][r] = sum[1][r] = _mm256_setzero_si256();
  for (size_t j = 0; j < Q8K_BLOCK; j += STEP) {
    const __m256i x0 = _mm256_loadu_si256((const __m256i *)(token0 + j));
    const __m256i x1 = _mm256_loadu_si256((const __m256i *)(token1 + j));
    for (size_t r = 0; r < ROWS; r++) {
      const __m256i code = _mm256_load_si256((const __m256i *)(w + r * Q8K_BLOCK + j));
      sum[0][r] = _mm256_add_epi16(sum[0][r], _mm256_maddubs_epi16(code, x0));
      sum[1][r] = _mm256_add_epi16(sum[1][r], _mm256_maddubs_epi16(code, x1));
    }
  }
  __m256i pair[ROWS];
  for (size_t r = 0; r < ROWS; r++) pair[r] = q8k_halves(sum[0][r], sum[1][r]);
  return q8k_dots_of(pair);
}

// Multiplies four decoded rows, of which rows are real, with tokens t and t + 1 if that is real.
static void multiply(const mpgemm_call *call, const q8k_parts *x, size_t i, size_t rows, size_t t,
                     size_t tokens, const uint8_t *w, const float *w_scale) {
  const size_t blocks = q8k_blocks(call->shape.k);
  const size_t begin0 = t * blocks;
  const size_t begin1 = begin0 + (tokens - 1) * blocks;
  __m256 y = _mm256_setzero_ps();
  for (size_t b = 0; b < blocks; b++) {
    const size_t b0 = begin0 + b, b1 = begin1 + b;
    const __m256i dots =
        dots_2x4(w + b * ROWS * Q8K_BLOCK, x->code + b0 * Q8K_BLOCK, x->code + b1 * Q8K_BLOCK);
    const __m256i sums = spread_epi32(x->sum[b0], x->sum[b1]);
    const __m256 row_scales =
        _mm256_broadcast_ps((const __m128 *)(const void *)(w_scale + b * ROWS));
    y = q8k_accumulate(y, _mm256_sub_epi32(dots, sums), row_scales,
                       spread_ps(x->scale[b0], x->scale[b1]));
  }
  float lane[TOKENS][ROWS];
  _mm256_storeu_ps(lane[0], y);
  for (size_t s = 0; s < tokens; s++) {
    float *const out = call->y + (t + s) * call->ldy + i;
    for (size_t r = 0; r < rows; r++) out[r] = lane[s][r] * output_scale(call, i + r, t + s);
  }
}

TARGET_END

void q8k_prepare_avx2(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared) {
  (void)kernel;
  q8k_prepare_with(quantize_block, n, k, input, range, prepared);
}

void q8k_count_prepare_avx2(mpgemm_shape shape, mpgemm_ops *prepare) {
  const uint64_t blocks = (uint64_t)shape.n * q8k_blocks(shape.k);
  const uint64_t inputs = blocks * Q8K_BLOCK;
  prepare->bitop += 4 * inputs;                                   // the sign is masked off
  prepare->add_f32 += inputs + blocks * (3 * LANES + 2 * 4 + 1);  // maximum
  prepare->add_i32 += inputs - blocks * LANES + blocks * 3 * 4;   // sum, the first free; lanes
  prepare->mul_f32 += 2 * inputs + 4 * blocks;                    // as the portable one
  prepare->convert += inputs;
  // A whole block is read twice, for its maximum and to be quantized; what is none is copied first.
  const uint64_t read = shape.k + shape.k / Q8K_BLOCK * Q8K_BLOCK;
  prepare->input_bytes += shape.n * read * sizeof(float);
  prepare->prepared_bytes += blocks * (Q8K_BLOCK + sizeof(float) + sizeof(int32_t));
}

void q8k_plan_avx2(mpgemm_shape shape, mpgemm_plan *plan) {
  q8k_plan_prepare(shape, plan);
  const size_t decoded = ROWS * q8k_blocks(shape.k) * (Q8K_BLOCK + sizeof(float));
  plan->scratch_size = shape.n > 1 ? decoded : 0;
  plan->m_step = shape.n > 1 ? ROWS : Q8K_AVX2_ROWS;
  plan->n_step = TOKENS;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

void q8k_gemm_avx2(const mpgemm_call *call, mpgemm_tile tile, void *scratch, size_t block_bytes,
                   q8k_decode *decode) {
  const size_t blocks = q8k_blocks(call->shape.k);
  const size_t row_bytes = blocks * block_bytes;
  const q8k_parts x = q8k_of(call->prepared, call->shape.n, call->shape.k);
  uint8_t *const w = scratch;                                               // w[b][r][256]
  float *const w_scale = (float *)(void *)(w + ROWS * blocks * Q8K_BLOCK);  // w_scale[b][r]
  for (size_t i = tile.m_begin; i < tile.m_end; i += ROWS) {
    const size_t rows = min_size(tile.m_end - i, ROWS);
    for (size_t r = 0; r < ROWS; r++) {  // beyond the last row it is decoded again
      const uint8_t *block =
          (const uint8_t *)call->packed + (i + min_size(r, rows - 1)) * row_bytes;
      for (size_t b = 0; b < blocks; b++, block += block_bytes) {
        w_scale[b * ROWS + r] = decode(block, w + (b * ROWS + r) * Q8K_BLOCK);
      }
    }
    for (size_t t = tile.n_begin; t < tile.n_end; t += TOKENS) {
      multiply(call, &x, i, rows, t, min_size(tile.n_end - t, TOKENS), w, w_scale);
    }
  }
}

// What q8k_halves and q8k_dots_of do for eight dots, and q8k_accumulate.
static void count_eight_dots(mpgemm_ops *ops) {
  ops->add_i16 += 4 * 16 + 2 * 16;
  ops->add_i32 += 2 * 8 + 8;  // within pairs, across lanes
  ops->convert += 8;
  ops->mul_f32 += 2 * 8;
  ops->add_f32 += 8;
}

void q8k_count_avx2(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *eight_dots,
                    q8k_count_decode *decode, mpgemm_ops *compute) {
  const uint64_t blocks = q8k_blocks(shape.k);
  const size_t part = Q8K_BLOCK + sizeof(float) + sizeof(int32_t);
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  mpgemm_ops one = {0};
  count_eight_dots(&one);
  compute->output_bytes += outputs * sizeof(float);
  compute->mul_f32 += outputs * 2;
  if (shape.n == 1) {
    const uint64_t steps = blocks_of(shape.m, Q8K_AVX2_ROWS) * blocks;
    eight_dots(&one);
    q8k_add_ops(compute, &one, steps);
    compute->weight_bytes += steps * Q8K_AVX2_ROWS * block_bytes;
    compute->prepared_bytes += steps * part;
    return;
  }
  const uint64_t readings = blocks_of(shape.n, N_BEST);  // tiles of tokens
  const uint64_t row_blocks = round_up(shape.m, ROWS) * blocks;
  const uint64_t decodes = row_blocks * readings;
  const uint64_t steps = row_blocks / ROWS * blocks_of(shape.n, TOKENS);
  one.add_i32 += 8;  // the sums of codes
  one.mul_i8 += ROWS * TOKENS * Q8K_BLOCK;
  // Half in maddubs, half to the sums, whose first term is free.
  one.add_i16 += ROWS * TOKENS * (Q8K_BLOCK - 16);
  q8k_add_ops(compute, &one, steps);
  mpgemm_ops decoding = {0};
  decode(&decoding);
  q8k_add_ops(compute, &decoding, decodes);
  compute->weight_bytes += decodes * block_bytes;
  compute->prepared_bytes += steps * TOKENS * part;
  compute->scratch_bytes += (decodes + steps * ROWS) * (Q8K_BLOCK + sizeof(float));
}

#endif
