// tl2.c: TL2's packing and its lossless kernel in plain C.
#include "tl2/tl2.h"

static void pack_row(const int8_t *w, size_t r, uint8_t *block) {
  unsigned signs = 0;
  for (size_t p = 0; p < TL2_TRIPLES / 2; p++) {
    unsigned codes = 0;
    for (size_t h = 0; h < 2; h++) {
      const size_t g = 2 * p + h;
      const int8_t *const triple = w + g * TL2_GROUP;
      const int v = 9 * triple[0] + 3 * triple[1] + triple[2];
      codes |= (unsigned)(v < 0 ? -v : v) << 4 * h;
      signs |= (v < 0 ? 0x80u : 0) >> g;
    }
    block[STRIP_ROWS * (1 + p) + r] = (uint8_t)codes;
  }
  block[r] = (uint8_t)signs;
}

static void unpack_row(const uint8_t *block, size_t r, int8_t *w) {
  for (size_t g = 0; g < TL2_TRIPLES; g++) {
    int8_t *const triple = w + g * TL2_GROUP;
    const int magnitude = block[STRIP_ROWS * (1 + g / 2) + r] >> 4 * (g % 2) & 15;
    const int negative = block[r] & 0x80 >> g;
    const int digits = (negative ? -magnitude : magnitude) + 13;  // in base 3, each weight + 1
    triple[0] = (int8_t)(digits / 9 - 1);
    triple[1] = (int8_t)(digits / 3 % 3 - 1);
    triple[2] = (int8_t)(digits % 3 - 1);
    // No triple packs to 14, 15 or minus zero.
    if (magnitude >= TL2_ENTRIES || (negative && magnitude == 0)) memset(triple, 2, TL2_GROUP);
  }
}

const strip_layout tl2_layout = {
    .group = TL2_GROUP,
    .inputs = TL2_INPUTS,
    .block_bytes = TL2_BLOCK,
    .table_bytes = TL2_TRIPLES * TL2_DIGITS,
    .pack_row = pack_row,
    .unpack_row = unpack_row,
};

const strip_layout tl2_lossy_layout = {
    .group = TL2_GROUP,
    .inputs = TL2_INPUTS,
    .block_bytes = TL2_BLOCK,
    .table_bytes = TL2_TRIPLES * TL2_BYTES,
    .header_bytes = STEP_HEADER,
    .pack_row = pack_row,
    .unpack_row = unpack_row,
};

size_t tl2_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return strips_packed_size(&tl2_layout, m, k);
}

void tl2_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  strips_pack(&tl2_layout, m, k, w, packed);
}

void tl2_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  strips_unpack(&tl2_layout, m, k, packed, w);
}

void tl2_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  strips_plan(&tl2_layout, shape, plan);
}

// 10 additions: an entry with w0 = 1 is x0 plus or minus one of the entries with w0 = 0.
void tl2_entries(const int8_t x[TL2_GROUP], int16_t entry[TABLE_ENTRIES]) {
  memset(entry, 0, TABLE_ENTRIES * sizeof *entry);
  entry[1] = x[2];
  entry[2] = (int16_t)(x[1] - x[2]);
  entry[3] = x[1];
  entry[4] = (int16_t)(x[1] + x[2]);
  entry[9] = x[0];
  for (int v = 1; v <= 4; v++) {
    entry[9 - v] = (int16_t)(x[0] - entry[v]);
    entry[9 + v] = (int16_t)(x[0] + entry[v]);
  }
}

static void make_tables(const int8_t *inputs, float scale, int8_t *tables) {
  (void)scale;
  for (size_t g = 0; g < TL2_TRIPLES; g++) {
    int16_t entry[TABLE_ENTRIES];
    tl2_entries(inputs + g * TL2_GROUP, entry);
    for (size_t v = 0; v < TABLE_ENTRIES; v++) {
      const int8_t high = digit_high(entry[v]);
      tables[g * TL2_DIGITS + v] = digit_low(entry[v], high);
      tables[g * TL2_DIGITS + TABLE_ENTRIES + v] = high;
    }
  }
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  strips_prepare(&tl2_layout, make_tables, k, input, range, prepared);
}

// The sum of a block for one row.
static int16_t sum_row(const uint8_t *block, const int8_t *tables, size_t r) {
  int8_t low = 0, high = 0;  // |low| <= 8 * 15, |high| <= 8 * 12
  for (size_t g = 0; g < TL2_TRIPLES; g++) {
    const uint8_t codes = block[STRIP_ROWS * (1 + g / 2) + r];
    const uint8_t index = g % 2 ? codes >> 4 : codes & 15;
    const int8_t *const table = tables + g * TL2_DIGITS;
    const int8_t low_digit = table[index];
    const int8_t high_digit = table[TABLE_ENTRIES + index];
    const int negative = block[r] & 0x80 >> g;
    low = (int8_t)(low + (negative ? -low_digit : low_digit));
    high = (int8_t)(high + (negative ? -high_digit : high_digit));
  }
  return (int16_t)(low + DIGIT_BASE * high);
}

static void sum_one(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                    size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  (void)token_bytes, (void)ahead;
  strip_add_rows(TL2_BLOCK, TL2_TRIPLES * TL2_DIGITS, TL2_CHUNK, sum_row, packed, blocks, tables,
                 total[0]);
}

static const strip_sums sums = {.one = sum_one};

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  strips_compute(&tl2_layout, &sums, call, tile);
}

static const strip_table_costs table_costs = {
    .add_i16 = 10 + 4 * TABLE_ENTRIES,  // the entries, and four in each split
    .bitop = 3 * TABLE_ENTRIES,         // the shifts of the splits
};

static const strip_costs costs = {
    .bitop = 8 + TL2_TRIPLES,  // a nibble and a sign for each triple
    .token_lookup = 2 * TL2_TRIPLES,
    .token_add_i8 = 4 * TL2_TRIPLES,  // negation and addition of both digits
    .token_add_i16 = 2,
    .token_mul_i8 = 1,
    .chunk = TL2_CHUNK,
};

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *compute_ops) {
  (void)kernel;
  if (prepare_ops) strips_count_prepare(&tl2_layout, &table_costs, shape, prepare_ops);
  if (compute_ops) strips_count_compute(&tl2_layout, &sums, &costs, shape, compute_ops);
}

static const mpgemm_kernel tl2_portable = {
    TL2_LOSSLESS,
    .name = "tl2_portable",
    .summary = "three weights, one lookup, 5/3 bits; plain C",
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

const mpgemm_kernel *const *tl2_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &tl2_portable, &tl2_lossy_portable,
#if defined(__x86_64__)
      &tl2_avx2,     &tl2_lossy_avx2,
#elif defined(__aarch64__)
      &tl2_neon,     &tl2_lossy_neon,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
