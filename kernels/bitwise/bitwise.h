// bitwise.h: weights as two bit planes, P where w = +1 and N where w = -1: 2 bits a weight.
//
// Layout "bitplanes_row256": row i is ceil(k / 256) blocks of 64 bytes: 32 of P, then 32 of N. Bit
// j % 8 of byte j / 8 of a plane belongs to the block's weight j.
//
// Layout "bitplanes_strip32": ceil(m / 32) strips of 32 rows; a strip is a sequence of groups of
// four inputs, 4 ceil(k / 16) of them, 32 bytes each: byte 2 l belongs to row l of the strip, byte
// 2 l + 1 to row 16 + l. Bit i of its low nibble is P of input i of the group, of its high nibble N.
//
// Padding rows and inputs have no bit set. A weight with both bits set is illegal.
//
// Preparation "bit_slices", n tokens of ceil(k / 256) blocks of 256 bytes: the codes' bits, in two's
// complement, as eight planes of 32 bytes, the least significant first, in the order of P. In
// "bit_slices_nibbles" a plane is 64 bytes: the low nibbles of its bytes, then the high ones.
//
// Preparation "bit_luts", n tokens of 4 ceil(k / 16) groups of 32 bytes: a table of the 16 sums of
// any of four codes, entry e summing the codes whose bit is set in e. |entry| <= 4 * 127 = 508 is
// too wide for the byte that a vector lookup returns, so it is stored as two balanced digits,
// entry = 32 * high + low: 16 bytes low, -16...15, then 16 bytes high, -16...16.
#pragma once

#include "mpgemm_kernel.h"
#include "support/rows.h"

enum {
  SLICES = 8,         // bit planes of a code
  SLICE_BLOCK = 256,  // inputs of a block of planes
  PLANE_BYTES = SLICE_BLOCK / 8,
  STRIP_ROWS = 32,   // rows of a strip
  GROUP = 4,         // inputs of a lookup
  GROUP_BYTES = 32,  // of a strip's group of weights, and of a table
  BATCH = 4,         // groups whose digits are summed in bytes
  BATCH_INPUTS = GROUP * BATCH,
  TABLE = 1 << GROUP,  // entries
  DIGIT_BITS = 5,      // log2 of the base
};

// What both kernels of a layout share.
size_t popcount_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void popcount_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void popcount_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                     int8_t *w);

size_t lut_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void lut_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void lut_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);

#define BITWISE_FIELDS                                                                        \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "bitwise", .numerics = "exact", \
  .activation = MPGEMM_ACT_INT8, .weights = MPGEMM_W_TERNARY, .bits_per_weight = 2.0f,        \
  .packed_align = 32

#define BITWISE_POPCOUNT_FIELDS                                                      \
  BITWISE_FIELDS, .layout = "bitplanes_row256", .packed_size = popcount_packed_size, \
      .pack = popcount_pack, .unpack = popcount_unpack

#define BITWISE_LUT_FIELDS                                                  \
  BITWISE_FIELDS, .layout = "bitplanes_strip32", .preparation = "bit_luts", \
      .packed_size = lut_packed_size, .pack = lut_pack, .unpack = lut_unpack

// The blocks and groups of a row, padding included.
static inline size_t slice_blocks(size_t k) {
  return blocks_of(k, SLICE_BLOCK);
}

static inline size_t lut_groups(size_t k) {
  return blocks_of(k, BATCH_INPUTS) * BATCH;
}

// Slices the codes of a range to planes of plane_bytes: 32 for "bit_slices", 64 for nibbles.
void slice_codes(size_t n, size_t k, const mpgemm_input *input, mpgemm_range range,
                 size_t plane_bytes, uint8_t *prepared);
void slice_plan(mpgemm_shape shape, size_t plane_bytes, mpgemm_plan *plan);
void slice_count(mpgemm_shape shape, size_t plane_bytes, mpgemm_ops *prepare);

// Fills the plan's prepare fields for "bit_luts".
void lut_plan_prepare(mpgemm_shape shape, mpgemm_plan *plan);

// The prepare function of "bit_luts" on AVX2; the bytes are the portable one's.
void lut_prepare_avx2(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared);

// Adds what one such prepare of n x k does.
void lut_count_prepare_avx2(mpgemm_shape shape, mpgemm_ops *prepare);

extern const mpgemm_kernel bitwise_popcount_portable, bitwise_popcount_avx2;
extern const mpgemm_kernel bitwise_popcount_avx512, bitwise_lut_avx512;
extern const mpgemm_kernel bitwise_lut_portable, bitwise_lut_avx2;
extern const mpgemm_kernel bitwise_popcount_neon, bitwise_lut_neon;
