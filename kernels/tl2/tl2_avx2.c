// tl2_avx2.c: TL2, lossless, on AVX2: 32 rows a lookup, both digits summed in bytes.
#if defined(__x86_64__)

#include "tl2/tl2_avx2.h"

TARGET_BEGIN("avx2,fma,f16c")

static void make_tables(const int8_t *inputs, float scale, int8_t *tables) {
  (void)scale;
  for (size_t g = 0; g < TL2_TRIPLES; g++) {
    const __m256i digits = split_digits(tl2_avx2_entries(inputs + g * TL2_GROUP));
    _mm256_store_si256((__m256i *)(tables + g * TL2_DIGITS), digits);
  }
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  strips_prepare(&tl2_layout, make_tables, k, input, range, prepared);
}

// Adds one block for some tokens to their 16-bit sums: |low| <= 8 * 15, |high| <= 8 * 12.
static inline __attribute__((always_inline)) void sum_block(const uint8_t *block,
                                                            const int8_t *tables,
                                                            size_t token_bytes, size_t tokens,
                                                            __m256i sum[][2]) {
  const tl2_avx2_signs signs = tl2_avx2_load_signs(block);
  __m256i low[STRIP_TOKENS], high[STRIP_TOKENS];
#pragma GCC unroll 8
  for (int g = 0; g < TL2_TRIPLES; g++) {
    const __m256i index = tl2_avx2_index(block, g);
    const __m256i sign = tl2_avx2_sign(signs, g);
#pragma GCC unroll 4
    for (size_t t = 0; t < tokens; t++) {
      const int8_t *const table = tables + t * token_bytes + (size_t)g * TL2_DIGITS;
      const __m256i low_entry = _mm256_shuffle_epi8(load_table(table), index);
      const __m256i high_entry = _mm256_shuffle_epi8(load_table(table + TABLE_ENTRIES), index);
      const __m256i low_digit = _mm256_sign_epi8(low_entry, sign);
      const __m256i high_digit = _mm256_sign_epi8(high_entry, sign);
      low[t] = g ? _mm256_add_epi8(low[t], low_digit) : low_digit;
      high[t] = g ? _mm256_add_epi8(high[t], high_digit) : high_digit;
    }
  }
#pragma GCC unroll 4
  for (size_t t = 0; t < tokens; t++) add_weighted(low[t], 1, high[t], DIGIT_BASE, sum[t]);
}

static inline __attribute__((always_inline)) void add_blocks(const uint8_t *packed, size_t blocks,
                                                             const int8_t *tables,
                                                             size_t token_bytes, size_t ahead,
                                                             size_t tokens,
                                                             int32_t (*total)[STRIP_ROWS]) {
  strip_add_blocks(TL2_BLOCK, TL2_TRIPLES * TL2_DIGITS, TL2_CHUNK, sum_block, packed, blocks,
                   tables, token_bytes, ahead, tokens, total);
}

static void sum_one(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                    size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  add_blocks(packed, blocks, tables, token_bytes, ahead, 1, total);
}

static void sum_two(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                    size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  add_blocks(packed, blocks, tables, token_bytes, ahead, 2, total);
}

static void sum_four(const uint8_t *packed, size_t blocks, const int8_t *tables, size_t token_bytes,
                     size_t ahead, int32_t (*total)[STRIP_ROWS]) {
  add_blocks(packed, blocks, tables, token_bytes, ahead, 4, total);
}

static const strip_sums sums = {.one = sum_one, .two = sum_two, .four = sum_four};

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  strips_compute(&tl2_layout, &sums, call, tile);
}

static const strip_table_costs table_costs = {
    .add_i16 = (3 + 2 + 4) * TABLE_ENTRIES,  // signs, sums, four in each split
    .bitop = 3 * TABLE_ENTRIES,              // the shifts of the splits
};

static const strip_costs costs = {
    // Nibbles: 8 masks, 4 shifts; signs: 2 ors, 6 shifts. A word that is shifted is two rows, and
    // shifting it by one is an addition.
    .bitop = 8 + 2 + 2 + 3,
    .pair_add_i16 = 1,
    .token_lookup = 2 * TL2_TRIPLES,
    .token_add_i8 = 4 * TL2_TRIPLES - 2,  // signs and sums of both digits; a sum's first is free
    .token_add_i16 = 2,
    .token_mul_i8 = 2,
    .chunk = TL2_CHUNK,
};

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *compute_ops) {
  (void)kernel;
  if (prepare_ops) strips_count_prepare(&tl2_layout, &table_costs, shape, prepare_ops);
  if (compute_ops) strips_count_compute(&tl2_layout, &sums, &costs, shape, compute_ops);
}

TARGET_END

const mpgemm_kernel tl2_avx2 = {
    TL2_LOSSLESS,
    .name = "tl2_avx2",
    .summary = "three weights, one lookup, 5/3 bits; AVX2, four tokens share a block",
    .isa = MPGEMM_ISA_AVX2,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

#endif
