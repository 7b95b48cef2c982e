// tl2_avx2.h: what the lossless and the lossy AVX2 kernel share. Only where __x86_64__ is defined.
#pragma once

#include "support/strips_avx2.h"
#include "tl2/tl2.h"

TARGET_BEGIN("avx2,fma,f16c")

// The entries of a triple's table: the weights of |v| = 0...13 times the codes; 14 and 15 are zero.
static inline __m256i tl2_avx2_entries(const int8_t *x) {
  const __m256i w0 = _mm256_setr_epi16(0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0);
  const __m256i w1 = _mm256_setr_epi16(0, 0, 1, 1, 1, -1, -1, -1, 0, 0, 0, 1, 1, 1, 0, 0);
  const __m256i w2 = _mm256_setr_epi16(0, 1, -1, 0, 1, -1, 0, 1, -1, 0, 1, -1, 0, 1, 0, 0);
  const __m256i x0 = _mm256_sign_epi16(_mm256_set1_epi16(x[0]), w0);
  const __m256i x1 = _mm256_sign_epi16(_mm256_set1_epi16(x[1]), w1);
  const __m256i x2 = _mm256_sign_epi16(_mm256_set1_epi16(x[2]), w2);
  return _mm256_add_epi16(_mm256_add_epi16(x0, x1), x2);
}

// The indices of triple g of a block.
static inline __m256i tl2_avx2_index(const uint8_t *block, int g) {
  const __m256i codes = load_rows(block + STRIP_ROWS * (1 + g / 2));
  const __m256i nibble = _mm256_set1_epi8(15);
  return _mm256_and_si256(g % 2 ? _mm256_srli_epi16(codes, 4) : codes, nibble);
}

// A block's signs for vpsignb: bit 7 of a byte decides, and no byte may be zero.
typedef struct {
  __m256i first;  // shifted left by g, the signs of triples 0...6
  __m256i last;   // the signs of triple 7
} tl2_avx2_signs;

static inline tl2_avx2_signs tl2_avx2_load_signs(const uint8_t *block) {
  const __m256i one = _mm256_set1_epi8(1);
  const __m256i signs = load_rows(block);
  return (tl2_avx2_signs){
      .first = _mm256_or_si256(signs, one),
      .last = _mm256_or_si256(_mm256_slli_epi16(signs, 7), one),
  };
}

// The signs of triple g. Bits that move in from the byte below do no harm.
static inline __m256i tl2_avx2_sign(tl2_avx2_signs signs, int g) {
  return g < 7 ? _mm256_slli_epi16(signs.first, g) : signs.last;
}

TARGET_END
