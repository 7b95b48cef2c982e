// int8.h: ternary weights stored as one byte each, the plainest layout a kernel can read.
//
// Layout "int8": w[i][j] as int8_t at i * k + j, values -1, 0, +1 and nothing else, no padding.
// Kernels read it two ways: "dequant" scales each weight to a float and multiplies float32
// activations; "dot" multiplies int8 activations into int32 sums, exactly.
#pragma once

#include "mpgemm_kernel.h"
#include "support/rows.h"
#include "support/unprepared.h"

size_t int8_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void int8_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void int8_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);

extern const mpgemm_kernel int8_dot_portable, int8_dot_avx2, int8_dot_avxvnni, int8_dot_avx512;
extern const mpgemm_kernel int8_dequant_portable, int8_dequant_avx2;
extern const mpgemm_kernel int8_dot_neon, int8_dot_dotprod, int8_dequant_neon;

// What all of the family's descriptors share.
#define INT8_KERNEL                                                                     \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "int8", .layout = "int8", \
  .weights = MPGEMM_W_TERNARY, .bits_per_weight = 8, .packed_align = MPGEMM_ALIGN,      \
  .packed_size = int8_packed_size, .pack = int8_pack, .unpack = int8_unpack

// What those on int8 activations share, and those on float activations.
#define INT8_DOT_KERNEL                                                                        \
  INT8_KERNEL, .preparation = "int8_rows", .numerics = "exact", .activation = MPGEMM_ACT_INT8, \
      .tolerance = 0, .nmse = 0, .prepare = int8_rows_prepare
#define INT8_DEQUANT_KERNEL                                                               \
  INT8_KERNEL, .preparation = "none", .numerics = NULL, .activation = MPGEMM_ACT_FLOAT32, \
      .prepare = unprepared_prepare
