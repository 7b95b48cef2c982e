// trit5.c: the layout of trit5 and its multiplication in plain C.
#include "trit5/trit5.h"

#include <string.h>

#include "trit5/trit5_lut.h"

size_t trit5_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return blocks_of(m, TRIT5_ROWS) * trit5_lines(k) * TRIT5_LINE;
}

void trit5_pack_values(size_t m, size_t k, const int8_t *w, void *packed,
                       uint8_t (*encode)(unsigned value)) {
  uint8_t *byte = packed;
  for (size_t i = 0; i < blocks_of(m, TRIT5_ROWS) * TRIT5_ROWS; i += TRIT5_ROWS) {
    for (size_t j = 0; j < k; j += TRIT5_INPUTS) {
      for (size_t r = 0; r < TRIT5_ROWS; r++) {
        for (size_t b = 0; b < TRIT5_GROUP; b++) {
          unsigned value = 0;
          for (size_t d = 0; d < TRIT5_DIGITS; d++) {
            const size_t input = j + d * TRIT5_GROUP + b;
            const int weight = i + r < m && input < k ? w[(i + r) * k + input] : 0;
            value = 3 * value + (unsigned)(weight + 1);
          }
          *byte++ = encode(value);
        }
      }
    }
  }
}

void trit5_unpack_values(size_t m, size_t k, const void *packed, int8_t *w,
                         unsigned (*decode)(uint8_t byte)) {
  static const unsigned place[TRIT5_DIGITS] = {81, 27, 9, 3, 1};
  const uint8_t *bytes = packed;
  for (size_t i = 0; i < m; i++) {
    const uint8_t *row = bytes + i / TRIT5_ROWS * trit5_lines(k) * TRIT5_LINE;
    row += i % TRIT5_ROWS * TRIT5_GROUP;
    for (size_t j = 0; j < k; j++) {
      const size_t input = j % TRIT5_INPUTS;
      const unsigned value = decode(row[j / TRIT5_INPUTS * TRIT5_LINE + input % TRIT5_GROUP]);
      const int digit = (int)(value / place[input / TRIT5_GROUP] % 3);
      w[i * k + j] = value < TRIT5_VALUES ? (int8_t)(digit - 1) : 2;
    }
  }
}

static uint8_t encode(unsigned value) {
  return (uint8_t)((256 * value + TRIT5_VALUES - 1) / TRIT5_VALUES);
}

// 13 of the 256 bytes are the fraction of no five digits.
static unsigned decode(uint8_t byte) {
  const unsigned value = (unsigned)byte * TRIT5_VALUES / 256;
  return encode(value) == byte ? value : TRIT5_VALUES;
}

void trit5_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  trit5_pack_values(m, k, w, packed, encode);
}

void trit5_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  trit5_unpack_values(m, k, packed, w, decode);
}

void trit5_plan(mpgemm_shape shape, size_t m_best, size_t n_best, mpgemm_plan *plan) {
  int8_rows_plan(shape, plan);
  plan->scratch_size = 0;
  plan->m_step = TRIT5_ROWS;
  plan->n_step = 1;
  plan->m_best = m_best;
  plan->n_best = n_best;
}

void trit5_tail(const mpgemm_call *call, size_t t, int8_t tail[TRIT5_INPUTS]) {
  const size_t stride = int8_rows_stride(call->shape.k);
  const size_t begin = trit5_whole_lines(call->shape.k) * TRIT5_INPUTS;
  const int8_t *row = (const int8_t *)call->prepared + t * stride;
  memset(tail, 0, TRIT5_INPUTS);
  memcpy(tail, row + begin, min_size(TRIT5_INPUTS, stride - begin));
}

// Adds a line's products of 16 rows to their two sums, modulo 2^32.
static void multiply_line(const uint8_t *line, const int8_t *x, uint32_t *now, uint32_t *next) {
  for (size_t r = 0; r < TRIT5_ROWS; r++) {
    for (size_t b = 0; b < TRIT5_GROUP; b++) {
      uint8_t q = line[r * TRIT5_GROUP + b];
      for (size_t d = 0; d < TRIT5_DIGITS; d++) {
        const int input = x[d * TRIT5_GROUP + b];
        now[r] += (uint32_t)(q * input);
        q = (uint8_t)(3 * q);
        next[r] += (uint32_t)(q * input);
      }
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  trit5_plan(shape, 4 * TRIT5_ROWS, 64, plan);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  (void)scratch;
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += TRIT5_ROWS) {
    const uint8_t *block = trit5_block(call, i);
    const size_t rows = min_size(TRIT5_ROWS, tile.m_end - i);
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(k);
      int8_t tail[TRIT5_INPUTS];
      if (whole < lines) trit5_tail(call, t, tail);
      int32_t sum[TRIT5_ROWS] = {0};  // |sum| <= 2 * 127 k
      for (size_t begin = 0; begin < lines; begin += TRIT5_CHUNK) {
        const size_t end = min_size(begin + TRIT5_CHUNK, lines);
        uint32_t now[TRIT5_ROWS] = {0}, next[TRIT5_ROWS] = {0};
        for (size_t l = begin; l < end; l++) {
          multiply_line(block + l * TRIT5_LINE, l < whole ? x + l * TRIT5_INPUTS : tail, now, next);
        }
        // Exact: the difference is 256 times the sum of the digits' products.
        for (size_t r = 0; r < TRIT5_ROWS; r++) sum[r] += (int32_t)(3 * now[r] - next[r]) / 256;
      }
      for (size_t r = 0; r < rows; r++) store_exact(call, i + r, t, sum[r] - call->input->sum[t]);
    }
  }
}

// Every row of a block is multiplied, also those beyond M; see the family's README.
static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t outputs = round_up(shape.m, TRIT5_ROWS) * shape.n;
  const uint64_t lines = trit5_lines(shape.k), products = outputs * lines * TRIT5_INPUTS;
  compute->mul_i8 += 3 * products;  // two dot products, and the next digit's fraction
  // Three times a sum is two additions; then the difference, and the sum over chunks.
  compute->add_i32 +=
      2 * products + 4 * outputs * blocks_of(lines, TRIT5_CHUNK) + shape.m * shape.n;
  compute->bitop += outputs * blocks_of(lines, TRIT5_CHUNK);  // the division by 256
  compute->mul_f32 += 2 * shape.m * shape.n;
  compute->convert += shape.m * shape.n;
  compute->weight_bytes += shape.n * trit5_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += outputs / TRIT5_ROWS * trit5_prepared_bytes(shape.k);
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

const mpgemm_kernel trit5_portable = {
    TRIT5_KERNEL,
    .name = "trit5_portable",
    .summary = "five weights a byte, never taken apart, 1.6 bits; plain C",
    .isa = 0,
    .plan = plan,
    .compute = compute,
    .count = count,
};

const mpgemm_kernel *const *trit5_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &trit5_portable,
      &trit5_lut_portable,
#if defined(__x86_64__)
      &trit5_avx2,
      &trit5_avxvnni,
      &trit5_avx512,
      &trit5_amx,
      &trit5_lut_avx512,
      &trit5_lut_amx,
#elif defined(__aarch64__)
      &trit5_neon,
      &trit5_dotprod,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
