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
