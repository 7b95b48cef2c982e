// planar2_dotprod.c: planar2 with SDOT, which multiplies four rows by four inputs of one lane.
//
//   N = 1   planar2_dotprod.h
//   N > 1   all planes are shifted down, so that a token needs one sum for all four: 16 rows by
//           TOKENS tokens are summed in registers, and a plane is made once for them.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod")

#include "planar2/planar2_dotprod.h"

enum { TOKENS = 4, N_BEST = 64 };

// Adds four rows' products of a line with so many tokens, a constant. |sum| <= 2 * 127 k.
NEON_INLINE void add_quarter(uint8x16_t codes, const int8x16_t input[TOKENS], size_t tokens,
                             int32x4_t sum[TOKENS]) {
  const int8x16_t plane0 = masked(codes, 3);
  const int8x16_t plane1 = masked(vshrq_n_u8(codes, 2), 3);
  const int8x16_t plane2 = masked(vshrq_n_u8(codes, 4), 3);
  const int8x16_t plane3 = vreinterpretq_s8_u8(vshrq_n_u8(codes, 6));
  for (size_t n = 0; n < tokens; n++) sum[n] = vdotq_laneq_s32(sum[n], plane0, input[n], 0);
  for (size_t n = 0; n < tokens; n++) sum[n] = vdotq_laneq_s32(sum[n], plane1, input[n], 1);
  for (size_t n = 0; n < tokens; n++) sum[n] = vdotq_laneq_s32(sum[n], plane2, input[n], 2);
  for (size_t n = 0; n < tokens; n++) sum[n] = vdotq_laneq_s32(sum[n], plane3, input[n], 3);
}

NEON_INLINE void several(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t lines = planar2_lines(call->shape.k), stride = int8_rows_stride(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  int32x4_t sum[QUARTERS][TOKENS];
  for (size_t q = 0; q < QUARTERS; q++) {
    for (size_t n = 0; n < tokens; n++) sum[q][n] = vdupq_n_s32(0);
  }
  for (size_t l = 0; l < lines; l++) {
    const uint8_t *from = line + l * PLANAR2_LINE;
    __builtin_prefetch(from + PREFETCH);
    int8x16_t input[TOKENS];
    for (size_t n = 0; n < tokens; n++) input[n] = vld1q_s8(x + n * stride + l * PLANAR2_INPUTS);
    for (size_t q = 0; q < QUARTERS; q++) {
      add_quarter(vld1q_u8(from + 16 * q), input, tokens, sum[q]);
    }
  }
  for (size_t n = 0; n < tokens; n++) {
    const int32x4_t x_sum = vdupq_n_s32(call->input->sum[t + n]);
    for (size_t q = 0; q < QUARTERS && i + 4 * q < m_end; q++) {
      neon_store_exact(call, i + 4 * q, t + n, m_end, vsubq_s32(sum[q][n], x_sum));
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += PLANAR2_ROWS) {
    if (call->shape.n == 1) {
      single(call, i, tile.n_begin, tile.m_end);
      continue;
    }
    for (size_t t = tile.n_begin; t < tile.n_end; t += TOKENS) {
      switch (tile.n_end - t) {
        case 1:
          several(call, i, t, 1, tile.m_end);
          break;
        case 2:
          several(call, i, t, 2, tile.m_end);
          break;
        case 3:
          several(call, i, t, 3, tile.m_end);
          break;
        default:
          several(call, i, t, TOKENS, tile.m_end);
      }
    }
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  planar2_plan(shape, 4 * PLANAR2_ROWS, N_BEST, plan);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  if (shape.n == 1) {
    count_single(kernel, shape, compute);
    return;
  }
  const uint64_t blocks = blocks_of(shape.m, PLANAR2_ROWS), lines = planar2_lines(shape.k);
  const uint64_t stored = (uint64_t)shape.m * shape.n;
  const uint64_t products = blocks * PLANAR2_ROWS * shape.n * lines * PLANAR2_INPUTS;
  const uint64_t passes = blocks_of(shape.n, TOKENS);  // over the weights; TOKENS divides N_BEST
  compute->bitop += passes * blocks * lines * 6 * PLANAR2_LINE;  // three shifts, three masks
  compute->mul_i8 += products;
  compute->add_i32 += products + stored;
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += passes * planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * shape.n * lines * PLANAR2_INPUTS;
  compute->output_bytes += stored * sizeof(float);
}

const mpgemm_kernel planar2_dotprod = {
    PLANAR2_KERNEL,
    .name = "planar2_dotprod",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; SDOT",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
