// float.h: the baselines that every other kernel is compared with: weights stored as floats.
//
// Layout "f32_rows": w[i][j] as float at element i * k + j, no padding.
// Layout "f16_rows": the same in IEEE binary16, which holds -1, 0 and +1 exactly.
// Layout "bf16_rows": the same in bfloat16, the upper half of a float, as Hugging Face stores master weights.
#pragma once

#include "mpgemm_kernel.h"
#include "support/unprepared.h"

size_t float_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void float_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void float_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);

size_t float_f16_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void float_f16_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void float_f16_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                      int8_t *w);

size_t float_bf16_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void float_bf16_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w,
                     void *packed);
void float_bf16_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                       int8_t *w);

extern const mpgemm_kernel float_portable, float_avx2, float_f16_portable, float_f16_avx2;
extern const mpgemm_kernel float_avx512, float_f16_avx512, float_neon, float_f16_neon;
extern const mpgemm_kernel float_bf16_portable, float_bf16_avx2, float_bf16_avx512, float_bf16_neon;

// What all of the family's descriptors share.
#define FLOAT_KERNEL                                                                          \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "float", .preparation = "none", \
  .numerics = NULL, .activation = MPGEMM_ACT_FLOAT32, .weights = MPGEMM_W_TERNARY,            \
  .packed_align = MPGEMM_ALIGN, .prepare = unprepared_prepare

// What those of one layout share.
#define FLOAT_F32_KERNEL                                                                       \
  FLOAT_KERNEL, .layout = "f32_rows", .bits_per_weight = 32, .packed_size = float_packed_size, \
      .pack = float_pack, .unpack = float_unpack
#define FLOAT_F16_KERNEL                                                                           \
  FLOAT_KERNEL, .layout = "f16_rows", .bits_per_weight = 16, .packed_size = float_f16_packed_size, \
      .pack = float_f16_pack, .unpack = float_f16_unpack
#define FLOAT_BF16_KERNEL                                     \
  FLOAT_KERNEL, .layout = "bf16_rows", .bits_per_weight = 16, \
      .packed_size = float_bf16_packed_size, .pack = float_bf16_pack, .unpack = float_bf16_unpack

// The textbook loops add k products one after another. Addition number a is off by at most 2^-24 of
// a * max|x|, in all (k + 1) / 2 * 2^-24 of k * max|x|; with 3 roundings of scales and the terms of
// second order that is below 0.004 for k <= 2^17. Random data errs far less: nmse is about
// k / 6 * 2^-48, 8e-11 at k = 2^17.
#define FLOAT_TEXTBOOK_ERROR .tolerance = 0.004f, .nmse = 1e-10f
