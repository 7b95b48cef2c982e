// transpose_avx2.h: rows of bytes to lines of four bytes a row. Include only where __x86_64__ is
// defined.
#pragma once

#include <immintrin.h>

#include "support/target.h"

TARGET_BEGIN("avx2")

// Exchanges rows and dwords: dword q of row[r] becomes dword r of row[q].
static inline __attribute__((always_inline)) void transpose_8x8(__m256i row[8]) {
  __m256i pair[8];  // dwords q of two rows beside each other
  for (size_t r = 0; r < 8; r += 2) {
    pair[r] = _mm256_unpacklo_epi32(row[r], row[r + 1]);
    pair[r + 1] = _mm256_unpackhi_epi32(row[r], row[r + 1]);
  }
  __m256i four[8];  // four[4 g + c]: dwords c, 4 + c of rows 4 g to 4 g + 3
  for (size_t r = 0; r < 8; r += 4) {
    four[r] = _mm256_unpacklo_epi64(pair[r], pair[r + 2]);
    four[r + 1] = _mm256_unpackhi_epi64(pair[r], pair[r + 2]);
    four[r + 2] = _mm256_unpacklo_epi64(pair[r + 1], pair[r + 3]);
    four[r + 3] = _mm256_unpackhi_epi64(pair[r + 1], pair[r + 3]);
  }
  for (size_t c = 0; c < 4; c++) {
    row[c] = _mm256_permute2x128_si256(four[c], four[4 + c], 0x20);
    row[4 + c] = _mm256_permute2x128_si256(four[c], four[4 + c], 0x31);
  }
}

TARGET_END
