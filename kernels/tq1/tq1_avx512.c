// tq1_avx512.c: TQ1_0 in AVX-512 VNNI.
//
//   N <= FEW  a block's 52 bytes of digits are one register, multiplied without taking them out:
//             support/q8k_rows_avx512.h
//   N > FEW   decoded by comparison to lines of 16 rows: support/q8k_lines.h
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "support/q8k_avx2.h"
#include "support/q8k_rows_avx512.h"
#include "support/q8k_vnni.h"
#include "support/transpose_avx512.h"
#include "tq1/tq1.h"

enum { FEW = 2, DWORDS = (TQ1_WIDE + TQ1_NARROW + TQ1_FOUR) / 4 };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// A block's digits, and zeros: nothing beyond is read.
static inline __m512i load_digits(const uint8_t *block) {
  return _mm512_maskz_loadu_epi32((1U << DWORDS) - 1, block);
}

// Two additions, which the compiler is kept from making multiplications by 9, 27 and 81.
static inline __m512i triple(__m512i fraction) {
  __m512i result = _mm512_add_epi8(fraction, _mm512_add_epi8(fraction, fraction));
  __asm__("" : "+v"(result));
  return result;
}

// The digits as codes: how many of 86 and 171 the fraction reaches.
static inline __m512i codes(__m512i fraction) {
  const __m512i one = _mm512_set1_epi8(1);
  const __mmask64 first = _mm512_cmpge_epu8_mask(fraction, _mm512_set1_epi8(86));
  const __mmask64 second = _mm512_cmpge_epu8_mask(fraction, _mm512_set1_epi8((char)171));
  const __m512i code = _mm512_maskz_mov_epi8(first, one);
  return _mm512_mask_add_epi8(code, second, code, one);
}

// Digit p of the wide part's bytes, the narrow part's and the four's; the four have no fifth digit,
// and zeros none at all: their codes meet zeros.
static inline void spread(const int8_t *code, __m512i x[Q8K_PLANES]) {
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    const int8_t *narrow = code + TQ1_NARROW_BEGIN + TQ1_NARROW * p;
    int32_t four = 0;
    if (p < TQ1_DIGITS - 1) memcpy(&four, code + TQ1_FOUR_BEGIN + TQ1_FOUR * p, sizeof four);
    const __m256i rest =
        _mm256_set_m128i(_mm_cvtsi32_si128(four), _mm_loadu_si128((const __m128i *)narrow));
    const __m256i wide = _mm256_loadu_si256((const __m256i *)(code + TQ1_WIDE * p));
    x[p] = _mm512_inserti64x4(_mm512_castsi256_si512(wide), rest, 1);
  }
}

// 256 times the dot, without taking digits out: a digit is (3 f - f') / 256 of a fraction f and the
// next one, f', so that the sum of digit * x is (3 * sum of f * x - sum of f' * x) / 256.
// |sum| <= 4 * 5 * 255 * 127, and all of them, three times, for a row: < 2^28.
static inline __m512i dot_parts(const uint8_t *block, const __m512i x[Q8K_PLANES]) {
  __m512i fraction = load_digits(block);
  __m512i sum = _mm512_setzero_si512();
  __m512i next_sum = _mm512_setzero_si512();
#pragma GCC unroll 5
  for (size_t p = 0; p < TQ1_DIGITS; p++) {
    sum = _mm512_dpbusd_epi32(sum, fraction, x[p]);
    fraction = triple(fraction);
    next_sum = _mm512_dpbusd_epi32(next_sum, fraction, x[p]);
  }
  const __m512i thrice = _mm512_add_epi32(sum, _mm512_add_epi32(sum, sum));
  return _mm512_sub_epi32(thrice, next_sum);
}

static inline uint16_t scale_of(const uint8_t *block) {
  uint16_t half;
  memcpy(&half, block + TQ1_SCALE, sizeof half);
  return half;
}

static void few_compute(const mpgemm_call *call, mpgemm_tile tile) {
  q8k_rows_avx512(call, tile, TQ1_BLOCK_BYTES, spread, dot_parts, scale_of, 8);
}

// Writes the lines of count digits of four bytes of each row, step lines apart.
static inline void decode_digits(__m512i fraction, size_t count, uint8_t *line, size_t step) {
  for (size_t p = 0; p < count; p++, line += step) {
    if (p > 0) fraction = triple(fraction);
    _mm512_storeu_si512(line, codes(fraction));
  }
}

static void decode(const uint8_t *const *block, uint8_t *lines, size_t stride, float *scale) {
  __m512i dword[Q8K_AVX512_ROWS];
  uint16_t half[Q8K_AVX512_ROWS];
  for (size_t r = 0; r < Q8K_AVX512_ROWS; r++) {
    dword[r] = load_digits(block[r]);
    half[r] = scale_of(block[r]);
  }
  transpose_16x16(dword);
  for (size_t q = 0; q < TQ1_WIDE / 4; q++) {
    decode_digits(dword[q], TQ1_DIGITS, lines + q * stride, TQ1_WIDE / 4 * stride);
  }
  for (size_t q = 0; q < TQ1_NARROW / 4; q++) {
    uint8_t *line = lines + (TQ1_NARROW_BEGIN / 4 + q) * stride;
    decode_digits(dword[TQ1_WIDE / 4 + q], TQ1_DIGITS, line, TQ1_NARROW / 4 * stride);
  }
  uint8_t *line = lines + TQ1_FOUR_BEGIN / 4 * stride;
  decode_digits(dword[DWORDS - 1], TQ1_DIGITS - 1, line, stride);
  const __m256i halves = _mm256_loadu_si256((const __m256i *)half);
  _mm512_storeu_ps(scale, _mm512_cvtph_ps(halves));
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan_avx512(shape, out);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n <= FEW)
    few_compute(call, tile);
  else
    q8k_compute_avx512(call, tile, scratch, TQ1_BLOCK_BYTES, decode);
}

// What vectors of bytes do until they are codes, digits in all: two comparisons, whose masks move
// codes, for each digit, a triple for each but a vector's first.
static void count_digits(mpgemm_ops *ops, uint64_t digits, uint64_t vectors) {
  ops->add_i8 += digits * 2 * 64 + (digits - vectors) * 2 * 64;
}

static void count_planes(mpgemm_ops *ops) {
  ops->add_i8 += TQ1_DIGITS * 2 * 64;  // triples
  ops->add_i32 += 3 * 16;
  ops->bitop += 1;  // by 256, sixteen rows at a time
}

static void count_decode(mpgemm_ops *ops) {
  count_digits(ops, DWORDS * TQ1_DIGITS - 1, DWORDS);
  ops->convert += Q8K_AVX512_ROWS;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_avx2(shape, prepare);
  if (!out) return;
  if (shape.n <= FEW)
    q8k_count_rows_avx512(shape, TQ1_BLOCK_BYTES, 2 * TQ1_DIGITS, count_planes, out);
  else
    q8k_count_avx512(shape, TQ1_BLOCK_BYTES, count_decode, out);
}

const mpgemm_kernel tq1_avx512 = {
    TQ1_FIELDS,
    .name = "tq1_avx512",
    .summary = "llama.cpp TQ1_0 blocks in AVX-512 VNNI, a block a register, or lines of 16 rows",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI,
    .plan = plan,
    .prepare = q8k_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
