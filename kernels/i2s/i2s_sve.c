// i2s_sve.c: i2s in SVE, for vectors of any length.
//
// A block's 32 bytes are read in pieces of a vector's length, two at 128 bits and one at 256 and more,
// where what lies beyond them is idle. Four rows share the inputs that they are multiplied by.
#if defined(__aarch64__)

#include <arm_sve.h>

#include "i2s/i2s.h"
#include "support/target.h"

enum {
  ROWS = 4,
  PLANE = 32,  // inputs from one plane to the next
  M_BEST = 64,
  N_BEST = 64,
  PREFETCH = 512,  // bytes ahead in each of the rows read side by side
};

TARGET_BEGIN("arch=armv8.2-a+sve")

#define INLINE static inline __attribute__((always_inline))

// The inputs of a piece's four planes are its arguments. |sum of lanes| <= 2 * 127 k.
INLINE svint32_t add_piece(svint32_t sum, svbool_t bytes, const uint8_t *from, svint8_t input0,
                           svint8_t input1, svint8_t input2, svint8_t input3) {
  __builtin_prefetch(from + PREFETCH);
  const svuint8_t codes = svld1_u8(bytes, from);
  const svuint8_t plane0 = svlsr_n_u8_x(bytes, codes, 6);
  const svuint8_t plane1 = svand_n_u8_x(bytes, svlsr_n_u8_x(bytes, codes, 4), 3);
  const svuint8_t plane2 = svand_n_u8_x(bytes, svlsr_n_u8_x(bytes, codes, 2), 3);
  const svuint8_t plane3 = svand_n_u8_x(bytes, codes, 3);
  // In lanes beyond the piece loads have left zeros for inputs, whatever the codes there are.
  sum = svdot_s32(sum, svreinterpret_s8_u8(plane0), input0);
  sum = svdot_s32(sum, svreinterpret_s8_u8(plane1), input1);
  sum = svdot_s32(sum, svreinterpret_s8_u8(plane2), input2);
  return svdot_s32(sum, svreinterpret_s8_u8(plane3), input3);
}

static void multiply(const mpgemm_call *call, size_t i, size_t t, size_t m_end) {
  const size_t blocks = i2s_blocks(call->shape.k), row_bytes = blocks * I2S_BLOCK_BYTES;
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(call->shape.k);
  const uint8_t *row[ROWS];  // the last one is read again in the place of rows beyond it
  for (size_t r = 0; r < ROWS; r++) {
    row[r] = (const uint8_t *)call->packed + min_size(i + r, m_end - 1) * row_bytes;
  }
  svint32_t sum0 = svdup_n_s32(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (size_t b = 0; b < blocks; b++) {
    for (size_t j = 0; j < I2S_BLOCK_BYTES; j += svcntb()) {
      const svbool_t bytes = svwhilelt_b8_u64(j, I2S_BLOCK_BYTES);
      const int8_t *input = x + b * I2S_BLOCK + j;
      const svint8_t input0 = svld1_s8(bytes, input), input1 = svld1_s8(bytes, input + PLANE);
      const svint8_t input2 = svld1_s8(bytes, input + 2 * PLANE);
      const svint8_t input3 = svld1_s8(bytes, input + 3 * PLANE);
      const size_t at = b * I2S_BLOCK_BYTES + j;
      sum0 = add_piece(sum0, bytes, row[0] + at, input0, input1, input2, input3);
      sum1 = add_piece(sum1, bytes, row[1] + at, input0, input1, input2, input3);
      sum2 = add_piece(sum2, bytes, row[2] + at, input0, input1, input2, input3);
      sum3 = add_piece(sum3, bytes, row[3] + at, input0, input1, input2, input3);
    }
  }
  const svbool_t all = svptrue_b32();
  const int32_t sums[ROWS] = {(int32_t)svaddv_s32(all, sum0), (int32_t)svaddv_s32(all, sum1),
                              (int32_t)svaddv_s32(all, sum2), (int32_t)svaddv_s32(all, sum3)};
  for (size_t r = 0; r < ROWS && i + r < m_end; r++) {
    store_exact(call, i + r, t, sums[r] - call->input->sum[t]);
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += ROWS) {
    for (size_t t = tile.n_begin; t < tile.n_end; t++) multiply(call, i, t, tile.m_end);
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  int8_rows_plan(shape, plan);
  plan->scratch_size = 0;
  plan->m_step = plan->n_step = 1;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

// What lanes within a block do, whatever the vector's length; sums across lanes as at 128 bits.
static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t rows = round_up(shape.m, ROWS), stored = (uint64_t)shape.m * shape.n;
  const uint64_t codes = i2s_blocks(shape.k) * I2S_BLOCK, bytes = rows * i2s_row_bytes(shape.k);
  compute->bitop += shape.n * bytes * 6;  // three shifts, three masks
  compute->mul_i8 += rows * shape.n * codes;
  compute->add_i32 += rows * shape.n * (codes + 3) + stored;
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += shape.n * bytes;
  compute->prepared_bytes += rows / ROWS * shape.n * codes;
  compute->output_bytes += stored * sizeof(float);
}

const mpgemm_kernel i2s_sve = {
    I2S_KERNEL,
    .name = "i2s_sve",
    .summary = "2-bit codes times int8 in SVE of any length",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_SVE,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
