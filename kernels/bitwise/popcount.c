// popcount.c: bit planes of weights and of codes, multiplied by counting common bits.
#include <string.h>

#include "bitwise/bitwise.h"

enum { WORDS = PLANE_BYTES / sizeof(uint64_t), M_BEST = 64, N_BEST = 64 };

size_t popcount_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * slice_blocks(k) * 2 * PLANE_BYTES;
}

void popcount_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  memset(packed, 0, popcount_packed_size(kernel, m, k));
  const size_t row_bytes = slice_blocks(k) * 2 * PLANE_BYTES;
  for (size_t i = 0; i < m; i++) {
    uint8_t *const row = (uint8_t *)packed + i * row_bytes;
    for (size_t j = 0; j < k; j++) {
      uint8_t *const plus = row + j / SLICE_BLOCK * 2 * PLANE_BYTES + j % SLICE_BLOCK / 8;
      uint8_t *const minus = plus + PLANE_BYTES;
      const int8_t weight = w[i * k + j];
      *plus = (uint8_t)(*plus | (weight > 0) << j % 8);
      *minus = (uint8_t)(*minus | (weight < 0) << j % 8);
    }
  }
}

void popcount_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                     int8_t *w) {
  (void)kernel;
  const size_t row_bytes = slice_blocks(k) * 2 * PLANE_BYTES;
  for (size_t i = 0; i < m; i++) {
    const uint8_t *const row = (const uint8_t *)packed + i * row_bytes;
    for (size_t j = 0; j < k; j++) {
      const uint8_t *const byte = row + j / SLICE_BLOCK * 2 * PLANE_BYTES + j % SLICE_BLOCK / 8;
      const int plus = byte[0] >> j % 8 & 1;
      const int minus = byte[PLANE_BYTES] >> j % 8 & 1;
      w[i * k + j] = (int8_t)(plus && minus ? 2 : plus - minus);
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  slice_plan(shape, PLANE_BYTES, out);
  out->scratch_size = 0;
  out->m_step = out->n_step = 1;
  out->m_best = M_BEST;
  out->n_best = N_BEST;
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel;
  slice_codes(n, k, input, range, PLANE_BYTES, prepared);
}

static int32_t count_bits(uint64_t word) {
  return __builtin_popcountll(word);
}

// The dot of one block of weights and codes: each plane's bit is worth 2^b, the last one -2^7.
static int32_t dot_block(const uint8_t *w, const uint8_t *x) {
  uint64_t plus[WORDS], minus[WORDS];
  memcpy(plus, w, sizeof plus);
  memcpy(minus, w + PLANE_BYTES, sizeof minus);
  int32_t dot = 0;
  for (size_t b = 0; b < SLICES; b++) {
    uint64_t slice[WORDS];
    memcpy(slice, x + b * PLANE_BYTES, sizeof slice);
    int32_t difference = 0;
    for (size_t l = 0; l < WORDS; l++) {
      difference += count_bits(plus[l] & slice[l]) - count_bits(minus[l] & slice[l]);
    }
    const int32_t worth = b < SLICES - 1 ? 1 << b : -(1 << b);
    dot += difference * worth;
  }
  return dot;
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  const size_t blocks = slice_blocks(call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const uint8_t *const w = (const uint8_t *)call->packed + i * blocks * 2 * PLANE_BYTES;
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const uint8_t *const x = (const uint8_t *)call->prepared + t * blocks * SLICES * PLANE_BYTES;
      int32_t sum = 0;
      for (size_t b = 0; b < blocks; b++) {
        sum += dot_block(w + b * 2 * PLANE_BYTES, x + b * SLICES * PLANE_BYTES);
      }
      store_exact(call, i, t, sum);
    }
  }
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *ops) {
  (void)kernel;
  if (prepare_ops) slice_count(shape, PLANE_BYTES, prepare_ops);
  if (!ops) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t products = outputs * slice_blocks(shape.k);
  ops->bitop += products * SLICES * WORDS * 2 * 2;            // and, population count
  ops->add_i32 += products * (SLICES * (WORDS * 2 + 1) + 1);  // counts, differences, dots
  ops->bitop += products * SLICES;                            // the worth of a plane
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += products * 2 * PLANE_BYTES;
  ops->prepared_bytes += products * SLICES * PLANE_BYTES;
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_popcount_portable = {
    BITWISE_POPCOUNT_FIELDS,
    .name = "bitwise_popcount_portable",
    .summary = "bit planes of weights and codes, multiplied by population counts",
    .preparation = "bit_slices",
    .plan = plan,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};
