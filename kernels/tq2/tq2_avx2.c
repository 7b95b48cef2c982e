// tq2_avx2.c: TQ2_0 in AVX2: codes masked in place, multiplied in int8, summed in int16 a block long.
#if defined(__x86_64__)

#include <string.h>

#include "support/q8k_avx2.h"
#include "support/tq_blocks.h"
#include "tq2/tq2.h"

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256i load(const void *bytes) {
  return _mm256_loadu_si256(bytes);
}

// One row's block: 16 int16 parts of its dot. Codes in bits 2 and 3 of a nibble are multiplied
// where they lie, four times too large, which saves the shift: the sum of such products is a
// multiple of 4. With the illegal code 3: |ones| <= 4 * 2 * 3 * 127 = 3048, |fours| <= 12192.
static inline __m256i dot_parts(const uint8_t *block, const int8_t *x) {
  const __m256i low_bits = _mm256_set1_epi8(0x03);
  const __m256i high_bits = _mm256_set1_epi8(0x0c);
  __m256i ones = _mm256_setzero_si256();
  __m256i fours = _mm256_setzero_si256();
  for (size_t h = 0; h < 2; h++) {
    const __m256i byte = load(block + TQ2_HALF * h);
    const __m256i upper = _mm256_srli_epi16(byte, 4);  // the masks drop the neighbour's bits
    const int8_t *const input = x + 128 * h;
    const __m256i code0 = _mm256_and_si256(byte, low_bits);
    const __m256i code1 = _mm256_and_si256(byte, high_bits);
    const __m256i code2 = _mm256_and_si256(upper, low_bits);
    const __m256i code3 = _mm256_and_si256(upper, high_bits);
    ones = _mm256_add_epi16(ones, _mm256_maddubs_epi16(code0, load(input)));
    fours = _mm256_add_epi16(fours, _mm256_maddubs_epi16(code1, load(input + 32)));
    ones = _mm256_add_epi16(ones, _mm256_maddubs_epi16(code2, load(input + 64)));
    fours = _mm256_add_epi16(fours, _mm256_maddubs_epi16(code3, load(input + 96)));
  }
  return _mm256_add_epi16(ones, _mm256_srai_epi16(fours, 2));
}

static inline int16_t scale_bits(const uint8_t *block) {
  int16_t bits;
  memcpy(&bits, block + TQ2_SCALE, sizeof bits);
  return bits;
}

static inline __m256i eight_dots(const uint8_t *const block[Q8K_AVX2_ROWS], const int8_t *x,
                                 int32_t sum, __m256 *w_scale) {
  __m256i pair[4];
#pragma GCC unroll 4
  for (size_t r = 0; r < 4; r++) {
    pair[r] = q8k_halves(dot_parts(block[r], x), dot_parts(block[r + 4], x));
  }
  const __m128i half = _mm_setr_epi16(
      scale_bits(block[0]), scale_bits(block[1]), scale_bits(block[2]), scale_bits(block[3]),
      scale_bits(block[4]), scale_bits(block[5]), scale_bits(block[6]), scale_bits(block[7]));
  *w_scale = _mm256_cvtph_ps(half);
  return _mm256_sub_epi32(q8k_dots_of(pair), _mm256_set1_epi32(sum));  // of w + 1 to of w
}

static float decode(const uint8_t *block, uint8_t *code) {
  const __m256i low_bits = _mm256_set1_epi8(0x03);
  for (size_t h = 0; h < 2; h++) {
    __m256i byte = load(block + TQ2_HALF * h);
    for (size_t p = 0; p < 4; p++) {
      _mm256_storeu_si256((__m256i *)(code + 128 * h + 32 * p), _mm256_and_si256(byte, low_bits));
      byte = _mm256_srli_epi16(byte, 2);
    }
  }
  return tq_scale(block + TQ2_SCALE);
}

static void gemv(const mpgemm_call *call, mpgemm_tile tile) {
  q8k_gemv_avx2(call, tile, 0, TQ2_BLOCK_BYTES, eight_dots);
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
    q8k_gemm_avx2(call, tile, scratch, TQ2_BLOCK_BYTES, decode);
}

static void count_dots(mpgemm_ops *ops) {
  const uint64_t rows = Q8K_AVX2_ROWS;
  ops->bitop += rows * (2 * 16 + 8 * 32 + 16);  // shift and mask bytes; shift the fours
  ops->mul_i8 += rows * Q8K_BLOCK;
  ops->add_i16 += rows * (Q8K_BLOCK / 2 + 6 * 16 + 16);  // in maddubs, to the sums, of the two
  ops->add_i32 += rows + 1;  // the sum of codes, which compilers negate before it is spread
  ops->convert += rows;
}

static void count_decode(mpgemm_ops *ops) {
  ops->bitop += Q8K_BLOCK + 6 * 16;  // masks, shifts of words
  ops->convert += 1;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_avx2(shape, prepare);
  if (out) q8k_count_avx2(shape, TQ2_BLOCK_BYTES, count_dots, count_decode, out);
}

const mpgemm_kernel tq2_avx2 = {
    TQ2_FIELDS,
    .name = "tq2_avx2",
    .summary = "llama.cpp TQ2_0 blocks in AVX2, eight dots at a time",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .prepare = q8k_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
