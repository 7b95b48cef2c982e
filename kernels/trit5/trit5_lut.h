// trit5_lut.h: five weights a byte that two lookups take apart.
//
// Layout "trit5_lut_16": lines, blocks, digits and padding as in "trit5_16" (trit5.h), but for what
// a byte holds. Of its five digits, with p = 3 d0 + d1 in 0...8 and s = 9 d2 + 3 d3 + d4 in 0...26,
//
//   bits 5:0   7 p + floor(s / 4), 0...62
//   bits 7:6   s mod 4
//
// The lower six bits look up d0, d1 and floor(s / 4), which with the upper two look up the others:
// VPERMB's tables have 64 entries, and each lookup leaves digits of two bits in one byte, that masks
// isolate. For 320 weights that is 9 instructions and 5 products, where trit5_16 has 10 and 10.
#pragma once

#include "trit5/trit5.h"

enum { TRIT5_LUT_ENTRIES = 64 };

// What the lower six bits of a byte look up:
//   bits 3:0  floor(s / 4)    bits 5:4  d0    bits 7:6  d1
extern const uint8_t trit5_lut_first[TRIT5_LUT_ENTRIES];

// What floor(s / 4) in bits 3:0 and s mod 4 in bits 5:4 look up:
//   bits 1:0  d2    bits 3:2  d3    bits 5:4  d4
extern const uint8_t trit5_lut_second[TRIT5_LUT_ENTRIES];

// Each digit alone: the first two by the lower six bits of a byte, the others as above.
extern const uint8_t trit5_lut_digit[TRIT5_DIGITS][TRIT5_LUT_ENTRIES];

void trit5_lut_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void trit5_lut_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                      int8_t *w);

// What all kernels of this layout share, and those of them that read plain activation rows.
#define TRIT5_LUT_LAYOUT \
  TRIT5_FIELDS, .layout = "trit5_lut_16", .pack = trit5_lut_pack, .unpack = trit5_lut_unpack
#define TRIT5_LUT_KERNEL TRIT5_LUT_LAYOUT, .preparation = "int8_rows", .prepare = int8_rows_prepare

extern const mpgemm_kernel trit5_lut_portable;
#if defined(__x86_64__)
extern const mpgemm_kernel trit5_lut_avx512;
extern const mpgemm_kernel trit5_lut_amx;
#endif
