// tl2.c: TL2's packing and its lossless kernel in plain C.
#include "tl2/tl2.h"

const strip_layout tl2_layout = {
    .group = TL2_GROUP,
    .inputs = TL2_INPUTS,
    .block_bytes = TL2_BLOCK,
    .table_bytes = TL2_TRIPLES * TL2_DIGITS,
};

size_t tl2_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return strip_count(m) * strip_bytes(&tl2_layout, k);
}

// Packs one row of a block.
static void pack_row(const int8_t w[TL2_INPUTS], size_t r, uint8_t *block) {
  unsigned signs = 0;
  for (size_t p = 0; p < TL2_TRIPLES / 2; p++) {
    unsigned code = 0;
    for (size_t h = 0; h < 2; h++) {
      const size_t g = 2 * p + h;
      const int8_t *const triple = w + g * TL2_GROUP;
      const int v = 9 * triple[0] + 3 * triple[1] + triple[2];
      code |= (unsigned)(v < 0 ? -v : v) << 4 * h;
      signs |= (v < 0 ? 0x80u : 0) >> g;
    }
    block[STRIP_ROWS * (1 + p) + r] = (uint8_t)code;
  }
  block[r] = (uint8_t)signs;
}

void tl2_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  const size_t blocks = strip_blocks(&tl2_layout, k);
  for (size_t i = 0; i < strip_count(m) * STRIP_ROWS; i++) {
    uint8_t *const strip = (uint8_t *)packed + i / STRIP_ROWS * strip_bytes(&tl2_layout, k);
    for (size_t b = 0; b < blocks; b++) {
      int8_t weights[TL2_INPUTS] = {0};
      if (i < m) copy_padded(weights, w + i * k, k, b * TL2_INPUTS, TL2_INPUTS);
      pack_row(weights, i % STRIP_ROWS, strip + b * TL2_BLOCK);
    }
  }
}

// The three weights of a triple; 2s for what no triple packs to: 14, 15 and minus zero.
static void unpack_triple(int magnitude, int negative, int8_t weight[TL2_GROUP]) {
  if (magnitude >= TL2_ENTRIES || (negative && magnitude == 0)) {
    memset(weight, 2, TL2_GROUP);
    return;
  }
  const int digits = (negative ? -magnitude : magnitude) + 13;  // in base 3, each weight + 1
  weight[0] = (int8_t)(digits / 9 - 1);
  weight[1] = (int8_t)(digits / 3 % 3 - 1);
  weight[2] = (int8_t)(digits % 3 - 1);
}

void tl2_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  for (size_t i = 0; i < m; i++) {
    const uint8_t *const strip =
        (const uint8_t *)packed + i / STRIP_ROWS * strip_bytes(&tl2_layout, k);
    const size_t r = i % STRIP_ROWS;
    for (size_t j = 0; j < k; j += TL2_GROUP) {
      const uint8_t *const block = strip + j / TL2_INPUTS * TL2_BLOCK;
      const size_t g = j % TL2_INPUTS / TL2_GROUP;
      const int magnitude = block[STRIP_ROWS * (1 + g / 2) + r] >> 4 * (g % 2) & 15;
      int8_t weight[TL2_GROUP];
      unpack_triple(magnitude, block[r] >> (7 - g) & 1, weight);
      memcpy(w + i * k + j, weight, min_size(TL2_GROUP, k - j));
    }
  }
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
  for (size_t begin = 0; begin < blocks; begin += TL2_CHUNK) {
    int16_t sum[STRIP_ROWS] = {0};
    for (size_t b = begin; b < min_size(begin + TL2_CHUNK, blocks); b++) {
      const uint8_t *const block = packed + b * TL2_BLOCK;
      const int8_t *const block_tables = tables + b * tl2_layout.table_bytes;
      for (size_t r = 0; r < STRIP_ROWS; r++)
        sum[r] = (int16_t)(sum[r] + sum_row(block, block_tables, r));
    }
    for (size_t r = 0; r < STRIP_ROWS; r++) total[0][r] += sum[r];
  }
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

extern const mpgemm_kernel tl2_avx2;

const mpgemm_kernel *const *tl2_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &tl2_portable,
#if defined(__x86_64__)
      &tl2_avx2,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
