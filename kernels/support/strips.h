// strips.h: what the kernels share that look sums up in tables, strip by strip (tl1, tl2).
//
// Packed    Strips of 32 rows, one after another; a strip is a row of blocks along K. M is padded
//           to whole strips and K to whole blocks with zero weights.
// Prepared  One token after another: a header (none, or a float step and zeros), then the tables of
//           each block. Inputs beyond K count as zero.
#pragma once

#include <string.h>

#include "mpgemm_kernel.h"
#include "support/rows.h"

enum {
  STRIP_ROWS = 32,
  STRIP_TOKENS = 4,   // at most so many tokens share the reading of a block
  STRIP_INPUTS = 32,  // inputs of a block, at most
  STEP_HEADER = 64,   // bytes of a header that holds a step
};

typedef struct {
  size_t group;         // inputs of one lookup
  size_t inputs;        // of a block
  size_t block_bytes;   // of a block's weights
  size_t table_bytes;   // of a block's tables for one token
  size_t header_bytes;  // 0 or STEP_HEADER
  // Packs and unpacks row r of a block: inputs weights; 2 stands for a code that none packs to.
  void (*pack_row)(const int8_t *w, size_t r, uint8_t *block);
  void (*unpack_row)(const uint8_t *block, size_t r, int8_t *w);
} strip_layout;

// Adds blocks of a strip to total[t], for a fixed number of tokens t. The weights that are read
// next begin about ahead bytes further on.
typedef void strip_sum(const uint8_t *packed, size_t blocks, const int8_t *tables,
                       size_t token_bytes, size_t ahead, int32_t (*total)[STRIP_ROWS]);

// A kernel's sums for 1, 2 and 4 tokens; where only the first is given, each token is alone.
typedef struct {
  strip_sum *one, *two, *four;
} strip_sums;

static inline size_t strip_count(size_t m) {
  return (m + STRIP_ROWS - 1) / STRIP_ROWS;
}

static inline size_t strip_blocks(const strip_layout *layout, size_t k) {
  return (k + layout->inputs - 1) / layout->inputs;
}

static inline size_t strip_bytes(const strip_layout *layout, size_t k) {
  return strip_blocks(layout, k) * layout->block_bytes;
}

static inline size_t strip_token_bytes(const strip_layout *layout, size_t k) {
  return layout->header_bytes + strip_blocks(layout, k) * layout->table_bytes;
}

// Copies count of a row's k elements from begin on, zeros standing for those beyond k.
static inline void copy_padded(int8_t *to, const int8_t *row, size_t k, size_t begin,
                               size_t count) {
  const size_t inside = begin < k ? min_size(count, k - begin) : 0;
  memcpy(to, row + begin, inside);
  memset(to + inside, 0, count - inside);
}

size_t strips_packed_size(const strip_layout *layout, size_t m, size_t k);
void strips_pack(const strip_layout *layout, size_t m, size_t k, const int8_t *w, void *packed);
void strips_unpack(const strip_layout *layout, size_t m, size_t k, const void *packed, int8_t *w);

// Fills the whole plan. Requantised tables (a header) need all of K at once.
void strips_plan(const strip_layout *layout, mpgemm_shape shape, mpgemm_plan *plan);

// Makes the tables of a block's inputs. scale: what requantised entries are multiplied by.
typedef void strip_tables(const int8_t *inputs, float scale, int8_t *tables);

// Prepares the range. A token's step is its largest entry / 127 (0 if that is 0), and its scale is
// 127 / largest entry. The largest entry is the largest sum of |code| over the inputs of a lookup.
void strips_prepare(const strip_layout *layout, strip_tables *tables, size_t k,
                    const mpgemm_input *input, mpgemm_range range, void *prepared);

// Computes the tile: y = total * (w_scale * x_scale), x_scale times the step where there is one.
void strips_compute(const strip_layout *layout, const strip_sums *sums, const mpgemm_call *call,
                    mpgemm_tile tile);

// The sum of row r of a block, in plain C.
typedef int16_t strip_row_sum(const uint8_t *block, const int8_t *tables, size_t r);

// Adds blocks of a strip to total, row by row. chunk: blocks whose sum fits 16 bits.
static inline void strip_add_rows(size_t block_bytes, size_t table_bytes, size_t chunk,
                                  strip_row_sum *row_sum, const uint8_t *packed, size_t blocks,
                                  const int8_t *tables, int32_t total[STRIP_ROWS]) {
  for (size_t begin = 0; begin < blocks; begin += chunk) {
    int16_t sum[STRIP_ROWS] = {0};
    for (size_t b = begin; b < min_size(begin + chunk, blocks); b++)
      for (size_t r = 0; r < STRIP_ROWS; r++)
        sum[r] = (int16_t)(sum[r] + row_sum(packed + b * block_bytes, tables + b * table_bytes, r));
    for (size_t r = 0; r < STRIP_ROWS; r++) total[r] += sum[r];
  }
}

// What a kernel does to prepare the tables of one lookup.
typedef struct {
  uint32_t add_i16, mul_i8, bitop;
  uint32_t requantised;  // entries that are requantised
} strip_table_costs;

// What a kernel does for one row of one block.
typedef struct {
  uint32_t bitop, add_i8;  // once for a group of tokens
  uint32_t pair_add_i16;   // the same, for two rows
  uint32_t token_lookup, token_bitop, token_add_i8, token_add_i16, token_mul_i8;  // for each token
  uint32_t chunk;  // blocks that are summed in 16 bits before they are added in 32
} strip_costs;

// Adds what preparing n x k does.
void strips_count_prepare(const strip_layout *layout, const strip_table_costs *costs,
                          mpgemm_shape shape, mpgemm_ops *prepare);

// Adds what computing the shape does.
void strips_count_compute(const strip_layout *layout, const strip_sums *sums,
                          const strip_costs *costs, mpgemm_shape shape, mpgemm_ops *compute);
