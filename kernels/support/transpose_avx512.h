// transpose_avx512.h: rows of bytes to lines of four bytes a row. Include only where __x86_64__ is
// defined.
#pragma once

#include <immintrin.h>

#include "support/target.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl")

// Exchanges rows and dwords: dword q of row[r] becomes dword r of row[q].
static inline __attribute__((always_inline)) void transpose_16x16(__m512i row[16]) {
  __m512i pair[16];  // dwords q of two rows beside each other
  for (size_t r = 0; r < 16; r += 2) {
    pair[r] = _mm512_unpacklo_epi32(row[r], row[r + 1]);
    pair[r + 1] = _mm512_unpackhi_epi32(row[r], row[r + 1]);
  }
  __m512i four[16];  // four[4 g + c]: dwords c, 4 + c, 8 + c, 12 + c of rows 4 g to 4 g + 3
  for (size_t r = 0; r < 16; r += 4) {
    four[r] = _mm512_unpacklo_epi64(pair[r], pair[r + 2]);
    four[r + 1] = _mm512_unpackhi_epi64(pair[r], pair[r + 2]);
    four[r + 2] = _mm512_unpacklo_epi64(pair[r + 1], pair[r + 3]);
    four[r + 3] = _mm512_unpackhi_epi64(pair[r + 1], pair[r + 3]);
  }
  for (size_t c = 0; c < 4; c++) {
    const __m512i low01 = _mm512_shuffle_i32x4(four[c], four[4 + c], 0x88);
    const __m512i high01 = _mm512_shuffle_i32x4(four[c], four[4 + c], 0xdd);
    const __m512i low23 = _mm512_shuffle_i32x4(four[8 + c], four[12 + c], 0x88);
    const __m512i high23 = _mm512_shuffle_i32x4(four[8 + c], four[12 + c], 0xdd);
    row[c] = _mm512_shuffle_i32x4(low01, low23, 0x88);
    row[8 + c] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
    row[4 + c] = _mm512_shuffle_i32x4(high01, high23, 0x88);
    row[12 + c] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
  }
}

TARGET_END
