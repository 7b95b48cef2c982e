// panels_amx.h: what the kernels share that multiply many tokens by AMX, weights unpacked to tiles.
//
// Unpacked  Panels as panels_avx512.h has them: 16 rows of a block are a tile of weights.
// Sums      Two groups of 16 tokens by the two blocks: four tiles of sums share two tiles of inputs
//           and two of weights. A dot product adds modulo 2^32 and |sum| <= 2 * 127 k.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "support/int8_tiles.h"
#include "support/panels_avx512.h"
#include "support/target.h"

enum {
  PANEL_GROUPS = 2,
  PANEL_TOKENS = PANEL_GROUPS * TILE_ROWS,
  PANEL_M_BEST = 4 * PANEL_ROWS,
};

// Tile registers: sums of group and block, inputs of a group, weights of a block.
enum { SUM_00, SUM_01, SUM_10, SUM_11, CODES_0, CODES_1, WEIGHTS_0, WEIGHTS_1 };

// Eight whole tiles. Static, so that its bytes are there whatever a compiler thinks of the asm.
static const tile_config whole_tiles = {
    .palette = 1,
    .row_bytes = {TILE_ROW, TILE_ROW, TILE_ROW, TILE_ROW, TILE_ROW, TILE_ROW, TILE_ROW, TILE_ROW},
    .rows = {TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS,
             TILE_ROWS},
};

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

static inline void panels_plan(mpgemm_shape shape, mpgemm_plan *plan) {
  int8_tiles_plan(shape, plan);
  plan->scratch_size = panel_scratch_bytes(shape.k);
  plan->m_step = LANES;
  plan->n_step = TILE_ROWS;
  plan->m_best = PANEL_M_BEST;
  plan->n_best = LANE_N_BEST;
}

// Sums so many groups by so many blocks, both constants, in the tile registers.
LANES_INLINE void panel_sums(const int8_t *codes, const uint8_t *weights, size_t block_bytes,
                             size_t tiles, size_t groups, size_t blocks) {
  const int8_t *second_codes = codes + tiles * TILE_BYTES;
  const uint8_t *second_weights = weights + block_bytes;
  TILE_ZERO(SUM_00);
  if (blocks == 2) TILE_ZERO(SUM_01);
  if (groups == 2) TILE_ZERO(SUM_10);
  if (groups == 2 && blocks == 2) TILE_ZERO(SUM_11);
  for (size_t offset = 0; offset < tiles * TILE_BYTES; offset += TILE_BYTES) {
    TILE_LOAD(CODES_0, codes + offset, TILE_ROW);
    TILE_LOAD(WEIGHTS_0, weights + offset, TILE_ROW);
    TILE_DOT(SUM_00, CODES_0, WEIGHTS_0);
    if (blocks == 2) {
      TILE_LOAD(WEIGHTS_1, second_weights + offset, TILE_ROW);
      TILE_DOT(SUM_01, CODES_0, WEIGHTS_1);
    }
    if (groups == 2) {
      TILE_LOAD(CODES_1, second_codes + offset, TILE_ROW);
      TILE_DOT(SUM_10, CODES_1, WEIGHTS_0);
    }
    if (groups == 2 && blocks == 2) TILE_DOT(SUM_11, CODES_1, WEIGHTS_1);
  }
}

// Writes one tile of sums: 16 rows from i on by 16 tokens from t on, as far as they lie in the tile.
static inline void panel_store(const mpgemm_call *call, size_t i, size_t t, mpgemm_tile tile,
                               const int32_t sums[TILE_ROWS][LANES]) {
  for (size_t n = 0; n < min_size(TILE_ROWS, tile.n_end - t); n++) {
    lanes_store(call, i, t + n, tile.m_end, _mm512_load_si512(sums[n]));
  }
}

LANES_INLINE void panel_groups(const mpgemm_call *call, size_t i, size_t t, mpgemm_tile tile,
                               const uint8_t *weights, size_t block_bytes, size_t groups,
                               size_t blocks) {
  _Alignas(MPGEMM_ALIGN) int32_t sums[PANEL_GROUPS][PANEL_BLOCKS][TILE_ROWS][LANES];
  panel_sums(int8_tiles_group(call, t), weights, block_bytes, int8_tiles_of(call->shape.k), groups,
             blocks);
  TILE_STORE(sums[0][0], TILE_ROW, SUM_00);
  if (blocks == 2) TILE_STORE(sums[0][1], TILE_ROW, SUM_01);
  if (groups == 2) TILE_STORE(sums[1][0], TILE_ROW, SUM_10);
  if (groups == 2 && blocks == 2) TILE_STORE(sums[1][1], TILE_ROW, SUM_11);
  for (size_t g = 0; g < groups; g++) {
    for (size_t b = 0; b < blocks; b++) {
      panel_store(call, i + b * LANES, t + g * TILE_ROWS, tile, sums[g][b]);
    }
  }
}

