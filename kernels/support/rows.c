// rows.c: the preparation "int8_rows": activation rows padded with zeros to whole blocks.
#include "support/rows.h"

#include <string.h>

void int8_rows_plan(mpgemm_shape shape, mpgemm_plan *plan) {
  plan->prepared_size = shape.n * int8_rows_stride(shape.k);
  plan->prepare_n_step = 1;
  plan->prepare_k_step = INT8_ROWS_BLOCK;
}

void int8_rows_prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                       mpgemm_range range, void *prepared) {
  (void)kernel;
  (void)n;
  const size_t stride = int8_rows_stride(k);
  const int8_t *x = input->x;
  const size_t length = range.k_end - range.k_begin;
  const size_t padding = range.k_end == k ? stride - k : 0;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    int8_t *row = (int8_t *)prepared + t * stride + range.k_begin;
    memcpy(row, x + t * input->ldx + range.k_begin, length);
    memset(row + length, 0, padding);
  }
}

void int8_rows_count(mpgemm_shape shape, mpgemm_ops *prepare) {
  prepare->input_bytes += shape.n * shape.k;
  prepare->prepared_bytes += shape.n * int8_rows_stride(shape.k);
}
