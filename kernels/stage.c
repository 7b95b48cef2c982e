// stage.c: runs a whole stage of a multiplication on the calling thread.
#include "mpgemm_stage.h"

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

void mpgemm_run_quantize_stage(void *stage) {
  const mpgemm_quantize_stage *s = stage;
  s->quantize(s->n, s->k, s->x, s->k, s->codes, s->k, s->scale, s->sum);
}

void mpgemm_run_prepare_stage(void *stage) {
  const mpgemm_prepare_stage *s = stage;
  const mpgemm_range whole = {0, s->n, 0, s->k};
  s->kernel->prepare(s->kernel, s->n, s->k, s->input, whole, s->prepared);
}

void mpgemm_run_compute_stage(void *stage) {
  const mpgemm_compute_stage *s = stage;
  const mpgemm_shape shape = s->call->shape;
  for (size_t t = 0; t < shape.n; t += s->n_best) {
    for (size_t i = 0; i < shape.m; i += s->m_best) {
      const mpgemm_tile tile = {i, smaller(i + s->m_best, shape.m), t,
                                smaller(t + s->n_best, shape.n)};
      s->kernel->compute(s->kernel, s->call, tile, s->scratch);
    }
  }
}

void mpgemm_idle_quantize(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                          float *scale, int32_t *sum) {
  (void)n, (void)k, (void)x, (void)ldx, (void)codes, (void)ldq, (void)scale, (void)sum;
}

static void idle_prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                         mpgemm_range range, void *prepared) {
  (void)kernel, (void)n, (void)k, (void)input, (void)range, (void)prepared;
}

static void idle_compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                         void *scratch) {
  (void)kernel, (void)call, (void)tile, (void)scratch;
}

const mpgemm_kernel *mpgemm_idle_kernel(void) {
  static const mpgemm_kernel idle = {.prepare = idle_prepare, .compute = idle_compute};
  return &idle;
}
