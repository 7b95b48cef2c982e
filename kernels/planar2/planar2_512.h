// planar2_512.h: planar2's planes in AVX-512.
#pragma once

#if defined(__x86_64__)

#include "planar2/planar2.h"
#include "support/panels_avx512.h"

// Tokens from which on planes are unpacked once for all: shifts and masks are few, stores are not.
enum { PLANAR2_PANEL_TOKENS = 40 };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// Plane p of a line as codes 0, 1, 2: bits of a neighbouring byte come in from above and are masked.
LANES_INLINE __m512i planar2_plane(__m512i line, size_t p) {
  const __m512i mask = _mm512_set1_epi8(3);
  return _mm512_and_si512(p ? _mm512_srli_epi32(line, 2 * (unsigned)p) : line, mask);
}

// Unpacks the block that weight row i begins, for a panel.
static inline void planar2_unpack_block(const mpgemm_call *call, size_t i, uint8_t *unpacked) {
  const size_t lines = planar2_lines(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  for (size_t l = 0; l < lines; l++, line += PLANAR2_LINE) {
    stream_ahead(line);
    const __m512i codes = _mm512_loadu_si512(line);
#pragma GCC unroll 4
    for (size_t p = 0; p < PLANAR2_PLANES; p++, unpacked += PANEL_ROW) {
      _mm512_store_si512(unpacked, planar2_plane(codes, p));
    }
  }
}

// Adds what unpacking all the weights so many times does.
static inline void planar2_count_unpack(mpgemm_shape shape, uint64_t passes, mpgemm_ops *compute) {
  const uint64_t packed = planar2_packed_size(NULL, shape.m, shape.k);
  compute->weight_bytes += passes * packed;
  // Masks of bytes, shifts of 32 bits.
  compute->bitop += passes * packed * PLANAR2_PLANES;
  compute->bitop += passes * packed / sizeof(int32_t) * (PLANAR2_PLANES - 1);
}

TARGET_END

#endif
