// float.c: float weights, the textbook multiplication, and the family's list.
#include "float/float.h"

#include <string.h>

#include "support/half.h"
#include "support/rows.h"

// What unpacking gives: 2 for whatever no packer writes.
static int8_t ternary(float weight) {
  return weight == 0 ? 0 : weight == 1 ? 1 : weight == -1 ? -1 : 2;
}

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
  for (size_t e = 0; e < m * k; e++) w[e] = ternary(weights[e]);
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
  for (size_t e = 0; e < m * k; e++) w[e] = ternary(half_to_float(weights[e]));
}

size_t float_bf16_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  return float_f16_packed_size(kernel, m, k);
}

void float_bf16_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w,
                     void *packed) {
  (void)kernel;
  enum { ONE = 0x3f80, SIGN = 0x8000 };
  uint16_t *weights = packed;
  for (size_t e = 0; e < m * k; e++) {
    weights[e] = (uint16_t)(w[e] == 0 ? 0 : w[e] > 0 ? ONE : SIGN | ONE);
  }
}

// Exact: a bfloat16 is a float's upper half.
static float widened(uint16_t upper) {
  const uint32_t bits = (uint32_t)upper << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void float_bf16_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                       int8_t *w) {
  (void)kernel;
  const uint16_t *weights = packed;
  for (size_t e = 0; e < m * k; e++) w[e] = ternary(widened(weights[e]));
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

static void half_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *call_plan) {
  plan(kernel, shape, call_plan);
  call_plan->scratch_size = shape.k * sizeof(float);
}

// The same loops, once a row's halves are floats.
static void multiply_halves(const mpgemm_call *call, mpgemm_tile tile, float (*value)(uint16_t),
                            float *w) {
  const size_t k = call->shape.k;
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const uint16_t *half = (const uint16_t *)call->packed + i * k;
    for (size_t j = 0; j < k; j++) w[j] = value(half[j]);
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const float *x = (const float *)call->input->x + t * call->input->ldx;
      call->y[t * call->ldy + i] = dot(w, x, k) * output_scale(call, i, t);
    }
  }
}

static void f16_compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                        void *scratch) {
  (void)kernel;
  multiply_halves(call, tile, half_to_float, scratch);
}

static void bf16_compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                         void *scratch) {
  (void)kernel;
  multiply_halves(call, tile, widened, scratch);
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

// To widen is to shift.
static void bf16_count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                       mpgemm_ops *compute) {
  f16_count(kernel, shape, prepare, compute);
  if (compute) {
    compute->bitop = compute->convert;
    compute->convert = 0;
  }
}

const mpgemm_kernel float_f16_portable = {
    FLOAT_F16_KERNEL,
    FLOAT_TEXTBOOK_ERROR,
    .name = "float_f16_portable",
    .summary = "float16 weights, the textbook triple loop",
    .isa = 0,
    .plan = half_plan,
    .compute = f16_compute,
    .count = f16_count,
};

const mpgemm_kernel float_bf16_portable = {
    FLOAT_BF16_KERNEL,
    FLOAT_TEXTBOOK_ERROR,
    .name = "float_bf16_portable",
    .summary = "bfloat16 weights, the textbook triple loop",
    .isa = 0,
    .plan = half_plan,
    .compute = bf16_compute,
    .count = bf16_count,
};

static const mpgemm_kernel *const kernels[] = {
    &float_portable,
    &float_f16_portable,
    &float_bf16_portable,
#if defined(__x86_64__)
    &float_avx2,
    &float_f16_avx2,
    &float_bf16_avx2,
    &float_avx512,
    &float_f16_avx512,
    &float_bf16_avx512,
#elif defined(__aarch64__)
    &float_neon,
    &float_f16_neon,
    &float_bf16_neon,
#endif
    NULL,
};

const mpgemm_kernel *const *float_family(uint32_t host_abi) {
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
