// tq1_avx2.c: TQ1_0 in AVX2: digits by comparison, multiplied in int8, summed in int16 a block long.
#if defined(__x86_64__)

#include <string.h>

#include "support/q8k_avx2.h"
#include "support/tq_blocks.h"
#include "tq1/tq1.h"
#include "tq1/tq1_digits.h"

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256i add_products(__m256i sum, __m256i fraction, __m256i x) {
  const __m256i product = _mm256_sign_epi8(x, weights(fraction));
  return _mm256_add_epi16(sum, _mm256_maddubs_epi16(_mm256_set1_epi8(1), product));
}

// 16 int16 parts of a dot, |part| <= 5 * 2 * 127 = 1270.
static inline __m256i wide_parts(const uint8_t *block, const int8_t *x) {
  __m256i fraction = signed_fraction(load(block));
  __m256i sum = _mm256_setzero_si256();
#pragma GCC unroll 5
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    if (p > 0) fraction = triple(fraction);
    sum = add_products(sum, fraction, load(x + TQ1_WIDE * p));
  }
  return sum;
}

// 8 int16 parts of one row's dot and 8 of another's, |part| <= 1270.
static inline __m256i narrow_parts(const uint8_t *a, const uint8_t *b, const int8_t *x) {
  const __m128i a_bytes = _mm_loadu_si128((const __m128i *)(const void *)(a + TQ1_WIDE));
  const __m128i b_bytes = _mm_loadu_si128((const __m128i *)(const void *)(b + TQ1_WIDE));
  __m256i fraction = signed_fraction(_mm256_set_m128i(b_bytes, a_bytes));
  __m256i sum = _mm256_setzero_si256();
#pragma GCC unroll 5
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    if (p > 0) fraction = triple(fraction);
    sum = add_products(sum, fraction, load_16(x + TQ1_NARROW_BEGIN + TQ1_NARROW * p));
  }
  return sum;
}

static inline __m256i eight_dots(const uint8_t *const block[Q8K_AVX2_ROWS], const int8_t *x,
                                 int32_t x_sum, __m256 *w_scale) {
  (void)x_sum;  // the weights are not biased
  __m256i pair[4];
#pragma GCC unroll 4
  for (size_t r = 0; r < 4; r++) {
    const __m256i wide = q8k_halves(wide_parts(block[r], x), wide_parts(block[r + 4], x));
    pair[r] = _mm256_add_epi16(wide, narrow_parts(block[r], block[r + 4], x));
  }
  __m256i dots = q8k_dots_of(pair);

  const block_ends ends = ends_of(block);
  __m256i fraction = signed_fraction(ends.fours);
  __m256i sum = _mm256_setzero_si256();  // |sum| <= 4 * 2 * 127, two int16 for each row
  for (size_t p = 0; p < TQ1_DIGITS - 1; p++) {
    if (p > 0) fraction = triple(fraction);
    sum = add_products(sum, fraction, load_4(x + TQ1_FOUR_BEGIN + TQ1_FOUR * p));
  }
  dots = _mm256_add_epi32(dots, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
  *w_scale = ends.scales;
  return dots;
}

static float decode(const uint8_t *block, uint8_t *code) {
  __m256i wide = signed_fraction(load(block));
  // The 16 bytes of the narrow part and, in the other half, the four: only their 16 and 4 are kept.
  int32_t four;
  memcpy(&four, block + TQ1_WIDE + TQ1_NARROW, sizeof four);
  const __m128i narrow = _mm_loadu_si128((const __m128i *)(const void *)(block + TQ1_WIDE));
  __m256i rest = signed_fraction(_mm256_set_m128i(_mm_cvtsi32_si128(four), narrow));
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    if (p > 0) {
      wide = triple(wide);
      rest = triple(rest);
    }
    _mm256_storeu_si256((__m256i *)(void *)(code + TQ1_WIDE * p), codes(wide));
    const __m256i rest_code = codes(rest);
    _mm_storeu_si128((__m128i *)(void *)(code + TQ1_NARROW_BEGIN + TQ1_NARROW * p),
                     _mm256_castsi256_si128(rest_code));
    if (p < TQ1_DIGITS - 1) {
      four = _mm_cvtsi128_si32(_mm256_extracti128_si256(rest_code, 1));
      memcpy(code + TQ1_FOUR_BEGIN + TQ1_FOUR * p, &four, sizeof four);
    }
  }
  return tq_scale(block + TQ1_SCALE);
}

static void gemv(const mpgemm_call *call, mpgemm_tile tile) {
  q8k_gemv_avx2(call, tile, 0, TQ1_BLOCK_BYTES, eight_dots);
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan_avx2(shape, out);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n == 1)
    gemv(call, tile);
  else
    q8k_gemm_avx2(call, tile, scratch, TQ1_BLOCK_BYTES, decode);
}

// What vectors of bytes do until they are weights, digits in all: comparisons and a difference for
// each digit, a triple for each but a vector's first.
static void count_digits(mpgemm_ops *ops, uint64_t digits, uint64_t vectors) {
  ops->bitop += vectors * 32;  // signed_fraction
  ops->add_i8 += digits * 3 * 32 + (digits - vectors) * 2 * 32;
}

static void count_dots(mpgemm_ops *ops) {
  const uint64_t vectors = Q8K_AVX2_ROWS + Q8K_AVX2_ROWS / 2 + 1;  // wide, narrow, four
  const uint64_t digits = vectors * TQ1_DIGITS - 1;
  count_digits(ops, digits, vectors);
  ops->add_i8 += digits * 32;              // sign_epi8 negates
  ops->mul_i8 += digits * 32;              // by one
  ops->add_i16 += digits * (16 + 16);      // of pairs, to the sum,
  ops->add_i16 -= vectors * 16;            // whose first term is free
  ops->add_i16 += Q8K_AVX2_ROWS / 2 * 16;  // the narrow parts to the wide
  ops->add_i32 += 8 + 8;                   // the fours, of pairs and to the dots
  ops->bitop += 2 * 4;                     // shifts of their words
  ops->convert += Q8K_AVX2_ROWS;
}

static void count_decode(mpgemm_ops *ops) {
  count_digits(ops, 2 * TQ1_DIGITS, 2);
  ops->bitop += 2 * TQ1_DIGITS * 32;  // weight to code: the compiler masks a 1 with a comparison
  ops->add_i8 -= 3 * 16;              // no four has a fifth digit: 16 lanes of the second vector's
  ops->bitop -= 16;
  ops->convert += 1;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_avx2(shape, prepare);
  if (!out) return;
  q8k_count_avx2(shape, TQ1_BLOCK_BYTES, count_dots, count_decode, out);
  if (shape.n > 1) return;
  const uint64_t steps = blocks_of(shape.m, Q8K_AVX2_ROWS) * q8k_blocks(shape.k);
  tq1_count_ends(steps, out);
  out->prepared_bytes -= steps * sizeof(int32_t);  // no sums: the weights are not biased
}

const mpgemm_kernel tq1_avx2 = {
    TQ1_FIELDS,
    .name = "tq1_avx2",
    .summary = "llama.cpp TQ1_0 blocks in AVX2, eight dots at a time",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .prepare = q8k_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
