// trit5_lut_avx512.c: trit5 by lookups, in AVX-512 VBMI and VNNI.
//
//   N = 1   two lookups a line; digits stay where they are in the looked-up bytes, and are masked.
//           Sums are then 1, 4, 16 or 64 times too large and are divided, exactly, at the end.
//   N > 1   a lookup for each digit gives it alone and as it is, so that a token needs one sum;
//           LANE_BLOCKS blocks of 16 rows by up to LANE_TOKENS tokens are summed in registers.
//   more    from TRIT5_LUT_PANEL_TOKENS on: the same, but digits are looked up once for all tokens.
#if defined(__x86_64__)

#include "trit5/trit5_lut_512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")

// The tables and masks of N = 1. Digits 0 and 4 lie at the same bits.
typedef struct {
  __m512i first, second, bits[LANE_PLANES];
} lookups;

LANES_INLINE __m512i add_products(__m512i sum, __m512i byte, __m512i bits, const int8_t *x) {
  return _mm512_dpbusd_epi32(sum, _mm512_and_si512(byte, bits), lanes_broadcast(x));
}

// Adds a line's products to the sums of the bits that its digits lie at.
LANES_INLINE void multiply_line(const uint8_t *from, const int8_t *x, const lookups *tables,
                                __m512i sum[LANE_PLANES]) {
  const __m512i line = _mm512_loadu_si512(from);
  const __m512i first = _mm512_permutexvar_epi8(line, tables->first);
  const __m512i at = trit5_lut_second_of(line, first);
  const __m512i second = _mm512_permutexvar_epi8(at, tables->second);
  sum[2] = add_products(sum[2], first, tables->bits[2], x);
  sum[3] = add_products(sum[3], first, tables->bits[3], x + 1 * TRIT5_GROUP);
  sum[0] = add_products(sum[0], second, tables->bits[0], x + 2 * TRIT5_GROUP);
  sum[1] = add_products(sum[1], second, tables->bits[1], x + 3 * TRIT5_GROUP);
  sum[2] = add_products(sum[2], second, tables->bits[2], x + 4 * TRIT5_GROUP);
}

// One token by the 16 rows of a block. Lines alternate between two sets of sums, so that none waits
// for the product before.
static void single(const mpgemm_call *call, size_t i, size_t t, size_t m_end) {
  enum { SIDE = 2 };
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  const uint8_t *block = trit5_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(k);
  const lookups tables = {
      .first = _mm512_loadu_si512(trit5_lut_first),
      .second = _mm512_loadu_si512(trit5_lut_second),
      .bits = {_mm512_set1_epi8(0x03), _mm512_set1_epi8(0x0C), _mm512_set1_epi8(0x30),
               _mm512_set1_epi8((char)0xC0)},
  };
  __m512i total = _mm512_setzero_si512();  // |total| <= 2 * 127 k
  for (size_t begin = 0; begin < lines; begin += LANE_PLANE_LINES) {
    const size_t end = min_size(begin + LANE_PLANE_LINES, lines), last = min_size(end, whole);
    __m512i sum[SIDE][LANE_PLANES];
    for (size_t p = 0; p < LANE_PLANES; p++) sum[0][p] = sum[1][p] = _mm512_setzero_si512();
    size_t l = begin;
    for (; l + SIDE <= last; l += SIDE) {
#pragma GCC unroll 2
      for (size_t s = 0; s < SIDE; s++) {
        const uint8_t *line = block + (l + s) * TRIT5_LINE;
        stream_ahead(line);
        multiply_line(line, x + (l + s) * TRIT5_INPUTS, &tables, sum[s]);
      }
    }
    for (; l < last; l++) {
      multiply_line(block + l * TRIT5_LINE, x + l * TRIT5_INPUTS, &tables, sum[0]);
    }
    if (l < end) {
      int8_t tail[TRIT5_INPUTS];
      trit5_tail(call, t, tail);
      multiply_line(block + l * TRIT5_LINE, tail, &tables, sum[0]);
    }
    for (size_t p = 0; p < LANE_PLANES; p++) sum[0][p] = _mm512_add_epi32(sum[0][p], sum[1][p]);
    total = _mm512_add_epi32(total, lanes_add_planes(sum[0]));
  }
  lanes_store(call, i, t, m_end, total);
}

