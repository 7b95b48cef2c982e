// half.h: IEEE 754 binary16 to and from float, in plain C, as the hardware's conversions do it.
#pragma once

#include <stdint.h>
#include <string.h>

// Exact: every half is a float. A signalling NaN becomes quiet.
static inline float half_to_float(uint16_t half) {
  enum { INFINITE = 0x7c00, SMALLEST_NORMAL = 0x0400 };
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  const uint32_t magnitude = half & 0x7fff;
  uint32_t bits;
  if (magnitude < SMALLEST_NORMAL) {  // a multiple of 2^-24, exact in float
    const float value = (float)magnitude * 0x1p-24f;
    memcpy(&bits, &value, sizeof bits);
  } else if (magnitude < INFINITE) {
    bits = (magnitude << 13) + ((uint32_t)(127 - 15) << 23);
  } else {
    bits = (uint32_t)255 << 23 | magnitude << 13 | (magnitude > INFINITE ? 0x00400000 : 0);
  }
  bits |= sign;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Rounds to nearest, ties to even; beyond the largest half lies infinity. NaN becomes quiet.
static inline uint16_t float_to_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t sign = bits >> 16 & 0x8000;
  const uint32_t magnitude = bits & 0x7fffffff;
  uint32_t half;
  if (magnitude > 0x7f800000) {
    half = 0x7e00 | (magnitude >> 13 & 0x03ff);
  } else if (magnitude >= 0x477ff000) {  // 65520, halfway from the largest half to 2^16
    half = 0x7c00;
  } else if (magnitude < 0x38800000) {  // below 2^-14 halves are the multiples of 2^-24:
    float sum;                          // so are the floats from 0.5 to 1, and adding rounds to one
    memcpy(&sum, &magnitude, sizeof sum);
    sum += 0.5f;
    memcpy(&half, &sum, sizeof half);
    half -= 0x3f000000;
  } else {  // 13 bits fall off: add just under half of their unit, a whole half if the rest is odd
    half = (magnitude - ((uint32_t)(127 - 15) << 23) + 0x0fff + (magnitude >> 13 & 1)) >> 13;
  }
  return (uint16_t)(sign | half);
}
