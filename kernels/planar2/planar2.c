// planar2.c: the layout of planar2 and its multiplication in plain C.
#include "planar2/planar2.h"

#include <string.h>

// Where a line keeps the code of row r and input j: its byte, and the shift within the byte.
static size_t byte_of(size_t r, size_t j) {
  return r * PLANAR2_GROUP + j % PLANAR2_GROUP;
}

static unsigned shift_of(size_t j) {
  return (unsigned)(2 * (j / PLANAR2_GROUP));
}

size_t planar2_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return blocks_of(m, PLANAR2_ROWS) * planar2_lines(k) * PLANAR2_LINE;
}

void planar2_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  uint8_t *line = packed;
  for (size_t i = 0; i < m; i += PLANAR2_ROWS) {
    const size_t rows = min_size(PLANAR2_ROWS, m - i);
    for (size_t j = 0; j < k; j += PLANAR2_INPUTS, line += PLANAR2_LINE) {
      const size_t inputs = min_size(PLANAR2_INPUTS, k - j);
      memset(line, 0x55, PLANAR2_LINE);  // code 1 in every plane
      for (size_t r = 0; r < rows; r++) {
        const int8_t *row = w + (i + r) * k + j;
        for (size_t b = 0; b < inputs; b++) {
          const unsigned code = (unsigned)(row[b] + 1);
          uint8_t *byte = line + byte_of(r, b);
          *byte = (uint8_t)((*byte & ~(3u << shift_of(b))) | code << shift_of(b));
        }
      }
    }
  }
}

void planar2_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                    int8_t *w) {
  (void)kernel;
  const uint8_t *bytes = packed;
  for (size_t i = 0; i < m; i++) {
    const uint8_t *block = bytes + i / PLANAR2_ROWS * planar2_lines(k) * PLANAR2_LINE;
    for (size_t j = 0; j < k; j++) {
      const uint8_t *line = block + j / PLANAR2_INPUTS * PLANAR2_LINE;
      const size_t b = j % PLANAR2_INPUTS;
      w[i * k + j] = (int8_t)((line[byte_of(i % PLANAR2_ROWS, b)] >> shift_of(b) & 3) - 1);
    }
  }
}

void planar2_plan(mpgemm_shape shape, size_t m_best, size_t n_best, mpgemm_plan *plan) {
  int8_rows_plan(shape, plan);
  plan->scratch_size = 0;
  plan->m_step = PLANAR2_ROWS;
  plan->n_step = 1;
  plan->m_best = m_best;
  plan->n_best = n_best;
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  planar2_plan(shape, 4 * PLANAR2_ROWS, 64, plan);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  (void)scratch;
  const size_t lines = planar2_lines(call->shape.k), stride = int8_rows_stride(call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += PLANAR2_ROWS) {
    const uint8_t *block = planar2_block(call, i);
    const size_t rows = min_size(PLANAR2_ROWS, tile.m_end - i);
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const int8_t *x = (const int8_t *)call->prepared + t * stride;
      int32_t sum[PLANAR2_ROWS] = {0};  // |sum| <= 2 * 127 k
      for (size_t l = 0; l < lines; l++) {
        const uint8_t *line = block + l * PLANAR2_LINE;
        const int8_t *input = x + l * PLANAR2_INPUTS;
        for (size_t r = 0; r < PLANAR2_ROWS; r++) {
          for (size_t j = 0; j < PLANAR2_INPUTS; j++) {
            const int code = line[byte_of(r, j)] >> shift_of(j) & 3;
            sum[r] += code * input[j];
          }
        }
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
  const uint64_t m = round_up(shape.m, PLANAR2_ROWS), n = shape.n;
  const uint64_t products = m * n * planar2_lines(shape.k) * PLANAR2_INPUTS;
  compute->bitop += 2 * products;  // a shift and a mask
  compute->mul_i8 += products;
  compute->add_i32 += products + shape.m * n;
  compute->mul_f32 += 2 * shape.m * n;
  compute->convert += shape.m * n;
  compute->weight_bytes += n * planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += m / PLANAR2_ROWS * n * planar2_lines(shape.k) * PLANAR2_INPUTS;
  compute->output_bytes += shape.m * n * sizeof(float);
}

const mpgemm_kernel planar2_portable = {
    PLANAR2_KERNEL,
    .name = "planar2_portable",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; plain C",
    .isa = 0,
    .plan = plan,
    .compute = compute,
    .count = count,
};

const mpgemm_kernel *const *planar2_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &planar2_portable,
#if defined(__x86_64__)
      &planar2_avx2,
      &planar2_avxvnni,
      &planar2_avx512,
      &planar2_amx,
#elif defined(__aarch64__)
      &planar2_neon,
      &planar2_dotprod,
      &planar2_i8mm,
      &planar2_sve,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