// A line of so many blocks by so many tokens, both constants.
LANES_INLINE void multiply_lines(const uint8_t *line, size_t block_bytes,
                                 const trit5_lut_tables *tables, const int8_t *x, size_t stride,
                                 size_t blocks, size_t tokens, size_t parts, lanes_sums *sums) {
  __m512i digits[LANE_BLOCKS][TRIT5_DIGITS];
#pragma GCC unroll 2
  for (size_t b = 0; b < blocks; b++) {
    trit5_lut_digits(_mm512_loadu_si512(line + b * block_bytes), tables, digits[b]);
  }
#pragma GCC unroll 5
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    const __m512i codes[LANE_BLOCKS] = {digits[0][d], digits[blocks - 1][d]};
    lanes_multiply(codes, x + d * TRIT5_GROUP, stride, blocks, tokens, d % parts, sums);
  }
}

// So many blocks and tokens, both constants. Few tokens have several partial sums each.
LANES_INLINE void several(const mpgemm_call *call, const uint8_t *unpacked, size_t i, size_t t,
                          size_t blocks, size_t tokens, size_t m_end) {
  (void)unpacked;
  const size_t parts = lanes_parts(tokens);
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  const size_t stride = int8_rows_stride(k), block_bytes = lines * TRIT5_LINE;
  const uint8_t *block = trit5_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  const trit5_lut_tables tables = trit5_lut_load();
  lanes_sums sums;  // |sum| <= 2 * 127 k
  lanes_clear(&sums, blocks, tokens, parts);
  for (size_t l = 0; l < whole; l++) {
    const uint8_t *line = block + l * TRIT5_LINE;
    // The next blocks: 64 bytes of them for each 64 of these.
    for (size_t b = 0; b < blocks; b++) {
      _mm_prefetch((const char *)line + (b + blocks) * block_bytes, _MM_HINT_T0);
    }
    multiply_lines(line, block_bytes, &tables, x + l * TRIT5_INPUTS, stride, blocks, tokens, parts,
                   &sums);
  }
  if (whole < lines) {
    int8_t tail[LANE_TOKENS][TRIT5_INPUTS];
    for (size_t n = 0; n < tokens; n++) trit5_tail(call, t + n, tail[n]);
    multiply_lines(block + whole * TRIT5_LINE, block_bytes, &tables, tail[0], TRIT5_INPUTS, blocks,
                   tokens, parts, &sums);
  }
  lanes_store_all(call, i, t, blocks, tokens, parts, m_end, &sums);
}

LANES_KERNEL(single, several, LANE_TOKENS, trit5_lut_unpack_block, TRIT5_LUT_PANEL_TOKENS,
             trit5_plan)

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t blocks = blocks_of(shape.m, TRIT5_ROWS), lines = trit5_lines(shape.k);
  if (shape.n >= TRIT5_LUT_PANEL_TOKENS) {
    trit5_lut_count_digits(shape, panel_passes(shape.n), compute);
    panels_lanes_count(shape, trit5_unpacked_bytes(shape.k), compute);
    return;
  }
  const uint64_t outputs = blocks * TRIT5_ROWS * shape.n;
  const uint64_t products = outputs * lines * TRIT5_INPUTS;
  const lanes_work work = lanes_work_of(shape.n, LANE_TOKENS);
  compute->mul_i8 += products;
  compute->add_i32 += products + outputs;  // the last: less the sum of the codes
  if (shape.n == 1) {
    const uint64_t chunks = blocks_of(lines, LANE_PLANE_LINES), bytes = blocks * lines * TRIT5_LINE;
    compute->weight_bytes += bytes;
    compute->lookup += 2 * bytes;
    // A shift of 32 bits, a selection of bits, and masks.
    compute->bitop += bytes / sizeof(int32_t) + (1 + TRIT5_DIGITS) * bytes;
    // Two sets of sums, and planes to a total.
    compute->add_i32 += 2 * LANE_PLANES * chunks * outputs;
    compute->bitop += (LANE_PLANES - 1) * chunks * outputs;
  } else {
    trit5_lut_count_digits(shape, work.passes, compute);
    compute->add_i32 += work.additions * blocks * TRIT5_ROWS;
  }
  compute->mul_f32 += 2 * outputs;
  compute->convert += outputs;
  compute->prepared_bytes += lanes_inputs(work, shape.n, blocks) * trit5_prepared_bytes(shape.k);
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

TARGET_END

const mpgemm_kernel trit5_lut_avx512 = {
    TRIT5_LUT_KERNEL,
    .name = "trit5_lut_avx512",
    .summary = "five weights a byte that two lookups take apart, 1.6 bits; AVX-512 VBMI, VNNI",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI | MPGEMM_ISA_AVX512VBMI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
