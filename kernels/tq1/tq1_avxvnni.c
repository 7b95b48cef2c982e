// tq1_avxvnni.c: TQ1_0 in AVX-VNNI.
//
//   N <= FEW  eight rows at a time, multiplied without taking the digits out
//   N > FEW   decoded by comparison to lines of eight rows: support/q8k_lines.h
#if defined(__x86_64__)

#include <string.h>

#include "support/q8k_avx2.h"
#include "support/q8k_vnni.h"
#include "support/transpose_avx2.h"
#include "tq1/tq1.h"
#include "tq1/tq1_digits.h"

enum { FEW = 1 };

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

// Products of fractions and inputs, and of the fractions that come next and the same inputs. A digit
// is (3 f - f') / 256 of a fraction f and the next one, f': no digit is taken out.
typedef struct {
  __m256i sum, next_sum;
} fraction_sums;

static inline fraction_sums no_sums(void) {
  return (fraction_sums){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

static inline fraction_sums add_products(fraction_sums to, __m256i *fraction, __m256i x) {
  to.sum = _mm256_dpbusd_avx_epi32(to.sum, *fraction, x);
  *fraction = triple(*fraction);
  to.next_sum = _mm256_dpbusd_avx_epi32(to.next_sum, *fraction, x);
  return to;
}

// 256 times the sum of digit * x: at most 256 * 2 * 256 * 127 for all of a row's lanes, < 2^25.
static inline __m256i join(fraction_sums of) {
  return _mm256_sub_epi32(_mm256_add_epi32(of.sum, _mm256_add_epi32(of.sum, of.sum)), of.next_sum);
}

// 8 int32 parts of a dot.
static inline __m256i wide_parts(const uint8_t *block, const int8_t *x) {
  __m256i fraction = load(block);
  fraction_sums sums = no_sums();
#pragma GCC unroll 5
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    sums = add_products(sums, &fraction, load(x + TQ1_WIDE * p));
  }
  return join(sums);
}

// 4 int32 parts of one row's dot and 4 of another's.
static inline __m256i narrow_parts(const uint8_t *a, const uint8_t *b, const int8_t *x) {
  const __m128i a_bytes = _mm_loadu_si128((const __m128i *)(const void *)(a + TQ1_WIDE));
  const __m128i b_bytes = _mm_loadu_si128((const __m128i *)(const void *)(b + TQ1_WIDE));
  __m256i fraction = _mm256_set_m128i(b_bytes, a_bytes);
  fraction_sums sums = no_sums();
#pragma GCC unroll 5
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    sums = add_products(sums, &fraction, load_16(x + TQ1_NARROW_BEGIN + TQ1_NARROW * p));
  }
  return join(sums);
}

// [a's halves added | b's halves added]
static inline __m256i halves(__m256i a, __m256i b) {
  const __m256i low = _mm256_permute2x128_si256(a, b, 0x20);
  const __m256i high = _mm256_permute2x128_si256(a, b, 0x31);
  return _mm256_add_epi32(low, high);
}

static inline __m256i eight_dots(const uint8_t *const block[Q8K_AVX2_ROWS], const int8_t *x,
                                 int32_t x_sum, __m256 *w_scale) {
  __m256i pair[4];
#pragma GCC unroll 4
  for (size_t r = 0; r < 4; r++) {
    const __m256i wide = halves(wide_parts(block[r], x), wide_parts(block[r + 4], x));
    pair[r] = _mm256_add_epi32(wide, narrow_parts(block[r], block[r + 4], x));
  }
  const __m256i sums01 = _mm256_hadd_epi32(pair[0], pair[1]);
  const __m256i sums23 = _mm256_hadd_epi32(pair[2], pair[3]);
  const __m256i most = _mm256_hadd_epi32(sums01, sums23);

  const block_ends ends = ends_of(block);
  __m256i fraction = ends.fours;
  fraction_sums sums = no_sums();
  for (size_t p = 0; p < TQ1_DIGITS - 1; p++) {
    sums = add_products(sums, &fraction, load_4(x + TQ1_FOUR_BEGIN + TQ1_FOUR * p));
  }
  *w_scale = ends.scales;
  const __m256i dots = _mm256_srai_epi32(_mm256_add_epi32(most, join(sums)), 8);
  return _mm256_sub_epi32(dots, _mm256_set1_epi32(x_sum));  // of w + 1 to of w
}

