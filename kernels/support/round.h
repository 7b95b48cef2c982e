// round.h: rounding to the nearest integer without a maths library.
#pragma once

#include <stdint.h>
#include <string.h>

// Adding 1.5 * 2^23 leaves a float whose unit is 1: the addition itself rounds to nearest, ties to
// even, and the integer sits in the low bits. This is rint for |value| <= 2^22 without a call. The
// caller passes a value that is already rounded to float: nothing fuses with the addition.
static inline int32_t round_to_even(float value) {
  const float shift = 0x1.8p23f;
  const float shifted = value + shift;
  int32_t bits, zero;
  memcpy(&bits, &shifted, sizeof bits);
  memcpy(&zero, &shift, sizeof zero);
  return bits - zero;
}
