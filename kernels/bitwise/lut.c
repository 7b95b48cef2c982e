// lut.c: T-MAC's bit-wise lookup (arXiv 2407.00088), lossless: the sum of four codes at a time.
#include <string.h>

#include "bitwise/bitwise.h"

enum { M_BEST = 64, N_BEST = 16 };

size_t lut_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return round_up(m, STRIP_ROWS) * lut_groups(k);
}

// The byte of row i and input j's group.
static size_t byte_index(size_t groups, size_t i, size_t j) {
  const size_t row = i % STRIP_ROWS;
  const size_t position = row % (STRIP_ROWS / 2) * 2 + row / (STRIP_ROWS / 2);
  return (i / STRIP_ROWS * groups + j / GROUP) * GROUP_BYTES + position;
}

void lut_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  memset(packed, 0, lut_packed_size(kernel, m, k));
  const size_t groups = lut_groups(k);
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < k; j++) {
      uint8_t *const byte = (uint8_t *)packed + byte_index(groups, i, j);
      const int8_t weight = w[i * k + j];
      const int bit = weight > 0 ? 1 : weight < 0 ? 1 << GROUP : 0;
      *byte = (uint8_t)(*byte | bit << j % GROUP);
    }
  }
}

void lut_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  const size_t groups = lut_groups(k);
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < k; j++) {
      const int byte = ((const uint8_t *)packed)[byte_index(groups, i, j)] >> j % GROUP;
      const int plus = byte & 1;
      const int minus = byte >> GROUP & 1;
      w[i * k + j] = (int8_t)(plus && minus ? 2 : plus - minus);
    }
  }
}

void lut_plan_prepare(mpgemm_shape shape, mpgemm_plan *plan) {
  plan->prepared_size = shape.n * lut_groups(shape.k) * GROUP_BYTES;
  plan->prepare_n_step = 1;
  plan->prepare_k_step = BATCH_INPUTS;
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  lut_plan_prepare(shape, out);
  out->scratch_size = 0;
  out->m_step = STRIP_ROWS;
  out->n_step = 1;
  out->m_best = M_BEST;
  out->n_best = N_BEST;
}

// Writes the table of four codes: each code doubles the sums that are there.
static void build_table(const int8_t *code, int8_t *table) {
  int16_t entry[TABLE] = {0};
  for (size_t l = 0; l < GROUP; l++) {
    const size_t half = (size_t)1 << l;
    for (size_t e = 0; e < half; e++) entry[half + e] = (int16_t)(entry[e] + code[l]);
  }
  for (size_t e = 0; e < TABLE; e++) {
    const int high = (entry[e] + (1 << (DIGIT_BITS - 1))) >> DIGIT_BITS;
    table[e] = (int8_t)(entry[e] - high * (1 << DIGIT_BITS));
    table[TABLE + e] = (int8_t)high;
  }
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  const int8_t *const x = input->x;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    int8_t *table = (int8_t *)prepared + (t * lut_groups(k) + range.k_begin / GROUP) * GROUP_BYTES;
    for (size_t j = range.k_begin; j < range.k_end; j += BATCH_INPUTS) {
      int8_t code[BATCH_INPUTS] = {0};
      memcpy(code, x + t * input->ldx + j, min_size(k - j, BATCH_INPUTS));
      for (size_t g = 0; g < BATCH; g++, table += GROUP_BYTES) build_table(code + GROUP * g, table);
    }
  }
}

// Adds a group's products to the sums of a strip's rows, in the order of their bytes.
static void add_group(const uint8_t *restrict w, const int8_t *restrict table,
                      int32_t *restrict sum) {
  int16_t entry[TABLE];  // |entry| <= 508
  for (size_t e = 0; e < TABLE; e++) {
    entry[e] = (int16_t)(table[TABLE + e] * (1 << DIGIT_BITS) + table[e]);
  }
  for (size_t l = 0; l < STRIP_ROWS; l++) sum[l] += entry[w[l] % TABLE] - entry[w[l] / TABLE];
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  const size_t groups = lut_groups(call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += STRIP_ROWS) {
    const uint8_t *const w = (const uint8_t *)call->packed + i * groups;
    const size_t rows = min_size(tile.m_end - i, STRIP_ROWS);
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const int8_t *const table = (const int8_t *)call->prepared + t * groups * GROUP_BYTES;
      int32_t sum[STRIP_ROWS] = {0};
      for (size_t g = 0; g < groups; g++) {
        add_group(w + g * GROUP_BYTES, table + g * GROUP_BYTES, sum);
      }
      for (size_t r = 0; r < rows; r++) {
        const size_t position = r % (STRIP_ROWS / 2) * 2 + r / (STRIP_ROWS / 2);
        store_exact(call, i + r, t, sum[position]);
      }
    }
  }
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *ops) {
  (void)kernel;
  const uint64_t groups = lut_groups(shape.k);
  if (prepare_ops) {
    const uint64_t tables = shape.n * groups;
    prepare_ops->add_i16 += tables * (TABLE - 1 + 2 * TABLE);  // entries; rounding, remainder
    prepare_ops->bitop += tables * 2 * TABLE;                  // shifts
    prepare_ops->input_bytes += (uint64_t)shape.n * shape.k;
    prepare_ops->prepared_bytes += tables * GROUP_BYTES;
  }
  if (!ops) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t products = blocks_of(shape.m, STRIP_ROWS) * groups * shape.n;
  ops->bitop += products * (TABLE + 2 * STRIP_ROWS);  // shifts; nibbles
  ops->add_i16 += products * TABLE;
  ops->lookup += products * 2 * STRIP_ROWS;
  ops->add_i32 += products * 2 * STRIP_ROWS;
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += products * GROUP_BYTES;
  ops->prepared_bytes += products * GROUP_BYTES;
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_lut_portable = {
    BITWISE_LUT_FIELDS,
    .name = "bitwise_lut_portable",
    .summary = "T-MAC's bit-wise lookup, lossless: the sum of four codes at a time",
    .plan = plan,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};