// Computes a tile of many tokens. unpack is a compile-time constant, so that it is inlined.
LANES_INLINE void panels_compute(const mpgemm_call *call, mpgemm_tile tile, panel_unpack *unpack,
                                 uint8_t *unpacked) {
  const size_t block_bytes = panel_block_bytes(call->shape.k);
  TILE_CONFIGURE(&whole_tiles);
  for (size_t i = tile.m_begin; i < tile.m_end; i += PANEL_ROWS) {
    const size_t blocks = tile.m_end - i > LANES ? 2 : 1;
    for (size_t b = 0; b < blocks; b++) unpack(call, i + b * LANES, unpacked + b * block_bytes);
    for (size_t t = tile.n_begin; t < tile.n_end; t += PANEL_TOKENS) {
      const size_t groups = tile.n_end - t > TILE_ROWS ? 2 : 1;
      if (groups == 2 && blocks == 2) panel_groups(call, i, t, tile, unpacked, block_bytes, 2, 2);
      if (groups == 2 && blocks == 1) panel_groups(call, i, t, tile, unpacked, block_bytes, 2, 1);
      if (groups == 1 && blocks == 2) panel_groups(call, i, t, tile, unpacked, block_bytes, 1, 2);
      if (groups == 1 && blocks == 1) panel_groups(call, i, t, tile, unpacked, block_bytes, 1, 1);
    }
  }
  TILE_RELEASE();
}

// Adds what a whole compute does beside unpacking, which writes line_bytes for every block.
static inline void panels_count(mpgemm_shape shape, size_t unpacked_bytes, mpgemm_ops *compute) {
  const uint64_t blocks = blocks_of(shape.m, LANES), groups = blocks_of(shape.n, TILE_ROWS);
  const uint64_t tiles = int8_tiles_of(shape.k), outputs = blocks * LANES * shape.n;
  const uint64_t sums = blocks * groups;  // tiles of them
  compute->mul_i8 += sums * tiles * TILE_ROWS * LANES * TILE_ROW;
  compute->add_i32 += sums * tiles * TILE_ROWS * LANES * TILE_ROW + outputs;
  compute->mul_f32 += 2 * outputs;
  compute->convert += outputs;
  compute->prepared_bytes += blocks_of(blocks, PANEL_BLOCKS) * groups * tiles * TILE_BYTES;
  // Weights are written once a pass and read by every pair of groups. Sums pass by way of the stack.
  compute->scratch_bytes += panel_passes(shape.n) * blocks * unpacked_bytes;
  compute->scratch_bytes += blocks * blocks_of(groups, PANEL_GROUPS) * tiles * TILE_BYTES;
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

TARGET_END

// Defines plan, compute and count of a kernel that leaves few tokens to another, few_kernel, of the
// same layout. unpack is a panel_unpack; count_unpack(shape, passes, ops) adds what it does to all
// weights so many times, but for the bytes it writes, block_bytes(k) for every block. Inside a target
// region that has all that unpack needs.
#define PANELS_KERNEL(few_kernel, unpack, count_unpack, block_bytes)                          \
  static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile, \
                      void *scratch) {                                                        \
    (void)kernel;                                                                             \
    if (call->shape.n < TILES_TOKENS) {                                                       \
      few_kernel.compute(&few_kernel, call, tile, scratch);                                   \
    } else {                                                                                  \
      panels_compute(call, tile, unpack, scratch);                                            \
    }                                                                                         \
  }                                                                                           \
  static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {      \
    (void)kernel;                                                                             \
    if (shape.n < TILES_TOKENS) {                                                             \
      few_kernel.plan(&few_kernel, shape, plan);                                              \
    } else {                                                                                  \
      panels_plan(shape, plan);                                                               \
    }                                                                                         \
  }                                                                                           \
  static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,     \
                    mpgemm_ops *compute) {                                                    \
    (void)kernel;                                                                             \
    if (shape.n < TILES_TOKENS) {                                                             \
      few_kernel.count(&few_kernel, shape, prepare, compute);                                 \
      return;                                                                                 \
    }                                                                                         \
    if (prepare) int8_tiles_count(shape, prepare);                                            \
    if (!compute) return;                                                                     \
    count_unpack(shape, panel_passes(shape.n), compute);                                      \
    panels_count(shape, block_bytes(shape.k), compute);                                       \
  }

// What the descriptors of these kernels share.
#define PANELS_FIELDS                                                                           \
  .preparation = "int8_tiles", .plan = plan, .prepare = int8_tiles_prepare, .compute = compute, \
  .count = count

#endif
