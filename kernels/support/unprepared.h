// unprepared.h: the preparation "none": compute reads x itself.
#pragma once

#include "mpgemm_kernel.h"

// Fills the plan's prepare fields for this preparation.
static inline void unprepared_plan(mpgemm_plan *plan) {
  plan->prepared_size = 0;
  plan->prepare_n_step = 0;
  plan->prepare_k_step = 0;
}

// The prepare function of this preparation.
static inline void unprepared_prepare(const mpgemm_kernel *kernel, size_t n, size_t k,
                                      const mpgemm_input *input, mpgemm_range range,
                                      void *prepared) {
  (void)kernel, (void)n, (void)k, (void)input, (void)range, (void)prepared;
}
