// int8_tiles.c: the preparation "int8_tiles".
#include "support/int8_tiles.h"

#include <string.h>

static size_t groups_of(size_t n) {
  return blocks_of(n, TILE_ROWS);
}

void int8_tiles_plan(mpgemm_shape shape, mpgemm_plan *plan) {
  if (shape.n < TILES_TOKENS) {
    int8_rows_plan(shape, plan);
    return;
  }
  plan->prepared_size = groups_of(shape.n) * int8_tiles_of(shape.k) * TILE_BYTES;
  plan->prepare_n_step = TILE_ROWS;
  plan->prepare_k_step = TILE_ROW;
}

void int8_tiles_prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                        mpgemm_range range, void *prepared) {
  if (n < TILES_TOKENS) {
    int8_rows_prepare(kernel, n, k, input, range, prepared);
    return;
  }
  const int8_t *x = input->x;
  const size_t tiles = int8_tiles_of(k);
  // A range's last token and input are n and k, or end a tile.
  const size_t n_end = round_up(range.n_end, TILE_ROWS);
  for (size_t t = range.n_begin; t < n_end; t++) {
    int8_t *row = (int8_t *)prepared + t / TILE_ROWS * tiles * TILE_BYTES;
    row += t % TILE_ROWS * TILE_ROW;
    for (size_t j = range.k_begin; j < range.k_end; j += TILE_ROW) {
      const size_t inside = t < n ? min_size(TILE_ROW, range.k_end - j) : 0;
      const int8_t *from = inside ? x + t * input->ldx + j : x;  // a token that there is
      int8_t *to = row + j / TILE_ROW * TILE_BYTES;
      if (inside == TILE_ROW) {
        memcpy(to, from, TILE_ROW);  // of a constant size, which is no call
      } else {
        if (inside) memcpy(to, from, inside);
        memset(to + inside, 0, TILE_ROW - inside);
      }
    }
  }
}

void int8_tiles_count(mpgemm_shape shape, mpgemm_ops *prepare) {
  if (shape.n < TILES_TOKENS) {
    int8_rows_count(shape, prepare);
    return;
  }
  prepare->input_bytes += shape.n * shape.k;
  prepare->prepared_bytes += groups_of(shape.n) * int8_tiles_of(shape.k) * TILE_BYTES;
}
