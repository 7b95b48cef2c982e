// trit5_512.h: the arithmetic of trit5's fractions in AVX-512.
#pragma once

#if defined(__x86_64__)

#include "support/panels_avx512.h"
#include "trit5/trit5.h"

// Tokens from which on digits are isolated once for all of them.
enum { TRIT5_PANEL_TOKENS = LANE_MOST_TOKENS + 1 };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// 3 q modulo 256: the fraction of the next digit. The empty statement hides where it comes from:
// a compiler that sees 3 (3 q) makes 9 q of it, which no byte instruction multiplies.
LANES_INLINE __m512i trit5_next_fraction(__m512i q) {
  __m512i thrice = _mm512_add_epi8(_mm512_add_epi8(q, q), q);
  __asm__("" : "+v"(thrice));
  return thrice;
}

// 255 - t, t = floor((q + floor(q / 2)) / 2): t >= 64 just where q >= 86, t >= 128 just where
// q >= 171, t < 192, so that the digit, floor(3 q / 256), is the top two bits of t. With
// p = 255 - q the averages, which round up, are 255 - floor(q / 2) and 255 - t.
LANES_INLINE __m512i trit5_complement(__m512i q) {
  const __m512i ones = _mm512_set1_epi8(-1);
  const __m512i p = _mm512_xor_si512(q, ones);
  return _mm512_avg_epu8(p, _mm512_avg_epu8(p, ones));
}

// Unpacks the block that weight row i begins, for a panel.
static inline void trit5_unpack_block(const mpgemm_call *call, size_t i, uint8_t *unpacked) {
  const size_t lines = trit5_lines(call->shape.k);
  const uint8_t *line = trit5_block(call, i);
  const __m512i mask = _mm512_set1_epi8(3);
  for (size_t l = 0; l < lines; l++, line += TRIT5_LINE) {
    stream_ahead(line);
    __m512i q = _mm512_loadu_si512(line);
#pragma GCC unroll 5
    for (size_t d = 0; d < TRIT5_DIGITS; d++, unpacked += PANEL_ROW) {
      // Bits of a neighbouring byte come in from above and are masked away.
      const __m512i digit = _mm512_andnot_si512(_mm512_srli_epi16(trit5_complement(q), 6), mask);
      _mm512_store_si512(unpacked, digit);
      q = trit5_next_fraction(q);
    }
  }
}

// Adds what unpacking all the weights so many times does.
static inline void trit5_count_unpack(mpgemm_shape shape, uint64_t passes, mpgemm_ops *compute) {
  const uint64_t packed = trit5_packed_size(NULL, shape.m, shape.k);
  compute->weight_bytes += passes * packed;
  compute->add_i8 += passes * packed * (2 * TRIT5_DIGITS + 2 * (TRIT5_DIGITS - 1));
  compute->bitop += passes * packed * 2 * TRIT5_DIGITS;                // bytes
  compute->bitop += passes * packed / sizeof(int16_t) * TRIT5_DIGITS;  // shifts of 16 bits
}

TARGET_END

#endif
