// trit5_lut_512.h: the lookups of trit5_lut in AVX-512 VBMI.
#pragma once

#if defined(__x86_64__)

#include "support/panels_avx512.h"
#include "trit5/trit5_lut.h"

// Tokens from which on digits are isolated once for all of them.
enum { TRIT5_LUT_PANEL_TOKENS = 40 };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")

// The index of the second lookup: its bits 5:4 are the line's bits 7:6, the others the first's.
LANES_INLINE __m512i trit5_lut_second_of(__m512i line, __m512i first) {
  const __m512i from_line = _mm512_set1_epi8(0x30);
  return _mm512_ternarylogic_epi32(first, _mm512_srli_epi32(line, 2), from_line, 0xD8);
}

// Tables of one digit each, so that a lookup isolates it.
typedef struct {
  __m512i first, digit[TRIT5_DIGITS];
} trit5_lut_tables;

LANES_INLINE trit5_lut_tables trit5_lut_load(void) {
  trit5_lut_tables tables;
  tables.first = _mm512_loadu_si512(trit5_lut_first);
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    tables.digit[d] = _mm512_loadu_si512(trit5_lut_digit[d]);
  }
  return tables;
}

// The digits of a line as codes 0, 1, 2.
LANES_INLINE void trit5_lut_digits(__m512i line, const trit5_lut_tables *tables,
                                   __m512i digit[TRIT5_DIGITS]) {
  const __m512i at = trit5_lut_second_of(line, _mm512_permutexvar_epi8(line, tables->first));
#pragma GCC unroll 5
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    digit[d] = _mm512_permutexvar_epi8(d < 2 ? line : at, tables->digit[d]);
  }
}

// Unpacks the block that weight row i begins, for a panel.
static inline void trit5_lut_unpack_block(const mpgemm_call *call, size_t i, uint8_t *unpacked) {
  const size_t lines = trit5_lines(call->shape.k);
  const uint8_t *line = trit5_block(call, i);
  const trit5_lut_tables tables = trit5_lut_load();
  for (size_t l = 0; l < lines; l++, line += TRIT5_LINE) {
    stream_ahead(line);
    __m512i digit[TRIT5_DIGITS];
    trit5_lut_digits(_mm512_loadu_si512(line), &tables, digit);
#pragma GCC unroll 5
    for (size_t d = 0; d < TRIT5_DIGITS; d++, unpacked += PANEL_ROW) {
      _mm512_store_si512(unpacked, digit[d]);
    }
  }
}

// Adds what isolating the digits of all the weights so many times does.
static inline void trit5_lut_count_digits(mpgemm_shape shape, uint64_t passes,
                                          mpgemm_ops *compute) {
  const uint64_t packed = trit5_packed_size(NULL, shape.m, shape.k);
  compute->weight_bytes += passes * packed;
  compute->lookup += passes * packed * (1 + TRIT5_DIGITS);
  // A shift of 32 bits; a selection of bits.
  compute->bitop += passes * packed / sizeof(int32_t) + passes * packed;
}

TARGET_END

#endif