// Writes the lines of count digits of four bytes of each row, step lines apart.
static inline void decode_digits(__m256i bytes, size_t count, uint8_t *line, size_t step) {
  __m256i fraction = signed_fraction(bytes);
  for (size_t p = 0; p < count; p++, line += step) {
    if (p > 0) fraction = triple(fraction);
    _mm256_storeu_si256((__m256i *)line, codes(fraction));
  }
}

static void decode(const uint8_t *const *block, uint8_t *lines, size_t stride, float *scale) {
  const __m256i five = _mm256_setr_epi32(-1, -1, -1, -1, -1, 0, 0, 0);
  __m256i wide[Q8K_AVXVNNI_ROWS], rest[Q8K_AVXVNNI_ROWS];  // the narrow part and the four
  uint16_t half[Q8K_AVXVNNI_ROWS];
  for (size_t r = 0; r < Q8K_AVXVNNI_ROWS; r++) {
    wide[r] = load(block[r]);
    rest[r] = _mm256_maskload_epi32((const int *)(const void *)(block[r] + TQ1_WIDE), five);
    memcpy(half + r, block[r] + TQ1_SCALE, sizeof *half);
  }
  transpose_8x8(wide);
  transpose_8x8(rest);
  for (size_t q = 0; q < TQ1_WIDE / 4; q++) {
    decode_digits(wide[q], TQ1_DIGITS, lines + q * stride, TQ1_WIDE / 4 * stride);
  }
  for (size_t q = 0; q < TQ1_NARROW / 4; q++) {
    uint8_t *line = lines + (TQ1_NARROW_BEGIN / 4 + q) * stride;
    decode_digits(rest[q], TQ1_DIGITS, line, TQ1_NARROW / 4 * stride);
  }
  decode_digits(rest[TQ1_NARROW / 4], TQ1_DIGITS - 1, lines + TQ1_FOUR_BEGIN / 4 * stride, stride);
  _mm256_storeu_ps(scale, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)half)));
}

static void few_compute(const mpgemm_call *call, mpgemm_tile tile) {
  for (size_t t = tile.n_begin; t < tile.n_end; t++) {
    q8k_gemv_avx2(call, tile, t, TQ1_BLOCK_BYTES, eight_dots);
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan_avxvnni(shape, out);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n <= FEW)
    few_compute(call, tile);
  else
    q8k_compute_avxvnni(call, tile, scratch, TQ1_BLOCK_BYTES, decode);
}

static void count_dots(mpgemm_ops *ops) {
  const uint64_t vectors = Q8K_AVX2_ROWS + Q8K_AVX2_ROWS / 2 + 1;  // wide, narrow, four
  const uint64_t digits = vectors * TQ1_DIGITS - 1;
  ops->add_i8 += digits * 2 * 32;             // triples
  ops->mul_i8 += digits * 2 * 32;             // with both fractions
  ops->add_i32 += digits * 2 * 32;            // in groups of four, to the sums
  ops->add_i32 += vectors * 3 * 8;            // join
  ops->add_i32 += 4 * 8 + 4 * 8 + 3 * 8 + 8;  // halves, narrow parts, across lanes, fours
  ops->add_i32 += 8;                          // the sums of codes
  ops->bitop += 2 * 4 + 8;                    // shifts of the fours' words, of the dots
  ops->convert += Q8K_AVX2_ROWS;
}

static void count_decode(mpgemm_ops *ops) {
  const uint64_t vectors = (TQ1_WIDE + TQ1_NARROW + TQ1_FOUR) / 4;
  const uint64_t digits = vectors * TQ1_DIGITS - 1;
  ops->bitop += (vectors + digits) * 32;                         // signs; one of weight + 1
  ops->add_i8 += digits * 3 * 32 + (digits - vectors) * 2 * 32;  // two comparisons, one; triples
  ops->convert += Q8K_AVXVNNI_ROWS;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_avx2(shape, prepare);
  if (!out) return;
  if (shape.n > FEW) {
    q8k_count_avxvnni(shape, TQ1_BLOCK_BYTES, count_decode, out);
    return;
  }
  q8k_count_rows_avxvnni(shape, TQ1_BLOCK_BYTES, count_dots, out);
  tq1_count_ends(blocks_of(shape.m, Q8K_AVXVNNI_ROWS) * q8k_blocks(shape.k) * shape.n, out);
}

const mpgemm_kernel tq1_avxvnni = {
    TQ1_FIELDS,
    .name = "tq1_avxvnni",
    .summary = "llama.cpp TQ1_0 blocks in AVX-VNNI, eight dots at a time, or lines of eight rows",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVXVNNI,
    .plan = plan,
    .prepare = q8k_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
