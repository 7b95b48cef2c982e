// i2s.h: two bits a weight, multiplied as unsigned codes and corrected by the sum of the activations.
//
// Layout "i2s_128", the bytes of bitnet.cpp's I2_S on x86 where K is a multiple of 128:
//   code = w + 1, so -1, 0, +1 are 0, 1, 2; 3 does not occur.
//   A block holds 128 consecutive weights of one row in 32 bytes. Byte j holds
//     bits 7:6  weight j          bits 5:4  weight j + 32
//     bits 3:2  weight j + 64     bits 1:0  weight j + 96
//   A row is its blocks in order, the last one filled up with zero weights (code 1, not code 0).
//   Rows follow one another without gaps. No scale is stored: scales come as w_scale.
//
// With codes instead of weights, sum(code * x) = sum(w * x) + sum(x), and input->sum holds sum(x).
// Padding adds nothing because the prepared activations there are zero.
#pragma once

#include "mpgemm_kernel.h"
#include "support/rows.h"

enum {
  I2S_BLOCK = 128,       // weights in a block
  I2S_BLOCK_BYTES = 32,  // bytes in a block
};

static inline size_t i2s_blocks(size_t k) {
  return blocks_of(k, I2S_BLOCK);
}

static inline size_t i2s_row_bytes(size_t k) {
  return i2s_blocks(k) * I2S_BLOCK_BYTES;
}

size_t i2s_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void i2s_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void i2s_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);

// What all of the family's descriptors share, and those of them that read plain activation rows.
#define I2S_LAYOUT                                                                        \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "i2s", .layout = "i2s_128", \
  .numerics = "exact", .activation = MPGEMM_ACT_INT8, .weights = MPGEMM_W_TERNARY,        \
  .bits_per_weight = 2, .tolerance = 0, .nmse = 0, .packed_align = I2S_BLOCK_BYTES,       \
  .packed_size = i2s_packed_size, .pack = i2s_pack, .unpack = i2s_unpack
#define I2S_KERNEL I2S_LAYOUT, .preparation = "int8_rows", .prepare = int8_rows_prepare

extern const mpgemm_kernel i2s_portable;
#if defined(__x86_64__)
extern const mpgemm_kernel i2s_avx2, i2s_avxvnni, i2s_avx512;
#elif defined(__aarch64__)
extern const mpgemm_kernel i2s_neon, i2s_dotprod, i2s_i8mm, i2s_sve;
#endif
