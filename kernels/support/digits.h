// digits.h: table entries as two balanced digits, shared by the lossless lookup kernels.
//
// An entry of a lookup table is a sum of up to three codes, |entry| <= 3 * 127 = 381: too wide for
// the byte that a vector lookup returns. It is stored as two bytes, entry = 31 * high + low with
// |low| <= 15 and |high| <= 12, so that eight looked-up digits of either sign add up in a byte:
// 8 * 15 = 120 <= 127. High and low bytes in the usual sense (base 256) would have to be widened
// after every lookup.
#pragma once

#include <stdint.h>

enum {
  DIGIT_BASE = 31,
  DIGIT_TERMS = 8,     // digits that a byte can sum
  TABLE_ENTRIES = 16,  // what an index of 4 bits picks from
};

// The high digit: entry / 31, rounded to nearest. 33 / 1024 stands in for 1 / 31: it is off by
// |entry| / 31744 <= 0.013, less than the 1 / 62 that separates any entry / 31 from a tie.
static inline int8_t digit_high(int16_t entry) {
  return (int8_t)((entry * 32 + entry + 512) >> 10);
}

// The low digit: what the high digit leaves.
static inline int8_t digit_low(int16_t entry, int8_t high) {
  return (int8_t)(entry - high * 32 + high);
}
