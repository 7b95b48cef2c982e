// tl1.h: the TL1 family (Bitnet.cpp, arXiv 2502.11880): two weights, one lookup.
//
// A pair of weights is the index 3 * w0 + w1 + 4 in 0...8 of a table of the 9 sums of the pair's
// two codes: 4 bits for two weights, 2 bits a weight.
//
// Layout "tl1_32": strips (support/strips.h) of blocks of 8 pairs, 16 inputs, 128 bytes:
//   bytes 32p + r   the index of row r: pair 2p in the low nibble, pair 2p + 1 in the high
//
// Entry 3 * w0 + w1 + 4 of a pair's table is w0 * x0 + w1 * x1; entries 9 to 15 are zero.
// Preparation "tl1_digits": no header; for each pair the low digits of its 16 entries, 16 bytes,
// and their high digits, 16 bytes (support/digits.h).
// Preparation "tl1_bytes", lossy: a header with the step; for each pair 16 bytes, its entries
// requantised to rint(entry * (127 / largest entry of the token)).
#pragma once

#include "mpgemm_kernel.h"
#include "support/digits.h"
#include "support/strips.h"

enum {
  TL1_GROUP = 2,
  TL1_PAIRS = DIGIT_TERMS,  // of a block
  TL1_INPUTS = TL1_GROUP * TL1_PAIRS,
  TL1_ENTRIES = 9,
  TL1_ZERO = 4,  // the index of two zero weights
  TL1_BLOCK = STRIP_ROWS * TL1_PAIRS / 2,
  TL1_DIGITS = 2 * TABLE_ENTRIES,  // bytes of a pair's digits
  TL1_BYTES = TABLE_ENTRIES,       // bytes of a pair's requantised entries
  TL1_CHUNK = 10,                  // blocks: |sum| <= 10 * 8 * 254 = 20320 fits 16 bits
  TL1_LOSSY_CHUNK = 20,            // blocks: |sum| <= 20 * 8 * 127 = 20320 fits 16 bits
};

extern const strip_layout tl1_layout, tl1_lossy_layout;

// The entries of a pair's table.
void tl1_entries(const int8_t x[TL1_GROUP], int16_t entry[TABLE_ENTRIES]);

size_t tl1_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void tl1_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void tl1_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);
void tl1_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan);
void tl1_lossy_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan);

extern const mpgemm_kernel tl1_lossy_portable, tl1_avx2, tl1_lossy_avx2;
extern const mpgemm_kernel tl1_neon, tl1_lossy_neon;

// What the kernels of the family have in common.
#define TL1_KERNEL                                                                       \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "tl1", .layout = "tl1_32", \
  .activation = MPGEMM_ACT_INT8, .weights = MPGEMM_W_TERNARY, .bits_per_weight = 2.0f,   \
  .packed_align = MPGEMM_ALIGN, .packed_size = tl1_packed_size, .pack = tl1_pack,        \
  .unpack = tl1_unpack

#define TL1_LOSSLESS TL1_KERNEL, .preparation = "tl1_digits", .numerics = "exact", .plan = tl1_plan

// An entry is off by at most half a step, 1 / 127 of max|x|, and there are ceil(k / 2) entries:
// at worst, for k = 3, 2 / 127 / 3 = 0.0053 for each input (0.0039 for large k).
#define TL1_LOSSY                                                                        \
  TL1_KERNEL, .preparation = "tl1_bytes", .numerics = "tl1_lossy", .tolerance = 0.0054f, \
      .nmse = 0.001f, .plan = tl1_lossy_plan
