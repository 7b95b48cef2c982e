// float.c: float weights, the textbook multiplication, and the family's list.
#include "float/float.h"

#include <string.h>

#include "support/half.h"
#include "support/rows.h"

size_t float_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * k * sizeof(float);
}

void float_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  float *weights = packed;
  for (size_t e = 0; e < m * k; e++) weights[e] = (float)w[e];
}

void float_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  const float *weights = packed;
  for (size_t e = 0; e < m * k; e++) {
    const float weight = weights[e];
    w[e] = weight == 0 ? 0 : weight == 1 ? 1 : weight == -1 ? -1 : 2;
  }
}

size_t float_f16_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * k * sizeof(uint16_t);
}

void float_f16_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w,
                    void *packed) {
  (void)kernel;
  uint16_t *weights = packed;
  for (size_t e = 0; e < m * k; e++) weights[e] = float_to_half((float)w[e]);
}

void float_f16_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                      int8_t *w) {
  (void)kernel;
  const uint16_t *weights = packed;
  for (size_t e = 0; e < m * k; e++) {
    const float weight = half_to_float(weights[e]);
    w[e] = weight == 0 ? 0 : weight == 1 ? 1 : weight == -1 ? -1 : 2;
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  unprepared_plan(plan);
  plan->scratch_size = 0;
  plan->m_step = plan->n_step = 1;
  plan->m_best = 64;
  plan->n_best = shape.n;
}

// Row times token, left to right, in one float: no compiler may reorder it, and none should.
static float dot(const float *w, const float *x, size_t k) {
  float sum = 0;
  for (size_t j = 0; j < k; j++) sum += w[j] * x[j];
  return sum;
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  (void)scratch;
  const size_t k = call->shape.k;
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const float *w = (const float *)call->packed + i * k;
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const float *x = (const float *)call->input->x + t * call->input->ldx;
      call->y[t * call->ldy + i] = dot(w, x, k) * output_scale(call, i, t);
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
        .mul_f32 = products + 2 * outputs,
        .add_f32 = products,
        .weight_bytes = products * sizeof(float),
        .input_bytes = products * sizeof(float),
        .output_bytes = outputs * sizeof(float),
    };
  }
}

const mpgemm_kernel float_portable = {
    FLOAT_F32_KERNEL,
    FLOAT_TEXTBOOK_ERROR,
    .name = "float_portable",
    .summary = "float32 weights, the textbook triple loop",
    .isa = 0,
    .plan = plan,
    .compute = compute,
    .count = count,
};

static void f16_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *call_plan) {
  plan(kernel, shape, call_plan);
  call_plan->scratch_size = shape.k * sizeof(float);
}

// The same loops, once a row's halves are floats.
static void f16_compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                        void *scratch) {
  (void)kernel;
  const size_t k = call->shape.k;
  float *w = scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const uint16_t *half = (const uint16_t *)call->packed + i * k;
    for (size_t j = 0; j < k; j++) w[j] = half_to_float(half[j]);
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const float *x = (const float *)call->input->x + t * call->input->ldx;
      call->y[t * call->ldy + i] = dot(w, x, k) * output_scale(call, i, t);
    }
  }
}

static void f16_count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                      mpgemm_ops *compute) {
  count(kernel, shape, prepare, compute);
  if (compute) {
    const uint64_t weights = (uint64_t)shape.m * shape.k;
    compute->convert = weights;
    compute->weight_bytes = weights * sizeof(uint16_t);
    compute->scratch_bytes = weights * (1 + shape.n) * sizeof(float);
  }
}

const mpgemm_kernel float_f16_portable = {
    FLOAT_F16_KERNEL,
    FLOAT_TEXTBOOK_ERROR,
    .name = "float_f16_portable",
    .summary = "float16 weights, the textbook triple loop",
    .isa = 0,
    .plan = f16_plan,
    .compute = f16_compute,
    .count = f16_count,
};

static const mpgemm_kernel *const kernels[] = {
    &float_portable,
    &float_f16_portable,
#if defined(__x86_64__)
    &float_avx2,
    &float_f16_avx2,
    &float_avx512,
    &float_f16_avx512,
#elif defined(__aarch64__)
    &float_neon,
    &float_f16_neon,
#endif
    NULL,
};

const mpgemm_kernel *const *float_family(uint32_t host_abi) {
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
