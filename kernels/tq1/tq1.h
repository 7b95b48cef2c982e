// tq1.h: llama.cpp's TQ1_0 blocks (ggml-common.h; pull request 8151).
//
// Layout "tq1_0": row i is ceil(k / 256) blocks of 54 bytes, the last one padded with zero weights.
//
//   uint8 five[48]   bytes 0...31: byte m holds weights m + 32 p, p = 0...4;
//                    bytes 32...47: byte 32 + m holds weights 160 + m + 16 p, p = 0...4
//   uint8 four[4]    byte m holds weights 240 + m + 4 p, p = 0...3
//   fp16  scale      d; pack writes 1, or 0 for an all-zero block
//
// A byte holds five digits w + 1 in base 3, the first most significant (four digits are followed by
// a 0): v in 0...242, stored as the fraction ceil(v * 256 / 243). Times 3, the carry out of the byte
// is the first digit, and what is left is the fraction of the others:
//
//   digit = (byte * 3) >> 8        byte = (byte * 3) & 255
//
// 54 bytes for 256 weights are 1.6875 bits per weight. Where k is a multiple of 256 these are the
// bytes of a GGUF tensor. Only the first byte of a matrix is aligned.
#pragma once

#include "support/q8k.h"

enum {
  TQ1_WIDE = 32,    // bytes, and distance of a byte's weights, of the first part,
  TQ1_NARROW = 16,  // of the second,
  TQ1_FOUR = 4,     // and of the third
  TQ1_DIGITS = 5,   // digits a byte, 4 in the third part
  TQ1_NARROW_BEGIN = TQ1_WIDE * TQ1_DIGITS,                     // weight 160
  TQ1_FOUR_BEGIN = TQ1_NARROW_BEGIN + TQ1_NARROW * TQ1_DIGITS,  // weight 240
  TQ1_SCALE = TQ1_WIDE + TQ1_NARROW + TQ1_FOUR,                 // byte 52
  TQ1_BLOCK_BYTES = TQ1_SCALE + 2,
};

size_t tq1_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void tq1_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void tq1_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);

#define TQ1_FIELDS                                                                              \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "tq1", .layout = "tq1_0",         \
  Q8K_NUMERICS, .bits_per_weight = 1.6875f, .packed_align = 32, .packed_size = tq1_packed_size, \
  .pack = tq1_pack, .unpack = tq1_unpack

extern const mpgemm_kernel tq1_avx2, tq1_avxvnni, tq1_avx512;
extern const mpgemm_kernel tq1_neon, tq1_dotprod;
