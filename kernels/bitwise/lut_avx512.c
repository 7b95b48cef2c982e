// lut_avx512.c: T-MAC's lookup on AVX-512, 32 rows of two groups of four inputs a step.
//
// A register holds the bytes of two groups, and the tables of both, each in its half: a shuffle looks
// 64 sums up. Bytes sum the differences of four steps, words of either half are summed apart.
#if defined(__x86_64__)

#include <immintrin.h>

#include "bitwise/bitwise.h"
#include "bitwise/lut_sums.h"
#include "support/stream.h"
#include "support/target.h"

enum {
  PAIR_BYTES = 2 * GROUP_BYTES,
  STEPS = 4,           // summed in bytes
  REST = BATCH / 2,    // steps of the last batch where groups are not a multiple of 8
  CHUNK_GROUPS = 256,  // 1024 inputs, whose indices, 16 KiB, and tables, 8 KiB, stay in cache
  WIDEN_GROUPS = 2 * STEPS * WIDEN_BATCHES,
  M_BEST = 64,
  N_BEST = 16,  // tokens whose tables, 8 k bytes each, stay in the second-level cache
};

TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

#define LUT_INLINE static inline __attribute__((always_inline))

// The indices of two groups' 32 rows.
typedef struct {
  __m512i plus, minus;
} indices;

static inline indices indices_of(const uint8_t *bytes) {
  const __m512i nibble = _mm512_set1_epi8(0x0f);
  const __m512i byte = _mm512_loadu_si512(bytes);
  return (indices){_mm512_and_si512(byte, nibble),
                   _mm512_and_si512(_mm512_srli_epi16(byte, 4), nibble)};
}

static inline __m512i add_digits(__m512i sum, __m512i table, indices at) {
  sum = _mm512_add_epi8(sum, _mm512_shuffle_epi8(table, at.plus));
  return _mm512_sub_epi8(sum, _mm512_shuffle_epi8(table, at.minus));
}

// Sums of words and of their high bytes, of each digit.
typedef struct {
  __m512i low_word, low_upper, high_word, high_upper;
} wide_sums;

// Adds so many steps, a constant. index: plus and minus in turn; or null, where w is taken apart.
LUT_INLINE void add_steps(wide_sums *sums, const uint8_t *w, const __m512i *index,
                          const int8_t *table, size_t steps) {
  __m512i low_bytes = _mm512_set1_epi8(-128);
  __m512i high_bytes = _mm512_set1_epi8(-128);
  for (size_t s = 0; s < steps; s++) {
    indices at;
    if (index) {
      at = (indices){index[2 * s], index[2 * s + 1]};
    } else {
      stream_ahead(w + s * PAIR_BYTES);
      at = indices_of(w + s * PAIR_BYTES);
    }
    // Low and high digits of the first group, then of the second.
    const __m512i tables = _mm512_loadu_si512(table + s * PAIR_BYTES);
    low_bytes = add_digits(low_bytes, _mm512_shuffle_i32x4(tables, tables, 0xA0), at);
    high_bytes = add_digits(high_bytes, _mm512_shuffle_i32x4(tables, tables, 0xF5), at);
  }
  sums->low_word = _mm512_add_epi16(sums->low_word, low_bytes);
  sums->low_upper = _mm512_add_epi16(sums->low_upper, _mm512_srli_epi16(low_bytes, 8));
  sums->high_word = _mm512_add_epi16(sums->high_word, high_bytes);
  sums->high_upper = _mm512_add_epi16(sums->high_upper, _mm512_srli_epi16(high_bytes, 8));
}

static inline digit_sums half_of(__m512i word, __m512i upper, int high) {
  if (!high) return (digit_sums){_mm512_castsi512_si256(word), _mm512_castsi512_si256(upper)};
  return (digit_sums){_mm512_extracti64x4_epi64(word, 1), _mm512_extracti64x4_epi64(upper, 1)};
}

