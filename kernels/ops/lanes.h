// lanes.h: sums in 16 lanes, the unit in which every implementation adds.
//
// The compiler's vector types keep the lanes apart whatever the registers are: 16 lanes are four
// SSE or NEON registers, two of AVX or one of AVX-512. Lanes go by pointer: by value their calling
// convention would depend on the ISA.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mpgemm_decoder.h"

typedef float lanes __attribute__((vector_size(MPGEMM_LANES * sizeof(float))));
typedef uint32_t lane_bits __attribute__((vector_size(MPGEMM_LANES * sizeof(uint32_t))));
typedef uint16_t lane_halves __attribute__((vector_size(MPGEMM_LANES * sizeof(uint16_t))));
typedef int8_t lane_bytes __attribute__((vector_size(MPGEMM_LANES * sizeof(int8_t))));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE void load_floats(const void *from, size_t at, lanes *to) {
  memcpy(to, (const float *)from + at, sizeof *to);
}

ALWAYS_INLINE void load_brains(const void *from, size_t at, lanes *to) {
  lane_halves half;
  memcpy(&half, (const uint16_t *)from + at, sizeof half);
  const lane_bits bits = __builtin_convertvector(half, lane_bits) << 16;
  memcpy(to, &bits, sizeof *to);
}

ALWAYS_INLINE void load_bytes(const void *from, size_t at, lanes *to) {
  lane_bytes bytes;
  memcpy(&bytes, (const int8_t *)from + at, sizeof bytes);
  *to = __builtin_convertvector(bytes, lanes);
}

// The exponent of a half is 112 short of a float's; multiplying by 2^112 also mends subnormal halves.
ALWAYS_INLINE void load_halves_portable(const void *from, size_t at, lanes *to) {
  lane_halves half;
  memcpy(&half, (const uint16_t *)from + at, sizeof half);
  const lane_bits bits = __builtin_convertvector(half, lane_bits);
  const lane_bits magnitude_bits = (bits & 0x7fff) << 13, sign = (bits & 0x8000) << 16;
  lanes magnitude;
  memcpy(&magnitude, &magnitude_bits, sizeof magnitude);
  magnitude *= 0x1p112f;
  lane_bits scaled;
  memcpy(&scaled, &magnitude, sizeof scaled);
  scaled |= sign;
  memcpy(to, &scaled, sizeof *to);
}

// Adds the lanes in the order of a tree: 8 apart, then 4, 2 and 1.
ALWAYS_INLINE float total(const lanes *sum) {
  float lane[MPGEMM_LANES];
  memcpy(lane, sum, sizeof lane);
  for (size_t apart = MPGEMM_LANES / 2; apart > 0; apart /= 2) {
    for (size_t l = 0; l < apart; l++) lane[l] += lane[l + apart];
  }
  return lane[0];
}
