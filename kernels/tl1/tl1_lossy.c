// tl1_lossy.c: TL1 with requantised entries in plain C.
#include "support/round.h"
#include "tl1/tl1.h"

void tl1_lossy_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  strips_plan(&tl1_lossy_layout, shape, plan);
}

static void make_tables(const int8_t *inputs, float scale, int8_t *tables) {
  for (size_t g = 0; g < TL1_PAIRS; g++) {
    int16_t entry[TABLE_ENTRIES];
    tl1_entries(inputs + g * TL1_GROUP, entry);
    for (size_t v = 0; v < TABLE_ENTRIES; v++) {
      const float scaled = (float)entry[v] * scale;  // |scaled| <= 127 by the choice of scale
      tables[g * TL1_BYTES + v] = (int8_t)round_to_even(scaled);
    }
  }
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  strips_prepare(&tl1_lossy_layout, make_tables, k, input, range, prepared);
}

// The sum of a block for one row: |sum| <= 8 * 127.
static int16_t sum_row(const uint8_t *block, const int8_t *tables, size_t r) {
  int sum = 0;
  for (size_t g = 0; g < TL1_PAIRS; g++) {
    const uint8_t codes = block[STRIP_ROWS * (g / 2) + r];
    const uint8_t index = g % 2 ? codes >> 4 : codes & 15;
    sum += tables[g * TL1_BYTES + index];
  }
  return (int16_t)sum;
}

static void sum_one(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                    size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  (void)token_bytes, (void)ahead;
  strip_add_rows(TL1_BLOCK, TL1_PAIRS * TL1_BYTES, TL1_LOSSY_CHUNK, sum_row, packed, blocks, tables,
                 total[0]);
}

static const strip_sums sums = {.one = sum_one};

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  strips_compute(&tl1_lossy_layout, &sums, call, tile);
}

static const strip_table_costs table_costs = {
    .add_i16 = 6,
    .requantised = TABLE_ENTRIES,
};

static const strip_costs costs = {
    .bitop = TL1_PAIRS,  // a nibble for each pair
    .token_lookup = TL1_PAIRS,
    .token_add_i16 = TL1_PAIRS + 1,  // within the block, and of blocks
    .chunk = TL1_LOSSY_CHUNK,
};

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *compute_ops) {
  (void)kernel;
  if (prepare_ops) strips_count_prepare(&tl1_lossy_layout, &table_costs, shape, prepare_ops);
  if (compute_ops) strips_count_compute(&tl1_lossy_layout, &sums, &costs, shape, compute_ops);
}

const mpgemm_kernel tl1_lossy_portable = {
    TL1_LOSSY,
    .name = "tl1_lossy_portable",
    .summary = "two weights, one lookup of a requantised sum, 2 bits; plain C",
    .prepare = prepare,
    .compute = compute,
    .count = count,
};
