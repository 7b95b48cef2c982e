// trit5_avx512.c: trit5 in AVX-512 VNNI.
//
//   N = 1   two dot products a digit and no digit isolated (trit5.h); one block after another.
//   N > 1   digits are isolated once for all tokens, by two averages each, so that a token needs
//           one dot product a digit; LANE_BLOCKS blocks of 16 rows by up to LANE_TOKENS tokens, or
//           one by the last LANE_MOST_TOKENS.
#if defined(__x86_64__)

#include "trit5/trit5_512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// 64 floor(3 q / 256).
LANES_INLINE __m512i digit(__m512i q) {
  return _mm512_andnot_si512(trit5_complement(q), _mm512_set1_epi8((char)0xC0));
}

// A line by one token, for the sums of the digits' fractions and of the next digits'.
LANES_INLINE void multiply_line(const uint8_t *line, const int8_t *x, __m512i *now, __m512i *next) {
  __m512i q = _mm512_loadu_si512(line);
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    const __m512i input = lanes_broadcast(x + d * TRIT5_GROUP);
    *now = _mm512_dpbusd_epi32(*now, q, input);
    q = trit5_next_fraction(q);
    *next = _mm512_dpbusd_epi32(*next, q, input);
  }
}

// One token by the 16 rows of a block. Four lines have sums of their own at a time, so that none
// waits for the product before.
static void single(const mpgemm_call *call, size_t i, size_t t, size_t m_end) {
  enum { SIDE = 4 };
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  const uint8_t *block = trit5_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(k);
  __m512i total = _mm512_setzero_si512();  // |total| <= 2 * 127 k
  for (size_t begin = 0; begin < lines; begin += TRIT5_CHUNK) {
    const size_t end = min_size(begin + TRIT5_CHUNK, lines), last = min_size(end, whole);
    __m512i now[SIDE], next[SIDE];
    for (size_t s = 0; s < SIDE; s++) now[s] = next[s] = _mm512_setzero_si512();
    size_t l = begin;
    for (; l + SIDE <= last; l += SIDE) {
#pragma GCC unroll 4
      for (size_t s = 0; s < SIDE; s++) {
        const uint8_t *line = block + (l + s) * TRIT5_LINE;
        stream_ahead(line);
        multiply_line(line, x + (l + s) * TRIT5_INPUTS, &now[s], &next[s]);
      }
    }
    for (; l < last; l++) {
      multiply_line(block + l * TRIT5_LINE, x + l * TRIT5_INPUTS, &now[0], &next[0]);
    }
    if (l < end) {
      int8_t tail[TRIT5_INPUTS];
      trit5_tail(call, t, tail);
      multiply_line(block + l * TRIT5_LINE, tail, &now[0], &next[0]);
    }
    for (size_t s = 1; s < SIDE; s++) {
      now[0] = _mm512_add_epi32(now[0], now[s]);
      next[0] = _mm512_add_epi32(next[0], next[s]);
    }
    const __m512i thrice = _mm512_add_epi32(_mm512_slli_epi32(now[0], 1), now[0]);
    const __m512i digits = _mm512_srai_epi32(_mm512_sub_epi32(thrice, next[0]), 8);
    total = _mm512_add_epi32(total, digits);
  }
  lanes_store(call, i, t, m_end, total);
}

