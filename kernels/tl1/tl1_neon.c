// tl1_neon.c: TL1, lossless, in NEON: 16 rows a lookup, both digits summed in bytes.
#if defined(__aarch64__)

#include "support/strips_neon.h"
#include "tl1/tl1.h"

static void make_tables(const int8_t *inputs, float scale, int8_t *tables) {
  (void)scale;
  for (size_t g = 0; g < TL1_PAIRS; g++) {
    int16_t entry[TABLE_ENTRIES];
    tl1_entries(inputs + g * TL1_GROUP, entry);
    strip_split_digits(entry, tables + g * TL1_DIGITS);
  }
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  strips_prepare(&tl1_layout, make_tables, k, input, range, prepared);
}

// Adds one block for some tokens to their 16-bit sums: |low| <= 8 * 15, |high| <= 8 * 8.
STRIP_INLINE void sum_block(const uint8_t *block, const int8_t *tables, size_t token_bytes,
                            size_t tokens, int16x8_t sum[][STRIP_QUARTERS]) {
  int8x16_t low[STRIP_TOKENS][STRIP_HALVES], high[STRIP_TOKENS][STRIP_HALVES];
  for (size_t t = 0; t < tokens; t++) {
    for (size_t h = 0; h < STRIP_HALVES; h++) {
      low[t][h] = high[t][h] = vdupq_n_s8(0);
    }
  }
#pragma GCC unroll 8
  for (size_t g = 0; g < TL1_PAIRS; g++) {
    for (size_t h = 0; h < STRIP_HALVES; h++) {
      const uint8_t *const codes = block + STRIP_ROWS * (g / 2) + h * STRIP_HALF;
      const uint8x16_t index = strip_index(vld1q_u8(codes), g % 2);
      for (size_t t = 0; t < tokens; t++) {
        const int8_t *const table = tables + t * token_bytes + g * TL1_DIGITS;
        const int8x16_t low_digit = vqtbl1q_s8(vld1q_s8(table), index);
        const int8x16_t high_digit = vqtbl1q_s8(vld1q_s8(table + TABLE_ENTRIES), index);
        low[t][h] = vaddq_s8(low[t][h], low_digit);
        high[t][h] = vaddq_s8(high[t][h], high_digit);
      }
    }
  }
  for (size_t t = 0; t < tokens; t++) {
    for (size_t h = 0; h < STRIP_HALVES; h++) {
      strip_add_digits(low[t][h], high[t][h], sum[t] + 2 * h);
    }
  }
}

static void sum_one(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                    size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  strip_add_blocks(TL1_BLOCK, TL1_PAIRS * TL1_DIGITS, TL1_CHUNK, sum_block, packed, blocks, tables,
                   token_bytes, ahead, 1, total);
}

static void sum_two(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                    size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  strip_add_blocks(TL1_BLOCK, TL1_PAIRS * TL1_DIGITS, TL1_CHUNK, sum_block, packed, blocks, tables,
                   token_bytes, ahead, 2, total);
}

static const strip_sums sums = {.one = sum_one, .two = sum_two};

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

const mpgemm_kernel tl1_neon = {
    TL1_LOSSLESS,
    .name = "tl1_neon",
    .summary = "two weights, one lookup, 2 bits; NEON, two tokens share a block",
    .isa = MPGEMM_ISA_NEON,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

#endif
