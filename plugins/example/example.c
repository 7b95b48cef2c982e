// example.c: a third party's kernel, one file and one compiler command away from the suite.
//
// Layout "example_2bit": four weights a byte, w[i][j] + 1 in bits 2 * (j % 4) of byte j / 4 of
// row i; a row starts on a byte. Activations are int8 and read where they lie.
#include <stddef.h>
#include <string.h>

#include "mpgemm_kernel.h"

static size_t row_size(size_t k) {
  return (k + 3) / 4;
}

static int weight_at(const uint8_t *row, size_t j) {
  return (row[j / 4] >> 2 * (j % 4) & 3) - 1;  // code 3, which pack never writes, becomes 2
}

static size_t packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * row_size(k);
}

static void pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  memset(packed, 0, packed_size(kernel, m, k));
  for (size_t i = 0; i < m; i++) {
    uint8_t *row = (uint8_t *)packed + i * row_size(k);
    for (size_t j = 0; j < k; j++) row[j / 4] |= (uint8_t)((w[i * k + j] + 1) << 2 * (j % 4));
  }
}

static void unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  for (size_t i = 0; i < m; i++) {
    const uint8_t *row = (const uint8_t *)packed + i * row_size(k);
    for (size_t j = 0; j < k; j++) w[i * k + j] = (int8_t)weight_at(row, j);
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  *plan = (mpgemm_plan){.m_step = 1, .n_step = 1, .m_best = 64, .n_best = shape.n};
}

// Nothing to prepare: prepared_size is 0, and compute reads x itself.
static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n, (void)k, (void)input, (void)range, (void)prepared;
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  const size_t k = call->shape.k;
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const uint8_t *row = (const uint8_t *)call->packed + i * row_size(k);
    const float w_scale = call->w_scale ? call->w_scale[i * call->w_scale_stride] : 1.0f;
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const int8_t *x = (const int8_t *)call->input->x + t * call->input->ldx;
      const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
      int32_t sum = 0;  // |sum| <= 127 k
      for (size_t j = 0; j < k; j++) sum += weight_at(row, j) * x[j];
      call->y[t * call->ldy + i] = (float)sum * (w_scale * x_scale);
    }
  }
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  const uint64_t outputs = (uint64_t)shape.m * shape.n, products = outputs * shape.k;
  if (prepare) *prepare = (mpgemm_ops){0};
  if (compute) {
    *compute = (mpgemm_ops){
        .mul_i8 = products,
        .add_i8 = products,  // code - 1
        .add_i32 = products,
        .bitop = 2 * products,  // shift and mask
        .convert = outputs,
        .mul_f32 = 2 * outputs,
        .weight_bytes = products,  // a byte loaded for each product
        .input_bytes = products,
        .output_bytes = outputs * sizeof(float),
    };
  }
}

static const mpgemm_kernel example_portable = {
    .abi = MPGEMM_ABI,
    .size = sizeof(mpgemm_kernel),
    .name = "example_portable",
    .family = "example",
    .summary = "two bits a weight, one at a time",
    .layout = "example_2bit",
    .preparation = "none",
    .numerics = "exact",
    .activation = MPGEMM_ACT_INT8,
    .weights = MPGEMM_W_TERNARY,
    .bits_per_weight = 2,
    .packed_align = 1,
    .packed_size = packed_size,
    .pack = pack,
    .unpack = unpack,
    .plan = plan,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

const mpgemm_kernel *const *mpgemm_plugin(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {&example_portable, NULL};
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
