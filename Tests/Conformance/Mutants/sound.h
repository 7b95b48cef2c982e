// sound.h: a kernel without a defect, for fixtures to change one thing of.
//
// Weights are rows of int8, padded with zeros to whole blocks; activations are prepared likewise.
#pragma once

#include <string.h>

#include "mpgemm_kernel.h"

enum { BLOCK = 16 };

static size_t row_stride(size_t k) {
  return (k + BLOCK - 1) / BLOCK * BLOCK;
}

static size_t packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * row_stride(k);
}

static void pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  memset(packed, 0, packed_size(kernel, m, k));
  for (size_t i = 0; i < m; i++) memcpy((int8_t *)packed + i * row_stride(k), w + i * k, k);
}

static void unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  for (size_t i = 0; i < m; i++) memcpy(w + i * k, (const int8_t *)packed + i * row_stride(k), k);
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  *plan = (mpgemm_plan){
      .prepared_size = shape.n * row_stride(shape.k),
      .prepare_n_step = 1,
      .prepare_k_step = BLOCK,
      .scratch_size = BLOCK * sizeof(int32_t),
      .m_step = 1,
      .n_step = 1,
      .m_best = 8,
      .n_best = 8,
  };
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel;
  (void)n;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    int8_t *row = (int8_t *)prepared + t * row_stride(k);
    const int8_t *x = (const int8_t *)input->x + t * input->ldx;
    memcpy(row + range.k_begin, x + range.k_begin, range.k_end - range.k_begin);
    if (range.k_end == k) memset(row + k, 0, row_stride(k) - k);
  }
}

static const int8_t *weights_of(const mpgemm_call *call, size_t i) {
  return (const int8_t *)call->packed + i * row_stride(call->shape.k);
}

static const int8_t *token_of(const mpgemm_call *call, size_t t) {
  return (const int8_t *)call->prepared + t * row_stride(call->shape.k);
}

// |sum| <= k * 127 < 2^31 for k < 2^24.
static int32_t dot(const mpgemm_call *call, size_t i, size_t t, size_t k) {
  int32_t sum = 0;
  for (size_t j = 0; j < k; j++) sum += weights_of(call, i)[j] * token_of(call, t)[j];
  return sum;
}

static float w_scale(const mpgemm_call *call, size_t i) {
  return call->w_scale ? call->w_scale[i * call->w_scale_stride] : 1.0f;
}

static float x_scale(const mpgemm_call *call, size_t t) {
  return call->input->scale ? call->input->scale[t] : 1.0f;
}

static void store(const mpgemm_call *call, size_t i, size_t t, int32_t sum) {
  call->y[t * call->ldy + i] = (float)sum * (w_scale(call, i) * x_scale(call, t));
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++)
      store(call, i, t, dot(call, i, t, call->shape.k));
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  const uint64_t products = (uint64_t)shape.m * shape.n * shape.k;
  if (prepare)
    *prepare = (mpgemm_ops){.input_bytes = shape.n * shape.k,
                            .prepared_bytes = shape.n * row_stride(shape.k)};
  if (compute)
    *compute = (mpgemm_ops){
        .mul_i8 = products,
        .add_i32 = products,
        .mul_f32 = 2 * shape.m * shape.n,
        .convert = shape.m * shape.n,
        .weight_bytes = shape.n * packed_size(kernel, shape.m, shape.k),
        .prepared_bytes = shape.m * shape.n * row_stride(shape.k),
        .output_bytes = 4 * shape.m * shape.n,
    };
}

// A descriptor of the family "mutant"; NUMBERS holds what it declares about its results.
#define MUTANT(variant, NUMBERS, pack_, unpack_, plan_, prepare_, compute_, count_) \
  static const mpgemm_kernel variant = {                                            \
      .abi = MPGEMM_ABI,                                                            \
      .size = sizeof(mpgemm_kernel),                                                \
      .name = "mutant_" #variant "_portable",                                       \
      .family = "mutant",                                                           \
      .summary = "a fixture of the conformance suite",                              \
      .layout = "mutant_rows",                                                      \
      .preparation = "mutant_rows",                                                 \
      .activation = MPGEMM_ACT_INT8,                                                \
      .weights = MPGEMM_W_TERNARY,                                                  \
      NUMBERS,                                                                      \
      .packed_align = MPGEMM_ALIGN,                                                 \
      .packed_size = packed_size,                                                   \
      .pack = pack_,                                                                \
      .unpack = unpack_,                                                            \
      .plan = plan_,                                                                \
      .prepare = prepare_,                                                          \
      .compute = compute_,                                                          \
      .count = count_,                                                              \
  }
#define EXACT .numerics = "exact", .bits_per_weight = 8
#define LOSSY(numerics_, tolerance_, nmse_) \
  .numerics = numerics_, .bits_per_weight = 8, .tolerance = tolerance_, .nmse = nmse_
