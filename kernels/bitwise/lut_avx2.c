// lut_avx2.c: T-MAC's lookup on AVX2, 32 rows of four inputs a step, digits summed in bytes.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "bitwise/bitwise.h"
#include "bitwise/lut_sums.h"
#include "support/stream.h"
#include "support/target.h"

enum {
  BATCH_BYTES = BATCH * GROUP_BYTES,
  CHUNK_BATCHES = 64,  // 1024 inputs, whose indices, 16 KiB, and tables, 8 KiB, stay in cache
  CHUNK_GROUPS = CHUNK_BATCHES * BATCH,
  M_BEST = 64,
  N_BEST = 16,  // tokens whose tables, 8 k bytes each, stay in the second-level cache
};

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256i load(const void *bytes) {
  return _mm256_loadu_si256(bytes);
}

// 16 entries of a digit in both halves, as shuffles need them.
static inline __m256i load_digits(const int8_t *digits) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)digits));
}

// The indices of a group's 32 rows.
typedef struct {
  __m256i plus, minus;
} indices;

static inline indices indices_of(__m256i byte) {
  const __m256i nibble = _mm256_set1_epi8(0x0f);
  return (indices){_mm256_and_si256(byte, nibble),
                   _mm256_and_si256(_mm256_srli_epi16(byte, 4), nibble)};
}

static inline __m256i add_digits(__m256i sum, const int8_t *digits, indices at) {
  const __m256i table = load_digits(digits);
  sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(table, at.plus));
  return _mm256_sub_epi8(sum, _mm256_shuffle_epi8(table, at.minus));
}

// Adds batches of a strip, at most WIDEN_BATCHES, straight from its packed bytes.
static inline void add_packed(strip_sums *total, const uint8_t *w, const int8_t *table,
                              size_t batches) {
  const __m256i zero = _mm256_setzero_si256();
  digit_sums low = {zero, zero}, high = {zero, zero};
  for (size_t b = 0; b < batches; b++) {
    stream_ahead(w);
    stream_ahead(w + 64);
    __m256i low_bytes = _mm256_set1_epi8(-128);
    __m256i high_bytes = _mm256_set1_epi8(-128);
    for (size_t g = 0; g < BATCH; g++, w += GROUP_BYTES, table += GROUP_BYTES) {
      const indices at = indices_of(load(w));
      low_bytes = add_digits(low_bytes, table, at);
      high_bytes = add_digits(high_bytes, table + TABLE, at);
    }
    low = widen(low, low_bytes);
    high = widen(high, high_bytes);
  }
  add_widened(total, low, high, bias_of(batches));
}

// The same from indices, plus and minus in turn.
static inline void add_indexed(strip_sums *total, const __m256i *index, const int8_t *table,
                               size_t batches) {
  const __m256i zero = _mm256_setzero_si256();
  digit_sums low = {zero, zero}, high = {zero, zero};
  for (size_t b = 0; b < batches; b++) {
    __m256i low_bytes = _mm256_set1_epi8(-128);
    __m256i high_bytes = _mm256_set1_epi8(-128);
    for (size_t g = 0; g < BATCH; g++, index += 2, table += GROUP_BYTES) {
      const indices at = {index[0], index[1]};
      low_bytes = add_digits(low_bytes, table, at);
      high_bytes = add_digits(high_bytes, table + TABLE, at);
    }
    low = widen(low, low_bytes);
    high = widen(high, high_bytes);
  }
  add_widened(total, low, high, bias_of(batches));
}

// One token, a strip from end to end.
static void gemv(const mpgemm_call *call, mpgemm_tile tile) {
  const size_t groups = lut_groups(call->shape.k);
  const size_t batches = groups / BATCH;
  for (size_t i = tile.m_begin; i < tile.m_end; i += STRIP_ROWS) {
    const uint8_t *const w = (const uint8_t *)call->packed + i * groups;
    strip_sums sums = no_sums;
    for (size_t b = 0; b < batches; b += WIDEN_BATCHES) {
      add_packed(&sums, w + b * BATCH_BYTES, (const int8_t *)call->prepared + b * BATCH_BYTES,
                 min_size(batches - b, WIDEN_BATCHES));
    }
    store_strip(call, i, min_size(tile.m_end - i, STRIP_ROWS), 0, &sums);
  }
}

