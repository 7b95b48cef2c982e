// tl1.c: TL1's packing and its lossless kernel in plain C.
#include "tl1/tl1.h"

static void pack_row(const int8_t *w, size_t r, uint8_t *block) {
  for (size_t p = 0; p < TL1_PAIRS / 2; p++) {
    unsigned codes = 0;
    for (size_t h = 0; h < 2; h++) {
      const int8_t *const pair = w + (2 * p + h) * TL1_GROUP;
      codes |= (unsigned)(3 * pair[0] + pair[1] + TL1_ZERO) << 4 * h;
    }
    block[STRIP_ROWS * p + r] = (uint8_t)codes;
  }
}

static void unpack_row(const uint8_t *block, size_t r, int8_t *w) {
  for (size_t g = 0; g < TL1_PAIRS; g++) {
    int8_t *const pair = w + g * TL1_GROUP;
    const int index = block[STRIP_ROWS * (g / 2) + r] >> 4 * (g % 2) & 15;
    pair[0] = (int8_t)(index / 3 - 1);
    pair[1] = (int8_t)(index % 3 - 1);
    if (index >= TL1_ENTRIES) memset(pair, 2, TL1_GROUP);
  }
}

const strip_layout tl1_layout = {
    .group = TL1_GROUP,
    .inputs = TL1_INPUTS,
    .block_bytes = TL1_BLOCK,
    .table_bytes = TL1_PAIRS * TL1_DIGITS,
    .pack_row = pack_row,
    .unpack_row = unpack_row,
};

const strip_layout tl1_lossy_layout = {
    .group = TL1_GROUP,
    .inputs = TL1_INPUTS,
    .block_bytes = TL1_BLOCK,
    .table_bytes = TL1_PAIRS * TL1_BYTES,
    .header_bytes = STEP_HEADER,
    .pack_row = pack_row,
    .unpack_row = unpack_row,
};

size_t tl1_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return strips_packed_size(&tl1_layout, m, k);
}

void tl1_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  strips_pack(&tl1_layout, m, k, w, packed);
}

void tl1_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  strips_unpack(&tl1_layout, m, k, packed, w);
}

void tl1_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  strips_plan(&tl1_layout, shape, plan);
}

// 2 additions and 4 negations.
void tl1_entries(const int8_t x[TL1_GROUP], int16_t entry[TABLE_ENTRIES]) {
  memset(entry, 0, TABLE_ENTRIES * sizeof *entry);
  entry[TL1_ZERO + 1] = x[1];
  entry[TL1_ZERO + 2] = (int16_t)(x[0] - x[1]);
  entry[TL1_ZERO + 3] = x[0];
  entry[TL1_ZERO + 4] = (int16_t)(x[0] + x[1]);
  for (int v = 1; v <= TL1_ZERO; v++) entry[TL1_ZERO - v] = (int16_t)-entry[TL1_ZERO + v];
}

static void make_tables(const int8_t *inputs, float scale, int8_t *tables) {
  (void)scale;
  for (size_t g = 0; g < TL1_PAIRS; g++) {
    int16_t entry[TABLE_ENTRIES];
    tl1_entries(inputs + g * TL1_GROUP, entry);
    for (size_t v = 0; v < TABLE_ENTRIES; v++) {
      const int8_t high = digit_high(entry[v]);
      tables[g * TL1_DIGITS + v] = digit_low(entry[v], high);
      tables[g * TL1_DIGITS + TABLE_ENTRIES + v] = high;
    }
  }
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  strips_prepare(&tl1_layout, make_tables, k, input, range, prepared);
}

// The sum of a block for one row.
static int16_t sum_row(const uint8_t *block, const int8_t *tables, size_t r) {
  int8_t low = 0, high = 0;  // |low| <= 8 * 15, |high| <= 8 * 8
  for (size_t g = 0; g < TL1_PAIRS; g++) {
    const uint8_t codes = block[STRIP_ROWS * (g / 2) + r];
    const uint8_t index = g % 2 ? codes >> 4 : codes & 15;
    const int8_t *const table = tables + g * TL1_DIGITS;
    low = (int8_t)(low + table[index]);
    high = (int8_t)(high + table[TABLE_ENTRIES + index]);
  }
  return (int16_t)(low + DIGIT_BASE * high);
}

static void sum_one(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                    size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  (void)token_bytes, (void)ahead;
  strip_add_rows(TL1_BLOCK, TL1_PAIRS * TL1_DIGITS, TL1_CHUNK, sum_row, packed, blocks, tables,
                 total[0]);
}

static const strip_sums sums = {.one = sum_one};

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  strips_compute(&tl1_layout, &sums, call, tile);
}

static const strip_table_costs table_costs = {
    .add_i16 = 6 + 4 * TABLE_ENTRIES,  // the entries, and four in each split
    .bitop = 3 * TABLE_ENTRIES,        // the shifts of the splits
};

static const strip_costs costs = {
    .bitop = TL1_PAIRS,  // a nibble for each pair
    .token_lookup = 2 * TL1_PAIRS,
    .token_add_i8 = 2 * TL1_PAIRS,
    .token_add_i16 = 2,
    .token_mul_i8 = 1,
    .chunk = TL1_CHUNK,
};

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *compute_ops) {
  (void)kernel;
  if (prepare_ops) strips_count_prepare(&tl1_layout, &table_costs, shape, prepare_ops);
  if (compute_ops) strips_count_compute(&tl1_layout, &sums, &costs, shape, compute_ops);
}

static const mpgemm_kernel tl1_portable = {
    TL1_LOSSLESS,
    .name = "tl1_portable",
    .summary = "two weights, one lookup, 2 bits; plain C",
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

const mpgemm_kernel *const *tl1_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &tl1_portable, &tl1_lossy_portable,
#if defined(__x86_64__)
      &tl1_avx2,     &tl1_lossy_avx2,
#elif defined(__aarch64__)
      &tl1_neon,     &tl1_lossy_neon,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
