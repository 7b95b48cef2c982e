// tq2.h: llama.cpp's TQ2_0 blocks (ggml-common.h; pull request 8151).
//
// Layout "tq2_0": row i is ceil(k / 256) blocks of 66 bytes, the last one padded with zero weights.
//
//   uint8 code[64]   two halves of 32 bytes; byte m of half h holds weights 128 h + m + 32 p,
//                    p = 0...3, as w + 1 in bits 2p and 2p + 1
//   fp16  scale      d; pack writes 1, or 0 for an all-zero block
//
// 66 bytes for 256 weights are 2.0625 bits per weight. Where k is a multiple of 256 these are the
// bytes of a GGUF tensor. Only the first byte of a matrix is aligned.
#pragma once

#include "support/q8k.h"

enum {
  TQ2_CODES = 64,  // bytes of codes
  TQ2_HALF = 32,   // bytes that hold 128 weights
  TQ2_SCALE = TQ2_CODES,
  TQ2_BLOCK_BYTES = TQ2_CODES + 2,
};

size_t tq2_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void tq2_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void tq2_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);

#define TQ2_FIELDS                                                                              \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "tq2", .layout = "tq2_0",         \
  Q8K_NUMERICS, .bits_per_weight = 2.0625f, .packed_align = 32, .packed_size = tq2_packed_size, \
  .pack = tq2_pack, .unpack = tq2_unpack

extern const mpgemm_kernel tq2_avx2, tq2_avxvnni, tq2_avx512;
extern const mpgemm_kernel tq2_neon, tq2_dotprod;
