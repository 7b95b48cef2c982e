// ops.c: the decoder's operations for any CPU, and the list of all.
#include "ops/ops.h"

#include "ops/lanes.h"

ALWAYS_INLINE void load_halves(const void *from, size_t at, lanes *to) {
  load_halves_portable(from, at, to);
}

enum { KEYS_SIDE = 2, VALUES_SIDE = 2 };

#include "ops/body.h"

static const mpgemm_decoder_ops portable = {DECODER_OPS, .name = "portable", .isa = 0};

static const mpgemm_decoder_ops *const all[] = {
#if defined(__x86_64__)
    &decoder_ops_avx512,
    &decoder_ops_avx2,
#endif
    &portable,
    NULL,
};

const mpgemm_decoder_ops *const *mpgemm_decoder_ops_list(void) {
  return all;
}

void mpgemm_q6k_row(size_t k, const void *row, float *y) {
  lanes value;
  for (size_t j = 0; j < k; j += MPGEMM_LANES) {
    load_q6k(row, j, &value);
    memcpy(y + j, &value, sizeof value);
  }
}

size_t mpgemm_attend_scratch(size_t queries, size_t stride, size_t positions) {
  const size_t whole = (positions + MPGEMM_LANES - 1) / MPGEMM_LANES * MPGEMM_LANES;
  return queries * (2 * stride + whole);
}
