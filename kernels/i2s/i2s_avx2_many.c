// i2s_avx2_many.c: the AVX2 kernel's path for many tokens: packed rows are expanded to a byte a code
// once for all tokens of a tile, then multiplied in micro-tiles held in registers.
#if defined(__x86_64__)

#include <immintrin.h>

#include "i2s/i2s_avx2.h"
#include "support/target.h"

enum {
  SPAN = 2048,   // most weights of a row whose products are summed in 16 bits
  PANEL = 16,    // rows expanded at a time: at most 32 KiB of codes, two thirds of a 48 KiB L1
  M_BEST = 64,   // rows of a tile, a multiple of PANEL
  N_BEST = 128,  // tokens of a tile: a span of their activations is at most 256 KiB, a part of L2
  ROWS = 4,      // of a micro-tile: 4 x 2 sums, 2 activations, codes and products in 16 registers
  TOKENS = 2,
};

// What one thread holds of a tile.
typedef struct {
  uint8_t codes[PANEL][SPAN];
  int32_t sums[N_BEST][M_BEST];  // of w * x, over the spans so far
  float w_scale[M_BEST];
} many_scratch;

// Spans of equal length, so that none is too short to pay for its reduction.
static size_t span_blocks(size_t k) {
  const size_t blocks = i2s_blocks(k);
  const size_t spans = blocks_of(blocks * I2S_BLOCK, SPAN);
  return blocks_of(blocks, spans);
}

TARGET_BEGIN("avx2,fma,f16c")

static void expand(const uint8_t *row, size_t blocks, uint8_t *codes) {
  const __m256i mask = _mm256_set1_epi8(3);
  const __m256i *block = (const __m256i *)row;
  __m256i *plane = (__m256i *)codes;
  for (size_t b = 0; b < blocks; b++, block++, plane += 4) {
    const __m256i packed = _mm256_load_si256(block);
    _mm256_store_si256(plane, _mm256_and_si256(_mm256_srli_epi16(packed, 6), mask));
    _mm256_store_si256(plane + 1, _mm256_and_si256(_mm256_srli_epi16(packed, 4), mask));
    _mm256_store_si256(plane + 2, _mm256_and_si256(_mm256_srli_epi16(packed, 2), mask));
    _mm256_store_si256(plane + 3, _mm256_and_si256(packed, mask));
  }
}

// Sums the lanes of a token's ROWS vectors within each half: row r's two sums in lanes r and r + 4.
static inline __m256i reduce(const __m256i sums[ROWS]) {
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i lanes0 = _mm256_madd_epi16(sums[0], ones);
  const __m256i lanes1 = _mm256_madd_epi16(sums[1], ones);
  const __m256i lanes2 = _mm256_madd_epi16(sums[2], ones);
  const __m256i lanes3 = _mm256_madd_epi16(sums[3], ones);
  const __m256i sums01 = _mm256_hadd_epi32(lanes0, lanes1);
  const __m256i sums23 = _mm256_hadd_epi32(lanes2, lanes3);
  return _mm256_hadd_epi32(sums01, sums23);
}

// Adds the products of ROWS rows of codes, SPAN apart, and one token or two, to
// total[token * M_BEST + row].
static inline __attribute__((always_inline)) void dot_tile(const uint8_t *codes, const int8_t *x,
                                                           size_t x_stride, size_t length,
                                                           size_t tokens, int32_t *total) {
  __m256i sums[TOKENS][ROWS];
  for (size_t t = 0; t < tokens; t++) {
    for (size_t r = 0; r < ROWS; r++) sums[t][r] = _mm256_setzero_si256();
  }
  for (size_t j = 0; j < length; j += sizeof(__m256i)) {
    __m256i x_codes[TOKENS];
    for (size_t t = 0; t < tokens; t++) {
      x_codes[t] = _mm256_load_si256((const __m256i *)(x + t * x_stride + j));
    }
    for (size_t r = 0; r < ROWS; r++) {
      const __m256i code = _mm256_load_si256((const __m256i *)(codes + r * SPAN + j));
      for (size_t t = 0; t < tokens; t++) {
        // |pairs| <= 2 * 2 * 127 = 508; in a span |sum| <= SPAN / 32 * 508 = 32512.
        const __m256i pairs = _mm256_maddubs_epi16(code, x_codes[t]);
        sums[t][r] = _mm256_add_epi16(sums[t][r], pairs);
      }
    }
  }
  for (size_t t = 0; t < tokens; t++) {
    const __m256i halves = reduce(sums[t]);
    const __m128i low = _mm256_castsi256_si128(halves);
    const __m128i high = _mm256_extracti128_si256(halves, 1);
    __m128i *to = (__m128i *)(total + t * M_BEST);
    _mm_store_si128(to, _mm_add_epi32(_mm_load_si128(to), _mm_add_epi32(low, high)));
  }
}

// Adds the products of the panel that begins with the tile's row i, over one span, to the sums.
static void add_panel(many_scratch *own, size_t i, size_t rows, const int8_t *x, size_t x_stride,
                      size_t tokens, size_t length) {
  const size_t odd = tokens % TOKENS;
  for (size_t t = 0; t < tokens - odd; t += TOKENS) {
    for (size_t r = 0; r < rows; r += ROWS) {
      int32_t *total = own->sums[t] + i + r;
      dot_tile(own->codes[r], x + t * x_stride, x_stride, length, TOKENS, total);
    }
  }
  if (odd == 0) return;
  for (size_t r = 0; r < rows; r += ROWS) {
    int32_t *total = own->sums[tokens - 1] + i + r;
    dot_tile(own->codes[r], x + (tokens - 1) * x_stride, x_stride, length, 1, total);
  }
}