typedef struct {
  __m256i index[2 * CHUNK_GROUPS];
  strip_sums sums[N_BEST];
} gemm_scratch;

// Up to N_BEST tokens: a chunk's indices are taken apart once for all.
static void gemm(const mpgemm_call *call, mpgemm_tile tile, gemm_scratch *scratch) {
  const size_t groups = lut_groups(call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += STRIP_ROWS) {
    const uint8_t *const w = (const uint8_t *)call->packed + i * groups;
    const size_t tokens = tile.n_end - tile.n_begin;
    for (size_t s = 0; s < tokens; s++) scratch->sums[s] = no_sums;
    for (size_t g = 0; g < groups; g += CHUNK_GROUPS) {
      const size_t count = min_size(groups - g, CHUNK_GROUPS);
      for (size_t c = 0; c < count; c++) {
        const indices at = indices_of(load(w + (g + c) * GROUP_BYTES));
        scratch->index[2 * c] = at.plus;
        scratch->index[2 * c + 1] = at.minus;
      }
      for (size_t s = 0; s < tokens; s++) {
        const int8_t *const tables =
            (const int8_t *)call->prepared + ((tile.n_begin + s) * groups + g) * GROUP_BYTES;
        add_indexed(scratch->sums + s, scratch->index, tables, count / BATCH);
      }
    }
    const size_t rows = min_size(tile.m_end - i, STRIP_ROWS);
    for (size_t s = 0; s < tokens; s++) {
      store_strip(call, i, rows, tile.n_begin + s, scratch->sums + s);
    }
  }
}

TARGET_END

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n == 1) gemv(call, tile);
  for (size_t t = tile.n_begin; call->shape.n > 1 && t < tile.n_end; t += N_BEST) {
    const size_t t_end = min_size(tile.n_end, t + N_BEST);
    gemm(call, (mpgemm_tile){tile.m_begin, tile.m_end, t, t_end}, scratch);
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  lut_plan_prepare(shape, out);
  out->scratch_size = shape.n > 1 ? sizeof(gemm_scratch) : 0;
  out->m_step = STRIP_ROWS;
  out->n_step = 1;
  out->m_best = M_BEST;
  out->n_best = N_BEST;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *ops) {
  (void)kernel;
  const uint64_t groups = lut_groups(shape.k);
  if (prepare_ops) lut_count_prepare_avx2(shape, prepare_ops);
  if (!ops) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t strips = blocks_of(shape.m, STRIP_ROWS);
  const uint64_t readings = blocks_of(shape.n, N_BEST);  // tiles of tokens
  const uint64_t decodes = strips * groups * readings;
  const uint64_t products = strips * groups * shape.n;
  const uint64_t most = shape.n > 1 ? CHUNK_BATCHES : WIDEN_BATCHES;
  const uint64_t widenings = strips * shape.n * blocks_of(groups / BATCH, most);
  ops->bitop += decodes * (2 * 32 + 16);  // masks, shift
  ops->lookup += products * 4 * 32;       // two digits of two planes
  ops->add_i8 += products * 4 * 32 - products / BATCH * 2 * 32;
  ops->bitop += products / BATCH * 2 * 32;    // the first sum, with the start at 128, flips a bit
  ops->add_i16 += products / BATCH * 4 * 16;  // words and high bytes of two digits
  ops->bitop += products / BATCH * 2 * 16;    // shifts to high bytes
  ops->add_i16 += widenings * 6 * 16;
  ops->add_i32 += widenings * 2 * 32;
  ops->bitop += widenings * (2 * 16 + 32);
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += decodes * GROUP_BYTES;
  ops->prepared_bytes += products * GROUP_BYTES;
  if (shape.n > 1) {
    const uint64_t index_bytes = 2 * GROUP_BYTES, sum_bytes = sizeof(strip_sums);
    ops->scratch_bytes += (decodes + products) * index_bytes;
    ops->scratch_bytes += (2 * widenings + 2 * strips * shape.n) * sum_bytes;
  }
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_lut_avx2 = {
    BITWISE_LUT_FIELDS,
    .name = "bitwise_lut_avx2",
    .summary = "T-MAC's bit-wise lookup, lossless, 32 rows of four inputs a step",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .prepare = lut_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