// A line of so many blocks by so many tokens, both constants.
LANES_INLINE void multiply_lines(const uint8_t *line, size_t block_bytes, const int8_t *x,
                                 size_t stride, size_t blocks, size_t tokens, size_t parts,
                                 __m512i sum[LANE_BLOCKS][LANE_MOST_TOKENS][TRIT5_DIGITS]) {
  __m512i q[LANE_BLOCKS];
  for (size_t b = 0; b < blocks; b++) q[b] = _mm512_loadu_si512(line + b * block_bytes);
#pragma GCC unroll 5
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    __m512i digits[LANE_BLOCKS];
    for (size_t b = 0; b < blocks; b++) {
      digits[b] = digit(q[b]);
      q[b] = trit5_next_fraction(q[b]);
    }
#pragma GCC unroll 15
    for (size_t n = 0; n < tokens; n++) {
      const __m512i input = lanes_broadcast(x + n * stride + d * TRIT5_GROUP);
#pragma GCC unroll 2
      for (size_t b = 0; b < blocks; b++) {
        __m512i *part = &sum[b][n][d % parts];
        *part = _mm512_dpbusd_epi32(*part, digits[b], input);
      }
    }
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
  __m512i total[LANE_BLOCKS][LANE_MOST_TOKENS];  // |total| <= 2 * 127 k
  for (size_t b = 0; b < blocks; b++) {
    for (size_t n = 0; n < tokens; n++) total[b][n] = _mm512_setzero_si512();
  }
  for (size_t begin = 0; begin < lines; begin += TRIT5_CHUNK) {
    const size_t end = min_size(begin + TRIT5_CHUNK, lines), last = min_size(end, whole);
    // 64 times the sum of a chunk: a quarter of what TRIT5_CHUNK allows.
    __m512i sum[LANE_BLOCKS][LANE_MOST_TOKENS][TRIT5_DIGITS];
    for (size_t b = 0; b < blocks; b++) {
      for (size_t n = 0; n < tokens; n++) {
        for (size_t a = 0; a < parts; a++) sum[b][n][a] = _mm512_setzero_si512();
      }
    }
    for (size_t l = begin; l < last; l++) {
      const uint8_t *line = block + l * TRIT5_LINE;
      // The next blocks: 64 bytes of them for each 64 of these.
      for (size_t b = 0; b < blocks; b++) {
        _mm_prefetch((const char *)line + (b + blocks) * block_bytes, _MM_HINT_T0);
      }
      multiply_lines(line, block_bytes, x + l * TRIT5_INPUTS, stride, blocks, tokens, parts, sum);
    }
    if (last < end) {
      int8_t tail[LANE_MOST_TOKENS][TRIT5_INPUTS];
      for (size_t n = 0; n < tokens; n++) trit5_tail(call, t + n, tail[n]);
      multiply_lines(block + last * TRIT5_LINE, block_bytes, tail[0], TRIT5_INPUTS, blocks, tokens,
                     parts, sum);
    }
    for (size_t b = 0; b < blocks; b++) {
      for (size_t n = 0; n < tokens; n++) {
        for (size_t a = 1; a < parts; a++) {
          sum[b][n][0] = _mm512_add_epi32(sum[b][n][0], sum[b][n][a]);
        }
        total[b][n] = _mm512_add_epi32(total[b][n], _mm512_srai_epi32(sum[b][n][0], 6));
      }
    }
  }
  for (size_t b = 0; b < blocks; b++) {
    for (size_t n = 0; n < tokens; n++) {
      lanes_store(call, i + b * TRIT5_ROWS, t + n, m_end, total[b][n]);
    }
  }
}

LANES_KERNEL(single, several, LANE_MOST_TOKENS, trit5_unpack_block, TRIT5_PANEL_TOKENS, trit5_plan)

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  if (shape.n >= TRIT5_PANEL_TOKENS) {
    trit5_count_unpack(shape, panel_passes(shape.n), compute);
    panels_lanes_count(shape, trit5_unpacked_bytes(shape.k), compute);
    return;
  }
  const uint64_t blocks = blocks_of(shape.m, TRIT5_ROWS), lines = trit5_lines(shape.k);
  const uint64_t outputs = blocks * TRIT5_ROWS * shape.n;
  const uint64_t products = outputs * lines * TRIT5_INPUTS;
  const uint64_t chunks = blocks_of(lines, TRIT5_CHUNK);
  const lanes_work work = lanes_work_of(shape.n, LANE_MOST_TOKENS);
  const uint64_t bytes = work.passes * blocks * lines * TRIT5_LINE;
  if (shape.n == 1) {
    compute->mul_i8 += 2 * products;
    compute->add_i8 += 2 * TRIT5_DIGITS * bytes;  // the next fractions
    // The sums of four lines; then 3 A - B, and its sum.
    compute->add_i32 += 2 * products + (7 + 3) * chunks * outputs;
    compute->bitop += chunks * outputs;
  } else {
    compute->mul_i8 += products;
    compute->add_i8 += (2 * TRIT5_DIGITS + 2 * (TRIT5_DIGITS - 1)) * bytes;  // averages, fractions
    compute->bitop += 2 * TRIT5_DIGITS * bytes + chunks * outputs;
    compute->add_i32 += products + chunks * (work.additions * blocks * TRIT5_ROWS + outputs);
  }
  compute->add_i32 += outputs;  // less the sum of the codes
  compute->mul_f32 += 2 * outputs;
  compute->convert += outputs;
  compute->weight_bytes += work.passes * trit5_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += lanes_inputs(work, shape.n, blocks) * trit5_prepared_bytes(shape.k);
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

TARGET_END

const mpgemm_kernel trit5_avx512 = {
    TRIT5_KERNEL,
    .name = "trit5_avx512",
    .summary = "five weights a byte, never taken apart, 1.6 bits; AVX-512 VNNI",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
