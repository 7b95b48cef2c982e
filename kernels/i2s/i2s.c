// i2s.c: the layout "i2s_128" and the portable kernel.
#include "i2s/i2s.h"

size_t i2s_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * i2s_row_bytes(k);
}

// Weight j of a row lies in this byte of the row, shifted left by this many bits.
static size_t byte_of(size_t j) {
  return j / I2S_BLOCK * I2S_BLOCK_BYTES + j % I2S_BLOCK_BYTES;
}

static unsigned shift_of(size_t j) {
  return 6 - 2 * (unsigned)(j % I2S_BLOCK / I2S_BLOCK_BYTES);
}

void i2s_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  const size_t row_bytes = i2s_row_bytes(k);
  const uint8_t zeros = 0x55;  // four codes of weight 0
  uint8_t *row = packed;
  for (size_t i = 0; i < m; i++, row += row_bytes, w += k) {
    for (size_t b = 0; b < row_bytes; b++) row[b] = zeros;
    // Turns code 1, already there, into w + 1: 1 ^ 1 = 0, 2 ^ 1 = 3, 1 ^ 1 ^ 1 = 1.
    for (size_t j = 0; j < k; j++) {
      const unsigned change = (unsigned)(w[j] + 1) ^ 1U;
      row[byte_of(j)] = (uint8_t)(row[byte_of(j)] ^ (change << shift_of(j)));
    }
  }
}

void i2s_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  const size_t row_bytes = i2s_row_bytes(k);
  const uint8_t *row = packed;
  for (size_t i = 0; i < m; i++, row += row_bytes, w += k) {
    for (size_t j = 0; j < k; j++) {
      w[j] = (int8_t)((row[byte_of(j)] >> shift_of(j) & 3) - 1);
    }
  }
}

// Tiles of the portable kernel: any; the best ones are small enough for threads to share out evenly.
enum { M_BEST = 64, N_BEST = 128 };

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  int8_rows_plan(shape, plan);
  plan->scratch_size = i2s_blocks(shape.k) * I2S_BLOCK;  // the codes of one row, a byte each
  plan->m_step = 1;
  plan->n_step = 1;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

static void expand(const uint8_t *row, size_t blocks, uint8_t *codes) {
  for (size_t b = 0; b < blocks; b++, row += I2S_BLOCK_BYTES, codes += I2S_BLOCK) {
    for (size_t j = 0; j < I2S_BLOCK_BYTES; j++) {
      codes[j] = row[j] >> 6;
      codes[j + 32] = row[j] >> 4 & 3;
      codes[j + 64] = row[j] >> 2 & 3;
      codes[j + 96] = row[j] & 3;
    }
  }
}

// |sum| <= 2 * 127 * length, which fits for any length below 2^23.
static int32_t dot(const uint8_t *codes, const int8_t *x, size_t length) {
  int32_t sum = 0;
  for (size_t j = 0; j < length; j++) sum += codes[j] * x[j];
  return sum;
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  const size_t k = call->shape.k;
  const size_t blocks = i2s_blocks(k);
  const uint8_t *packed = call->packed;
  const int8_t *x = call->prepared;
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    expand(packed + i * i2s_row_bytes(k), blocks, scratch);
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const int32_t sum = dot(scratch, x + t * int8_rows_stride(k), blocks * I2S_BLOCK);
      store_exact(call, i, t, sum - call->input->sum[t]);
    }
  }
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t row_bytes = i2s_row_bytes(shape.k);
  const uint64_t codes = row_bytes * 4;
  const uint64_t expansions = shape.m * blocks_of(shape.n, N_BEST);
  compute->bitop += expansions * row_bytes * 6;  // three shifts, three masks
  compute->mul_i8 += outputs * codes;
  compute->add_i32 += outputs * (codes + 1);  // and the correction
  compute->convert += outputs;
  compute->mul_f32 += outputs * 2;
  compute->weight_bytes += expansions * row_bytes;
  compute->scratch_bytes += expansions * codes + outputs * codes;
  compute->prepared_bytes += outputs * codes;
  compute->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel i2s_portable = {
    I2S_KERNEL,
    .name = "i2s_portable",
    .summary = "2-bit codes expanded to bytes, int8 dot products",
    .isa = 0,
    .plan = plan,
    .compute = compute,
    .count = count,
};

static const mpgemm_kernel *const kernels[] = {
#if defined(__x86_64__)
    &i2s_avx2,     &i2s_avxvnni, &i2s_avx512,
#elif defined(__aarch64__)
    &i2s_neon,     &i2s_dotprod, &i2s_i8mm, &i2s_sve,
#endif
    &i2s_portable, NULL,
};

mpgemm_family i2s_family;

const mpgemm_kernel *const *i2s_family(uint32_t host_abi) {
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