// The last step of the contract for tolerance 0, as store_exact, for whole columns.
static void store(const mpgemm_call *call, mpgemm_tile tile, many_scratch *own) {
  const size_t rows = tile.m_end - tile.m_begin;
  const float *w_scale = call->w_scale;
  for (size_t i = 0; i < rows; i++) {
    own->w_scale[i] = w_scale ? w_scale[(tile.m_begin + i) * call->w_scale_stride] : 1.0f;
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t++) {
    const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
    const int32_t *sums = own->sums[t - tile.n_begin];
    float *y = call->y + t * call->ldy + tile.m_begin;
    for (size_t i = 0; i < rows; i++) y[i] = (float)sums[i] * (own->w_scale[i] * x_scale);
  }
}

// Computes a tile of at most M_BEST x N_BEST.
static void compute_tile(const mpgemm_call *call, mpgemm_tile tile, many_scratch *own) {
  const size_t blocks = i2s_blocks(call->shape.k);
  const size_t span = span_blocks(call->shape.k);
  const size_t row_bytes = blocks * I2S_BLOCK_BYTES;
  const size_t x_stride = int8_rows_stride(call->shape.k);
  const size_t rows = tile.m_end - tile.m_begin;
  const size_t tokens = tile.n_end - tile.n_begin;
  const uint8_t *packed = (const uint8_t *)call->packed + tile.m_begin * row_bytes;
  const int8_t *x = (const int8_t *)call->prepared + tile.n_begin * x_stride;
  for (size_t t = 0; t < tokens; t++) {
    const int32_t x_sum = call->input->sum[tile.n_begin + t];
    for (size_t i = 0; i < M_BEST; i++) own->sums[t][i] = -x_sum;
  }
  for (size_t b = 0; b < blocks; b += span) {
    const size_t here = min_size(span, blocks - b);
    for (size_t i = 0; i < rows; i += PANEL) {
      const size_t panel = round_up(min_size(PANEL, rows - i), ROWS);
      for (size_t r = 0; r < panel; r++) {
        const size_t row = min_size(i + r, rows - 1);  // the last row again, never past it
        expand(packed + row * row_bytes + b * I2S_BLOCK_BYTES, here, own->codes[r]);
      }
      add_panel(own, i, panel, x + b * I2S_BLOCK, x_stride, tokens, here * I2S_BLOCK);
    }
  }
  store(call, tile, own);
}

TARGET_END

void i2s_avx2_many_compute(const mpgemm_call *call, mpgemm_tile tile, void *scratch) {
  for (size_t i = tile.m_begin; i < tile.m_end; i += M_BEST) {
    for (size_t t = tile.n_begin; t < tile.n_end; t += N_BEST) {
      const mpgemm_tile part = {i, min_size(i + M_BEST, tile.m_end), t,
                                min_size(t + N_BEST, tile.n_end)};
      compute_tile(call, part, scratch);
    }
  }
}

void i2s_avx2_many_plan(mpgemm_plan *plan) {
  plan->scratch_size = sizeof(many_scratch);
  plan->m_step = ROWS;
  plan->n_step = TOKENS;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

void i2s_avx2_many_count(mpgemm_shape shape, mpgemm_ops *ops) {
  const uint64_t row_blocks = i2s_blocks(shape.k);
  const uint64_t row_spans = blocks_of(row_blocks, span_blocks(shape.k));
  const uint64_t rows = round_up(shape.m, ROWS);
  const uint64_t m_tiles = blocks_of(shape.m, M_BEST);
  const uint64_t n_tiles = blocks_of(shape.n, N_BEST);
  const uint64_t outputs = (uint64_t)shape.m * shape.n;

  const uint64_t expanded = rows * n_tiles * row_blocks;
  ops->bitop += expanded * (3 * 16 + 4 * 32);  // three shifts of 16-bit lanes, four masks
  ops->weight_bytes += expanded * I2S_BLOCK_BYTES;
  ops->scratch_bytes += expanded * I2S_BLOCK;

  const uint64_t multiplied = rows * shape.n * row_blocks;
  const uint64_t code_reads = rows * blocks_of(shape.n, TOKENS) * row_blocks;
  ops->mul_i8 += multiplied * I2S_BLOCK;
  ops->add_i16 += multiplied * 4 * (16 + 16);  // within maddubs, then to the sums
  ops->prepared_bytes += multiplied / ROWS * I2S_BLOCK;
  ops->scratch_bytes += code_reads * I2S_BLOCK;

  const uint64_t reduced = rows / ROWS * shape.n * row_spans;
  ops->add_i32 += reduced * ROWS * 8;        // madd by ones adds pairs
  ops->add_i32 += reduced * (3 * 8 + ROWS);  // three horizontal additions, one across halves
  ops->add_i32 += reduced * ROWS;            // to the tile's sums
  ops->scratch_bytes += reduced * ROWS * sizeof(int32_t) * 2;

  ops->add_i32 += shape.n * m_tiles;  // the correction, negated as the sums' first value
  ops->scratch_bytes += shape.n * m_tiles * M_BEST * sizeof(int32_t);
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->scratch_bytes += shape.m * n_tiles * sizeof(float);            // scales written
  ops->scratch_bytes += outputs * (sizeof(int32_t) + sizeof(float));  // sums and scales read
  ops->output_bytes += outputs * sizeof(float);
}

#endif
