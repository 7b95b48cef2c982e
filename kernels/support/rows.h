// rows.h: what the kernels that read plain int8 activation rows share.
//
// Preparation "int8_rows": token t's codes at t * int8_rows_stride(k), followed by zeros up to the
// stride, a multiple of INT8_ROWS_BLOCK bytes, so that a whole block of any layout can be read.
#pragma once

#include "mpgemm_kernel.h"

enum { INT8_ROWS_BLOCK = 256 };

static inline size_t round_up(size_t value, size_t step) {
  return (value + step - 1) / step * step;
}

// How many blocks of a size hold count things, the last perhaps in part.
static inline size_t blocks_of(size_t count, size_t size) {
  return (count + size - 1) / size;
}

static inline size_t min_size(size_t a, size_t b) {
  return a < b ? a : b;
}

static inline size_t int8_rows_stride(size_t k) {
  return round_up(k, INT8_ROWS_BLOCK);
}

// Fills the plan's prepare fields for this preparation.
void int8_rows_plan(mpgemm_shape shape, mpgemm_plan *plan);

// The prepare function of this preparation.
void int8_rows_prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                       mpgemm_range range, void *prepared);

// Adds what one prepare of n x k does.
void int8_rows_count(mpgemm_shape shape, mpgemm_ops *prepare);

// The scale that row i and token t are multiplied by, in the contract's order of operations.
static inline float output_scale(const mpgemm_call *call, size_t i, size_t t) {
  const float w = call->w_scale ? call->w_scale[i * call->w_scale_stride] : 1.0f;
  const float x = call->input->scale ? call->input->scale[t] : 1.0f;
  return w * x;
}

// Writes an exact sum to y, the last step of every kernel of tolerance 0.
static inline void store_exact(const mpgemm_call *call, size_t i, size_t t, int32_t sum) {
  call->y[t * call->ldy + i] = (float)sum * output_scale(call, i, t);
}
