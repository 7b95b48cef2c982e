// mpgemm_stage.h: one stage of a multiplication, on one thread, behind a function of one argument.
//
// It is what a tracer runs in a child process, where no Swift may run. Each is cut as the host cuts
// it for one thread.
#pragma once

#include "mpgemm_kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  void (*quantize)(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                   float *scale, int32_t *sum);  // an mpgemm_quantizer's
  size_t n, k;
  const float *x;
  int8_t *codes;
  float *scale;
  int32_t *sum;
} mpgemm_quantize_stage;

typedef struct {
  const mpgemm_kernel *kernel;
  size_t n, k;
  const mpgemm_input *input;
  void *prepared;
} mpgemm_prepare_stage;

typedef struct {
  const mpgemm_kernel *kernel;
  const mpgemm_call *call;
  size_t m_best, n_best;  // of the plan
  void *scratch;
} mpgemm_compute_stage;

void mpgemm_run_quantize_stage(void *stage);
void mpgemm_run_prepare_stage(void *stage);
void mpgemm_run_compute_stage(void *stage);

// A kernel and a quantizer that return at once: what a stage of them executes is the stage's own share.
const mpgemm_kernel *mpgemm_idle_kernel(void);
void mpgemm_idle_quantize(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                          float *scale, int32_t *sum);

#ifdef __cplusplus
}
#endif
