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
#include "support/stream.h"

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

enum {
  Q6K_BLOCK = 256,
  Q6K_BLOCK_BYTES = 210,
  // Where the parts of a block begin; the low bits are first.
  Q6K_HIGH = 128,
  Q6K_SCALES = 192,
  Q6K_FACTOR = 208,
};

// Sixteen weights of a row of Q6_K blocks, which are those of one scale.
//
// Weight j of a block's half: its low bits in byte j % 64, lower four where j < 64; its high bits in
// byte j % 32, pair j / 32.
ALWAYS_INLINE void load_q6k(const void *from, size_t at, lanes *to) {
  const uint8_t *block = (const uint8_t *)from + at / Q6K_BLOCK * Q6K_BLOCK_BYTES;
  const size_t half = at % Q6K_BLOCK / 128, j = at % 128;
  typedef uint8_t lane_codes __attribute__((vector_size(MPGEMM_LANES)));
  lane_codes low_bytes, high_bytes;
  memcpy(&low_bytes, block + half * 64 + j % 64, sizeof low_bytes);
  memcpy(&high_bytes, block + Q6K_HIGH + half * 32 + j % 32, sizeof high_bytes);
  const lane_bits low =
      __builtin_convertvector(low_bytes, lane_bits) >> (uint32_t)(j / 64 * 4) & 15;
  const lane_bits high =
      __builtin_convertvector(high_bytes, lane_bits) >> (uint32_t)(j / 32 * 2) & 3;
  typedef int32_t lane_ints __attribute__((vector_size(MPGEMM_LANES * sizeof(int32_t))));
  const lane_bits code = low | high << 4;
  lane_ints weight;
  memcpy(&weight, &code, sizeof weight);
  weight -= 32;
  int8_t scale;
  memcpy(&scale, block + Q6K_SCALES + at % Q6K_BLOCK / 16, sizeof scale);
  const uint32_t factor_bits = block[Q6K_FACTOR] | (uint32_t)block[Q6K_FACTOR + 1] << 8;
  const uint32_t magnitude_bits = (factor_bits & 0x7fff) << 13;
  float factor;
  memcpy(&factor, &magnitude_bits, sizeof factor);
  factor *= 0x1p112f;
  const float scaled = (factor_bits & 0x8000 ? -factor : factor) * (float)scale;
  *to = __builtin_convertvector(weight, lanes) * scaled;
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

// Shuffles of two sums for adding the lanes of many at once. Halves, quarters and pairs are of the 16
// lanes; quarters stay where they are in FIRST_PAIRS and below, so that none of it crosses a register of
// four lanes.
#define FIRST_HALVES(a, b) \
  __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define SECOND_HALVES(a, b) \
  __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define EVEN_QUARTERS(a, b) \
  __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD_QUARTERS(a, b) \
  __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
#define FIRST_PAIRS(a, b) \
  __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define SECOND_PAIRS(a, b) \
  __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define EVEN_LANES(a, b) \
  __builtin_shufflevector(a, b, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30)
#define ODD_LANES(a, b) \
  __builtin_shufflevector(a, b, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31)
