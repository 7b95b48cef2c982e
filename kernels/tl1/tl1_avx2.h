// tl1_avx2.h: what the lossless and the lossy AVX2 kernel share. Only where __x86_64__ is defined.
#pragma once

#include "support/strips_avx2.h"
#include "tl1/tl1.h"

TARGET_BEGIN("avx2,fma,f16c")

// The entries of a pair's table: the weights of indices 0...8 times the codes; the rest are zero.
static inline __m256i tl1_avx2_entries(const int8_t *x) {
  const __m256i w0 = _mm256_setr_epi16(-1, -1, -1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0);
  const __m256i w1 = _mm256_setr_epi16(-1, 0, 1, -1, 0, 1, -1, 0, 1, 0, 0, 0, 0, 0, 0, 0);
  const __m256i x0 = _mm256_sign_epi16(_mm256_set1_epi16(x[0]), w0);
  const __m256i x1 = _mm256_sign_epi16(_mm256_set1_epi16(x[1]), w1);
  return _mm256_add_epi16(x0, x1);
}

// The indices of pair g of a block.
static inline __m256i tl1_avx2_index(const uint8_t *block, int g) {
  const __m256i codes = load_rows(block + STRIP_ROWS * (g / 2));
  const __m256i nibble = _mm256_set1_epi8(15);
  return _mm256_and_si256(g % 2 ? _mm256_srli_epi16(codes, 4) : codes, nibble);
}

TARGET_END
