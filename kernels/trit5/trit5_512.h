// trit5_512.h: the arithmetic of trit5's fractions in AVX-512.
#pragma once

#if defined(__x86_64__)

#include "support/lanes_avx512.h"
#include "trit5/trit5.h"

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

TARGET_END

#endif
