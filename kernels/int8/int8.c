// int8.c: the byte-per-weight layout, its portable kernels and the family's list.
#include "int8/int8.h"

#include <string.h>

size_t int8_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * k;
}

void int8_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  memcpy(packed, w, m * k);
}

void int8_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  const int8_t *weights = packed;
  for (size_t e = 0; e < m * k; e++) {
    w[e] = weights[e] >= -1 && weights[e] <= 1 ? weights[e] : 2;
  }
}

static void dot_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  int8_rows_plan(shape, plan);
  plan->scratch_size = 0;
  plan->m_step = plan->n_step = 1;
  plan->m_best = 64;
  plan->n_best = 64;
}

static void dot_compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                        void *scratch) {
  (void)kernel;
  (void)scratch;
  const size_t k = call->shape.k, stride = int8_rows_stride(k);
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const int8_t *w = (const int8_t *)call->packed + i * k;
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const int8_t *x = (const int8_t *)call->prepared + t * stride;
      int32_t sum = 0;  // |sum| <= 127 k, within int32 for k < 2^24
      for (size_t j = 0; j < k; j++) sum += w[j] * x[j];
      store_exact(call, i, t, sum);
    }
  }
}

static void dot_count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                      mpgemm_ops *compute) {
  (void)kernel;
  const uint64_t outputs = (uint64_t)shape.m * shape.n, products = outputs * shape.k;
  if (prepare) {
    *prepare = (mpgemm_ops){0};
    int8_rows_count(shape, prepare);
  }
  if (compute) {
    *compute = (mpgemm_ops){
        .mul_i8 = products,
        .add_i32 = products,
        .convert = outputs,
        .mul_f32 = 2 * outputs,
        .weight_bytes = products,
        .prepared_bytes = products,
        .output_bytes = outputs * sizeof(float),
    };
  }
}

const mpgemm_kernel int8_dot_portable = {
    INT8_DOT_KERNEL,
    .name = "int8_dot_portable",
    .summary = "int8 weights times int8 activations in int32, plain C",
    .isa = 0,
    .plan = dot_plan,
    .compute = dot_compute,
    .count = dot_count,
};

// Sums in this many lanes, so that a compiler may vectorise a float sum without reordering it.
enum { LANES = 16 };

static void dequant_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  unprepared_plan(plan);
  plan->scratch_size = round_up(shape.k, LANES) * sizeof(float);
  plan->m_step = plan->n_step = 1;
  plan->m_best = 64;
  plan->n_best = shape.n;  // a row is scaled to floats once for all of a tile's tokens
}

// The sum over j of w[j] * x[j].
static float dot(const float *w, const float *x, size_t k) {
  float lane[LANES] = {0};
  size_t j = 0;
  for (; j + LANES <= k; j += LANES) {
    for (size_t l = 0; l < LANES; l++) lane[l] += w[j + l] * x[j + l];
  }
  for (size_t l = 0; j + l < k; l++) lane[l] += w[j + l] * x[j + l];
  for (size_t half = LANES / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) lane[l] += lane[l + half];
  }
  return lane[0];
}

static void dequant_compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                            void *scratch) {
  (void)kernel;
  const size_t k = call->shape.k;
  float *scaled = scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const int8_t *w = (const int8_t *)call->packed + i * k;
    const float w_scale = call->w_scale ? call->w_scale[i * call->w_scale_stride] : 1.0f;
    for (size_t j = 0; j < k; j++) scaled[j] = (float)w[j] * w_scale;
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const float *x = (const float *)call->input->x + t * call->input->ldx;
      const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
      call->y[t * call->ldy + i] = dot(scaled, x, k) * x_scale;
    }
  }
}

static void dequant_count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                          mpgemm_ops *compute) {
  (void)kernel;
  const uint64_t weights = (uint64_t)shape.m * shape.k, outputs = (uint64_t)shape.m * shape.n;
  const uint64_t products = weights * shape.n;
  if (prepare) *prepare = (mpgemm_ops){0};
  if (compute) {
    *compute = (mpgemm_ops){
        .mul_f32 = weights + products + outputs,
        .add_f32 = products + outputs * (LANES - 1),
        .convert = weights,
        .weight_bytes = weights,
        .input_bytes = products * sizeof(float),
        .scratch_bytes = (weights + products) * sizeof(float),
        .output_bytes = outputs * sizeof(float),
    };
  }
}

// A lane's k / 16 additions are each off by at most 2^-24 of the sum so far: (k / 16 + 1) / 2 units
// of 2^-24 of the lane's bound in all. With one rounding a product, 4 to join the lanes and 3 of
// scales: 4105 * 2^-24 for k <= 2^17, where 2^-11 is 8192 * 2^-24.
const mpgemm_kernel int8_dequant_portable = {
    INT8_DEQUANT_KERNEL,
    .name = "int8_dequant_portable",
    .summary = "int8 weights scaled to float32 row by row, plain C",
    .isa = 0,
    .tolerance = 0x1p-11f,
    .nmse = 1e-11f,
    .plan = dequant_plan,
    .compute = dequant_compute,
    .count = dequant_count,
};

static const mpgemm_kernel *const kernels[] = {
    &int8_dot_portable,
    &int8_dequant_portable,
#if defined(__x86_64__)
    &int8_dot_avx2,
    &int8_dot_avxvnni,
    &int8_dot_avx512,
    &int8_dequant_avx2,
#elif defined(__aarch64__)
    &int8_dot_neon,
    &int8_dot_dotprod,
    &int8_dequant_neon,
#endif
    NULL,
};

const mpgemm_kernel *const *int8_family(uint32_t host_abi) {
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