// Adds groups, at most WIDEN_GROUPS and a multiple of BATCH, to the total.
LUT_INLINE void add_groups(strip_sums *total, const uint8_t *w, const __m512i *index,
                           const int8_t *table, size_t groups) {
  const __m512i zero = _mm512_setzero_si512();
  const size_t pairs = groups / 2;
  wide_sums sums = {zero, zero, zero, zero};
  size_t p = 0;
  for (; p + STEPS <= pairs; p += STEPS) {
    add_steps(&sums, w + p * PAIR_BYTES, index ? index + 2 * p : index, table + p * PAIR_BYTES,
              STEPS);
  }
  if (p < pairs) {
    add_steps(&sums, w + p * PAIR_BYTES, index ? index + 2 * p : index, table + p * PAIR_BYTES,
              REST);
  }
  const __m256i bias = bias_of(blocks_of(pairs, STEPS));
  add_widened(total, half_of(sums.low_word, sums.low_upper, 0),
              half_of(sums.high_word, sums.high_upper, 0), bias);
  add_widened(total, half_of(sums.low_word, sums.low_upper, 1),
              half_of(sums.high_word, sums.high_upper, 1), bias);
}

// One token, a strip from end to end.
static void gemv(const mpgemm_call *call, mpgemm_tile tile) {
  const size_t groups = lut_groups(call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += STRIP_ROWS) {
    const uint8_t *const w = (const uint8_t *)call->packed + i * groups;
    strip_sums sums = no_sums;
    for (size_t g = 0; g < groups; g += WIDEN_GROUPS) {
      add_groups(&sums, w + g * GROUP_BYTES, NULL, (const int8_t *)call->prepared + g * GROUP_BYTES,
                 min_size(groups - g, WIDEN_GROUPS));
    }
    store_strip(call, i, min_size(tile.m_end - i, STRIP_ROWS), 0, &sums);
  }
}

typedef struct {
  __m512i index[CHUNK_GROUPS];
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
      for (size_t c = 0; c < count; c += 2) {
        const indices at = indices_of(w + (g + c) * GROUP_BYTES);
        scratch->index[c] = at.plus;
        scratch->index[c + 1] = at.minus;
      }
      for (size_t s = 0; s < tokens; s++) {
        const int8_t *const tables =
            (const int8_t *)call->prepared + ((tile.n_begin + s) * groups + g) * GROUP_BYTES;
        add_groups(scratch->sums + s, w, scratch->index, tables, count);
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
  if (prepare_ops) lut_count_prepare_avx2(shape, prepare_ops);
  if (!ops) return;
  const uint64_t groups = lut_groups(shape.k), outputs = (uint64_t)shape.m * shape.n;
  const uint64_t strips = blocks_of(shape.m, STRIP_ROWS);
  const uint64_t readings = blocks_of(shape.n, N_BEST);  // tiles of tokens
  const uint64_t decodes = strips * groups / 2 * readings;
  const uint64_t products = strips * groups / 2 * shape.n;
  const uint64_t most = shape.n > 1 ? CHUNK_GROUPS : WIDEN_GROUPS;
  const uint64_t batches = strips * shape.n * blocks_of(groups, 2 * STEPS);  // most: a multiple
  const uint64_t widenings = strips * shape.n * blocks_of(groups, most) * 2;
  ops->bitop += decodes * (2 * 64 + 32);  // masks, shift
  ops->lookup += products * 4 * 64;       // two digits of two planes
  ops->add_i8 += products * 4 * 64 - batches * 2 * 64;
  ops->bitop += batches * 2 * 64;    // the first sum, with the start at 128, flips a bit
  ops->add_i16 += batches * 4 * 32;  // words and high bytes of two digits
  ops->bitop += batches * 2 * 32;    // shifts to high bytes
  ops->add_i16 += widenings * 6 * 16;
  ops->add_i32 += widenings * 2 * 32;
  ops->bitop += widenings * (2 * 16 + 32);
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += decodes * PAIR_BYTES;
  ops->prepared_bytes += products * PAIR_BYTES;
  if (shape.n > 1) {
    const uint64_t index_bytes = 2 * PAIR_BYTES, sum_bytes = sizeof(strip_sums);
    ops->scratch_bytes += (decodes + products) * index_bytes;
    ops->scratch_bytes += (widenings + 2 * strips * shape.n) * sum_bytes;
  }
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_lut_avx512 = {
    BITWISE_LUT_FIELDS,
    .name = "bitwise_lut_avx512",
    .summary = "T-MAC's bit-wise lookup, lossless, 32 rows of eight inputs a step",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVX512,
    .plan = plan,
    .prepare = lut_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
