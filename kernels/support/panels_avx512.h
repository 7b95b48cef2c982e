// panels_avx512.h: weights unpacked once for many tokens, and their products in AVX-512 VNNI.
//
// Unpacked  A block of 16 weight rows is a run of 64-byte rows, one for every four inputs: dword r
//           holds codes 0, 1, 2 of weight row r. A panel is two blocks, unpacked once for all tokens
//           of the tile that compute is given. It lies in L2 for most k.
//
// Taking codes apart for each group of tokens costs instructions that on Golden Cove run on the two
// ports that multiply. From a panel a group needs loads and products alone.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "support/lanes_avx512.h"
#include "support/target.h"

enum {
  PANEL_BLOCKS = 2,
  PANEL_ROWS = PANEL_BLOCKS * LANES,
  PANEL_ROW = 64,  // bytes of four inputs by 16 weight rows
  PANEL_ROW_INPUTS = 4,
  PANEL_STEP = 4,          // rows whose products may go to partial sums
  PANEL_MOST_INPUTS = 20,  // inputs of a packed line, at most
};

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// Unpacks the block that weight row i begins. Rows of codes may be written beyond k, as far as
// panel_block_bytes goes; those not written meet inputs that are zero.
typedef void panel_unpack(const mpgemm_call *call, size_t i, uint8_t *unpacked);

// Bytes of an unpacked block, with room for all inputs of its last line or tile.
static inline size_t panel_block_bytes(size_t k) {
  return round_up(k + PANEL_MOST_INPUTS - 1, PANEL_ROW) / PANEL_ROW_INPUTS * PANEL_ROW;
}

static inline size_t panel_scratch_bytes(size_t k) {
  return PANEL_BLOCKS * panel_block_bytes(k);
}

// The rows of an unpacked block that are multiplied.
static inline size_t panel_rows(size_t k) {
  return blocks_of(k, PANEL_STEP * PANEL_ROW_INPUTS) * PANEL_STEP;
}

// So many blocks of a panel, from row i on, by so many tokens from t on, both constants.
LANES_INLINE void panel_several(const mpgemm_call *call, const uint8_t *unpacked, size_t i,
                                size_t t, size_t blocks, size_t tokens, size_t m_end) {
  const size_t parts = lanes_parts(tokens), k = call->shape.k, stride = int8_rows_stride(k);
  const size_t rows = panel_rows(k), block_bytes = panel_block_bytes(k);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  lanes_sums sums;  // |sum| <= 2 * 127 k
  lanes_clear(&sums, blocks, tokens, parts);
  for (size_t row = 0; row < rows; row += PANEL_STEP) {
#pragma GCC unroll 4
    for (size_t s = 0; s < PANEL_STEP; s++) {
      __m512i codes[LANE_BLOCKS];
      for (size_t b = 0; b < blocks; b++) {
        codes[b] = _mm512_load_si512(unpacked + b * block_bytes + (row + s) * PANEL_ROW);
      }
      lanes_multiply(codes, x + (row + s) * PANEL_ROW_INPUTS, stride, blocks, tokens, s % parts,
                     &sums);
    }
  }
  lanes_store_all(call, i, t, blocks, tokens, parts, m_end, &sums);
}

LANES_TOKENS(panel_tokens, panel_several)

// Computes a tile of many tokens. unpack is a compile-time constant, so that it is inlined.
LANES_INLINE void panels_lanes(const mpgemm_call *call, mpgemm_tile tile, panel_unpack *unpack,
                               uint8_t *unpacked) {
  const size_t block_bytes = panel_block_bytes(call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += PANEL_ROWS) {
    const size_t blocks = min_size(PANEL_BLOCKS, blocks_of(tile.m_end - i, LANES));
    for (size_t b = 0; b < blocks; b++) unpack(call, i + b * LANES, unpacked + b * block_bytes);
    for (size_t t = tile.n_begin; t < tile.n_end; t += LANE_TOKENS) {
      const size_t tokens = min_size(tile.n_end - t, LANE_TOKENS);
      if (blocks == PANEL_BLOCKS) {
        panel_tokens(call, unpacked, i, t, PANEL_BLOCKS, tokens, tile.m_end);
      } else {
        panel_tokens(call, unpacked, i, t, 1, tokens, tile.m_end);
      }
    }
  }
}

// Defines plan and compute of a kernel whose single(call, i, t, m_end) multiplies 16 rows by one
// token, and whose several, a lanes_several, multiplies up to `most` tokens in place; from
// panel_tokens on, panels that unpack fills. plan_family is the plan of all the family's kernels.
#define LANES_KERNEL(single, several, most, unpack, panel_tokens, plan_family)                 \
  LANES_TILE(in_place, most, several)                                                          \
  static __attribute__((noinline)) void from_panels(const mpgemm_call *call, mpgemm_tile tile, \
                                                    uint8_t *unpacked) {                       \
    panels_lanes(call, tile, unpack, unpacked);                                                \
  }                                                                                            \
  static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,  \
                      void *scratch) {                                                         \
    (void)kernel;                                                                              \
    if (call->shape.n == 1) {                                                                  \
      for (size_t i = tile.m_begin; i < tile.m_end; i += LANES) {                              \
        single(call, i, tile.n_begin, tile.m_end);                                             \
      }                                                                                        \
    } else if (call->shape.n < (panel_tokens)) {                                               \
      in_place(call, tile);                                                                    \
    } else {                                                                                   \
      from_panels(call, tile, scratch);                                                        \
    }                                                                                          \
  }                                                                                            \
  static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {       \
    (void)kernel;                                                                              \
    plan_family(shape, LANE_M_BEST, LANE_N_BEST, plan);                                        \
    if (shape.n >= (panel_tokens)) plan->scratch_size = panel_scratch_bytes(shape.k);          \
  }

// How often a whole compute unpacks all the weights.
static inline uint64_t panel_passes(size_t n) {
  return blocks_of(n, LANE_N_BEST);
}

// Adds what a whole compute by panels_lanes does beside unpacking, which writes unpacked_bytes for
// every block.
static inline void panels_lanes_count(mpgemm_shape shape, size_t unpacked_bytes,
                                      mpgemm_ops *compute) {
  const uint64_t blocks = blocks_of(shape.m, LANES), outputs = blocks * LANES * shape.n;
  const uint64_t rows = panel_rows(shape.k), products = outputs * rows * PANEL_ROW_INPUTS;
  const lanes_work work = lanes_work_of(shape.n, LANE_TOKENS);
  compute->mul_i8 += products;
  // Partial sums, and the last: less the sum of the codes.
  compute->add_i32 += products + work.additions * blocks * LANES + outputs;
  compute->mul_f32 += 2 * outputs;
  compute->convert += outputs;
  compute->prepared_bytes += lanes_inputs(work, shape.n, blocks) * rows * PANEL_ROW_INPUTS;
  // Weights are written once for all tokens of a tile, and read by every group of them.
  compute->scratch_bytes += panel_passes(shape.n) * blocks * unpacked_bytes;
  compute->scratch_bytes += work.passes * blocks * rows * PANEL_ROW;
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

TARGET_END

#endif
