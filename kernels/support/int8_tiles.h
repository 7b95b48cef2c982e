// int8_tiles.h: the preparation "int8_tiles" of the kernels that multiply many tokens by AMX.
//
// Few   Below TILES_TOKENS tokens it is int8_rows (rows.h).
// Many  Tokens in groups of 16, inputs in runs of 64: the codes of a group and a run are a tile, 16
//       rows of 64 bytes, row t the group's token t. The tiles of a group follow one another over
//       the inputs; groups follow one another. Tokens beyond n and inputs beyond k are zeros.
#pragma once

#include "mpgemm_kernel.h"
#include "support/rows.h"
#include "support/tiles.h"

enum {
  // A tile of fewer tokens would be multiplied as a whole. Where AMX begins to win is unmeasured.
  TILES_TOKENS = TILE_ROWS,
};

static inline size_t int8_tiles_of(size_t k) {
  return blocks_of(k, TILE_ROW);
}

// The first tile of the group that token t lies in; t is a multiple of 16.
static inline const int8_t *int8_tiles_group(const mpgemm_call *call, size_t t) {
  return (const int8_t *)call->prepared + t / TILE_ROWS * int8_tiles_of(call->shape.k) * TILE_BYTES;
}

// Fills the plan's prepare fields for this preparation.
void int8_tiles_plan(mpgemm_shape shape, mpgemm_plan *plan);

// The prepare function of this preparation.
void int8_tiles_prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                        mpgemm_range range, void *prepared);

// Adds what one prepare of n x k does.
void int8_tiles_count(mpgemm_shape shape, mpgemm_ops *prepare);
