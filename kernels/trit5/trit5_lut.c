// trit5_lut.c: the layout of trit5 for lookups, and its multiplication in plain C.
#include "trit5/trit5_lut.h"

enum { TRIPLES = 27, FIRSTS = 7, SECONDS = 4 };

#define EIGHT(entry, n)                                                                     \
  entry(n), entry((n) + 1), entry((n) + 2), entry((n) + 3), entry((n) + 4), entry((n) + 5), \
      entry((n) + 6), entry((n) + 7)
#define ALL_ENTRIES(entry)                                                                \
  EIGHT(entry, 0), EIGHT(entry, 8), EIGHT(entry, 16), EIGHT(entry, 24), EIGHT(entry, 32), \
      EIGHT(entry, 40), EIGHT(entry, 48), EIGHT(entry, 56)

// Entry 63 is what no digits pack to: its first digit is 3.
#define FIRST(low) ((low) % FIRSTS | (low) / FIRSTS / 3 << 4 | (low) / FIRSTS % 3 << 6)

// Entries of no triple are never looked up but for one, 27, whose first digit is 3.
#define TRIPLE(at) (SECONDS * ((at) & 15) + ((at) >> 4))
#define SECOND(at) \
  (TRIPLE(at) > TRIPLES ? 0 : TRIPLE(at) / 9 | TRIPLE(at) / 3 % 3 << 2 | TRIPLE(at) % 3 << 4)

const uint8_t trit5_lut_first[TRIT5_LUT_ENTRIES] = {ALL_ENTRIES(FIRST)};
const uint8_t trit5_lut_second[TRIT5_LUT_ENTRIES] = {ALL_ENTRIES(SECOND)};

#define FIRST_DIGIT(low) (FIRST(low) >> 4 & 3)
#define SECOND_DIGIT(low) (FIRST(low) >> 6)
#define THIRD_DIGIT(at) (SECOND(at) & 3)
#define FOURTH_DIGIT(at) (SECOND(at) >> 2 & 3)
#define FIFTH_DIGIT(at) (SECOND(at) >> 4)

const uint8_t trit5_lut_digit[TRIT5_DIGITS][TRIT5_LUT_ENTRIES] = {
    {ALL_ENTRIES(FIRST_DIGIT)},  {ALL_ENTRIES(SECOND_DIGIT)}, {ALL_ENTRIES(THIRD_DIGIT)},
    {ALL_ENTRIES(FOURTH_DIGIT)}, {ALL_ENTRIES(FIFTH_DIGIT)},
};

// value: 81 d0 + 27 d1 + 9 d2 + 3 d3 + d4.
static uint8_t encode(unsigned value) {
  const unsigned pair = value / TRIPLES, triple = value % TRIPLES;
  return (uint8_t)(triple % SECONDS << 6 | (FIRSTS * pair + triple / SECONDS));
}

static unsigned decode(uint8_t byte) {
  const unsigned low = byte & 63, pair = low / FIRSTS;
  const unsigned triple = SECONDS * (low % FIRSTS) + (byte >> 6);
  return triple < TRIPLES ? TRIPLES * pair + triple : TRIT5_VALUES;
}

void trit5_lut_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w,
                    void *packed) {
  (void)kernel;
  trit5_pack_values(m, k, w, packed, encode);
}

void trit5_lut_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                      int8_t *w) {
  (void)kernel;
  trit5_unpack_values(m, k, packed, w, decode);
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  trit5_plan(shape, 4 * TRIT5_ROWS, 64, plan);
}

// The products of a line, added to the sums of its rows.
static void multiply_line(const uint8_t *line, const int8_t *x, int32_t *sum) {
  for (size_t r = 0; r < TRIT5_ROWS; r++) {
    for (size_t b = 0; b < TRIT5_GROUP; b++) {
      const unsigned byte = line[r * TRIT5_GROUP + b];
      const unsigned first = trit5_lut_first[byte & 63];
      const unsigned second = trit5_lut_second[(byte >> 2 & 0x30) | (first & 0x0F)];
      const int8_t *input = x + b;
      sum[r] += (int)(first >> 4 & 3) * input[0 * TRIT5_GROUP];
      sum[r] += (int)(first >> 6) * input[1 * TRIT5_GROUP];
      sum[r] += (int)(second & 3) * input[2 * TRIT5_GROUP];
      sum[r] += (int)(second >> 2 & 3) * input[3 * TRIT5_GROUP];
      sum[r] += (int)(second >> 4) * input[4 * TRIT5_GROUP];
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  (void)scratch;
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += TRIT5_ROWS) {
    const uint8_t *block = trit5_block(call, i);
    const size_t rows = min_size(TRIT5_ROWS, tile.m_end - i);
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(k);
      int32_t sum[TRIT5_ROWS] = {0};  // |sum| <= 2 * 127 k
      for (size_t l = 0; l < whole; l++) {
        multiply_line(block + l * TRIT5_LINE, x + l * TRIT5_INPUTS, sum);
      }
      if (whole < lines) {
        int8_t tail[TRIT5_INPUTS];
        trit5_tail(call, t, tail);
        multiply_line(block + whole * TRIT5_LINE, tail, sum);
      }
      for (size_t r = 0; r < rows; r++) store_exact(call, i + r, t, sum[r] - call->input->sum[t]);
    }
  }
}

// Every row of a block is multiplied, also those beyond M; see the family's README.
static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t outputs = round_up(shape.m, TRIT5_ROWS) * shape.n;
  const uint64_t lines = trit5_lines(shape.k), products = outputs * lines * TRIT5_INPUTS;
  const uint64_t bytes = products / TRIT5_DIGITS;
  compute->lookup += 2 * bytes;
  compute->bitop += 12 * bytes;  // 5 make the two indices, 7 isolate digits
  compute->mul_i8 += products;
  compute->add_i32 += products + shape.m * shape.n;
  compute->mul_f32 += 2 * shape.m * shape.n;
  compute->convert += shape.m * shape.n;
  compute->weight_bytes += shape.n * trit5_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += outputs / TRIT5_ROWS * trit5_prepared_bytes(shape.k);
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

const mpgemm_kernel trit5_lut_portable = {
    TRIT5_LUT_KERNEL,
    .name = "trit5_lut_portable",
    .summary = "five weights a byte that two lookups take apart, 1.6 bits; plain C",
    .isa = 0,
    .plan = plan,
    .compute = compute,
    .count = count,
};
