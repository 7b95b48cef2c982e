// tl2.h: the TL2 family (Bitnet.cpp, arXiv 2502.11880): three weights, one lookup.
//
// A triple of weights is the number v = 9 * w0 + 3 * w1 + w2 in -13...13. |v| picks one of 14 sums
// of the triple's three codes from a table, and the sign of v is applied to what is found there:
// 4 bits and 1 bit for three weights, 5/3 bits a weight.
//
// Layout "tl2_32": strips (support/strips.h) of blocks of 8 triples, 24 inputs, 160 bytes:
//   bytes 0...31         signs: byte r is row r's, bit 7 - g is set where triple g has v < 0
//   bytes 32 + 32p + r   |v| of row r: triple 2p in the low nibble, triple 2p + 1 in the high
//
// Entry |v| of a triple's table is w0 * x0 + w1 * x1 + w2 * x2; entries 14 and 15 are zero.
// Preparation "tl2_digits": no header; for each triple the low digits of its 16 entries, 16 bytes,
// and their high digits, 16 bytes (support/digits.h).
// Preparation "tl2_bytes", lossy: a header with the step; for each triple 16 bytes, its entries
// requantised to rint(entry * (127 / largest entry of the token)).
#pragma once

#include "mpgemm_kernel.h"
#include "support/digits.h"
#include "support/strips.h"

enum {
  TL2_GROUP = 3,
  TL2_TRIPLES = DIGIT_TERMS,  // of a block: a byte of signs
  TL2_INPUTS = TL2_GROUP * TL2_TRIPLES,
  TL2_ENTRIES = 14,
  TL2_BLOCK = STRIP_ROWS + STRIP_ROWS * TL2_TRIPLES / 2,
  TL2_DIGITS = 2 * TABLE_ENTRIES,  // bytes of a triple's digits
  TL2_BYTES = TABLE_ENTRIES,       // bytes of a triple's requantised entries
  TL2_CHUNK = 10,                  // blocks: |sum| <= 10 * 8 * 381 = 30480 fits 16 bits
  TL2_LOSSY_CHUNK = 20,            // blocks: |sum| <= 20 * 8 * 127 = 20320 fits 16 bits
};

extern const strip_layout tl2_layout, tl2_lossy_layout;

// The entries of a triple's table.
void tl2_entries(const int8_t x[TL2_GROUP], int16_t entry[TABLE_ENTRIES]);

size_t tl2_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void tl2_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void tl2_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);
void tl2_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan);
void tl2_lossy_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan);

extern const mpgemm_kernel tl2_lossy_portable, tl2_avx2, tl2_lossy_avx2;
extern const mpgemm_kernel tl2_neon, tl2_lossy_neon;

// What the kernels of the family have in common.
#define TL2_KERNEL                                                                            \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "tl2", .layout = "tl2_32",      \
  .activation = MPGEMM_ACT_INT8, .weights = MPGEMM_W_TERNARY, .bits_per_weight = 5.0f / 3.0f, \
  .packed_align = MPGEMM_ALIGN, .packed_size = tl2_packed_size, .pack = tl2_pack,             \
  .unpack = tl2_unpack

#define TL2_LOSSLESS TL2_KERNEL, .preparation = "tl2_digits", .numerics = "exact", .plan = tl2_plan

// An entry is off by at most half a step, 1.5 / 127 of max|x|, and there are ceil(k / 3) entries:
// at worst, for k = 4, 2 * 1.5 / 127 / 4 = 0.0059 for each input (0.0039 for large k).
#define TL2_LOSSY                                                                       \
  TL2_KERNEL, .preparation = "tl2_bytes", .numerics = "tl2_lossy", .tolerance = 0.006f, \
      .nmse = 0.001f, .plan = tl2_lossy_plan
