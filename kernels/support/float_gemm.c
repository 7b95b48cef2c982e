// float_gemm.c: plan and counts of the blocked float32 multiplication.
#include "support/float_gemm.h"

#include "support/rows.h"
#include "support/unprepared.h"

void float_gemm_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  unprepared_plan(plan);
  plan->scratch_size = shape.n == 1 ? 0 : sizeof(float_gemm_scratch);
  plan->m_step = plan->n_step = 1;
  plan->m_best = shape.n == 1 ? FLOAT_M_BEST_SINGLE : FLOAT_M_BLOCK;
  plan->n_best = FLOAT_N_BLOCK;
}
