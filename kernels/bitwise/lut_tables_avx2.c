// lut_tables_avx2.c: the preparation "bit_luts" on AVX2: a table of 16 sums a step.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "bitwise/bitwise.h"
#include "support/target.h"

TARGET_BEGIN("avx2,fma,f16c")

// 16 entries as int16: multiply-adds of the codes with the bits of the entries' numbers.
static inline __m256i entries_of(const int8_t *code) {
  int32_t four;
  memcpy(&four, code, sizeof four);
  const __m256i codes = _mm256_set1_epi32(four);
  // Entries 0-3 | 8-11 and 4-7 | 12-15, four bytes each, so that packing leaves them in order.
  const __m256i even = _mm256_setr_epi32(0x00000000, 0x00000001, 0x00000100, 0x00000101, 0x01000000,
                                         0x01000001, 0x01000100, 0x01000101);
  const __m256i odd = _mm256_or_si256(even, _mm256_set1_epi32(0x00010000));
  const __m256i ones = _mm256_set1_epi16(1);
  // |pairs| <= 2 * 127
  const __m256i even_sums = _mm256_madd_epi16(_mm256_maddubs_epi16(even, codes), ones);
  const __m256i odd_sums = _mm256_madd_epi16(_mm256_maddubs_epi16(odd, codes), ones);
  return _mm256_packs_epi32(even_sums, odd_sums);
}

static inline void build_table(const int8_t *code, int8_t *table) {
  const __m256i entry = entries_of(code);
  const __m256i half = _mm256_set1_epi16(1 << (DIGIT_BITS - 1));
  const __m256i high = _mm256_srai_epi16(_mm256_add_epi16(entry, half), DIGIT_BITS);
  const __m256i low = _mm256_sub_epi16(entry, _mm256_slli_epi16(high, DIGIT_BITS));
  const __m256i digits = _mm256_packs_epi16(low, high);  // within bytes: nothing saturates
  _mm256_storeu_si256((__m256i *)(void *)table, _mm256_permute4x64_epi64(digits, 0xd8));
}

void lut_prepare_avx2(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  const int8_t *const x = input->x;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    int8_t *table = (int8_t *)prepared + (t * lut_groups(k) + range.k_begin / GROUP) * GROUP_BYTES;
    for (size_t j = range.k_begin; j < range.k_end; j += BATCH_INPUTS) {
      int8_t padded[BATCH_INPUTS] = {0};
      const int8_t *code = x + t * input->ldx + j;
      if (k - j < BATCH_INPUTS) code = memcpy(padded, code, k - j);
      for (size_t g = 0; g < BATCH; g++, table += GROUP_BYTES) build_table(code + GROUP * g, table);
    }
  }
}

TARGET_END

void lut_count_prepare_avx2(mpgemm_shape shape, mpgemm_ops *prepare) {
  const uint64_t tables = shape.n * lut_groups(shape.k);
  prepare->mul_i8 += tables * 64;              // by bits
  prepare->add_i16 += tables * (32 + 2 * 16);  // of pairs; rounding, remainder
  prepare->add_i32 += tables * 16;             // of pairs
  prepare->bitop += tables * (16 + 32);        // a shift; another is a mask of bytes
  prepare->input_bytes += (uint64_t)shape.n * shape.k;
  prepare->prepared_bytes += tables * GROUP_BYTES;
}

#endif
