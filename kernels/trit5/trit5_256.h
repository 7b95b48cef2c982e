// trit5_256.h: trit5 over 256-bit registers, half a line each, for the files that say how bytes are
// multiplied. Included inside their target region, after they have defined
//
//   multiply_add(sum, digits, input)  adds the products of 32 digits and 32 inputs to a narrow sum
//   widen(sum)                        a narrow sum as eight int32, one a row
//   SUM_LINES                         lines that a narrow sum holds
//
// A half is 8 rows. Both halves of a line and up to HALF_TOKENS tokens are summed in registers;
// digits are isolated once for all of them.

enum {
  HALF_ROWS = TRIT5_ROWS / 2,
  HALF_LINE = TRIT5_LINE / 2,
  HALVES = 2,
  HALF_TOKENS = 4,   // HALVES * HALF_TOKENS sums beside fractions, digits and input
  HALF_N_BEST = 64,  // tokens whose inputs stay in L2 while a tile's weights pass
};

// Four inputs, the same for every row.
INLINE __m256i broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

// 3 q modulo 256; trit5_512.h says why its origin is hidden.
INLINE __m256i next_fraction(__m256i q) {
  __m256i thrice = _mm256_add_epi8(_mm256_add_epi8(q, q), q);
  __asm__("" : "+x"(thrice));
  return thrice;
}

// floor(3 q / 256), by the averages that trit5_512.h explains.
INLINE __m256i digit(__m256i q) {
  const __m256i ones = _mm256_set1_epi8(-1);
  const __m256i p = _mm256_xor_si256(q, ones);
  const __m256i complement = _mm256_avg_epu8(p, _mm256_avg_epu8(p, ones));
  // Bits of a neighbouring byte come in from above and are masked away.
  return _mm256_andnot_si256(_mm256_srli_epi16(complement, 6), _mm256_set1_epi8(3));
}

INLINE void store_half(const mpgemm_call *call, size_t i, size_t t, size_t m_end, __m256i total) {
  int32_t sums[HALF_ROWS];
  _mm256_storeu_si256((__m256i *)sums, total);
  for (size_t r = 0; r < HALF_ROWS && i + r < m_end; r++) {
    store_exact(call, i + r, t, sums[r] - call->input->sum[t]);
  }
}

// A line by so many tokens, a constant, whose inputs lie stride bytes apart.
INLINE void multiply_line(const uint8_t *line, const int8_t *x, size_t stride, size_t tokens,
                          __m256i sum[HALVES][HALF_TOKENS]) {
  __m256i q[HALVES] = {
      _mm256_loadu_si256((const __m256i *)line),
      _mm256_loadu_si256((const __m256i *)(line + HALF_LINE)),
  };
#pragma GCC unroll 5
  for (size_t d = 0; d < TRIT5_DIGITS; d++) {
    __m256i digits[HALVES];
    for (size_t h = 0; h < HALVES; h++) {
      digits[h] = digit(q[h]);
      q[h] = next_fraction(q[h]);
    }
#pragma GCC unroll 4
    for (size_t n = 0; n < tokens; n++) {
      const __m256i input = broadcast(x + n * stride + d * TRIT5_GROUP);
      for (size_t h = 0; h < HALVES; h++) {
        sum[h][n] = multiply_add(sum[h][n], digits[h], input);
      }
    }
  }
}

// So many tokens, a constant, by the 16 rows of one block.
INLINE void block(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t k = call->shape.k, lines = trit5_lines(k), whole = trit5_whole_lines(k);
  const size_t stride = int8_rows_stride(k);
  const uint8_t *line = trit5_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  __m256i total[HALVES][HALF_TOKENS];  // |total| <= 2 * 127 k
  for (size_t h = 0; h < HALVES; h++) {
    for (size_t n = 0; n < tokens; n++) total[h][n] = _mm256_setzero_si256();
  }
  for (size_t begin = 0; begin < lines; begin += SUM_LINES) {
    const size_t end = min_size(begin + SUM_LINES, lines), last = min_size(end, whole);
    __m256i sum[HALVES][HALF_TOKENS];
    for (size_t h = 0; h < HALVES; h++) {
      for (size_t n = 0; n < tokens; n++) sum[h][n] = _mm256_setzero_si256();
    }
    for (size_t l = begin; l < last; l++) {
      stream_ahead(line + l * TRIT5_LINE);
      multiply_line(line + l * TRIT5_LINE, x + l * TRIT5_INPUTS, stride, tokens, sum);
    }
    if (last < end) {
      int8_t tail[HALF_TOKENS][TRIT5_INPUTS];
      for (size_t n = 0; n < tokens; n++) trit5_tail(call, t + n, tail[n]);
      multiply_line(line + last * TRIT5_LINE, tail[0], TRIT5_INPUTS, tokens, sum);
    }
    for (size_t h = 0; h < HALVES; h++) {
      for (size_t n = 0; n < tokens; n++) {
        total[h][n] = _mm256_add_epi32(total[h][n], widen(sum[h][n]));
      }
    }
  }
  for (size_t h = 0; h < HALVES; h++) {
    for (size_t n = 0; n < tokens; n++) {
      store_half(call, i + h * HALF_ROWS, t + n, m_end, total[h][n]);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += TRIT5_ROWS) {
    for (size_t t = tile.n_begin; t < tile.n_end; t += HALF_TOKENS) {
      switch (min_size(HALF_TOKENS, tile.n_end - t)) {
        case 1:
          block(call, i, t, 1, tile.m_end);
          break;
        case 2:
          block(call, i, t, 2, tile.m_end);
          break;
        case 3:
          block(call, i, t, 3, tile.m_end);
          break;
        default:
          block(call, i, t, HALF_TOKENS, tile.m_end);
          break;
      }
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  trit5_plan(shape, 4 * TRIT5_ROWS, HALF_N_BEST, plan);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t blocks = blocks_of(shape.m, TRIT5_ROWS), lines = trit5_lines(shape.k);
  const uint64_t outputs = blocks * TRIT5_ROWS * shape.n;
  const uint64_t products = outputs * lines * TRIT5_INPUTS;
  const uint64_t passes = blocks_of(shape.n, HALF_TOKENS);  // HALF_N_BEST is a multiple
  const uint64_t bytes = passes * blocks * lines * TRIT5_LINE;
  count_products(products, outputs * blocks_of(lines, SUM_LINES), compute);
  compute->add_i8 += (2 * TRIT5_DIGITS + 2 * (TRIT5_DIGITS - 1)) * bytes;  // averages, fractions
  // Complements and masks of bytes, shifts of 16 bits.
  compute->bitop += 2 * TRIT5_DIGITS * bytes + TRIT5_DIGITS * bytes / sizeof(int16_t);
  compute->add_i32 += shape.m * shape.n;
  compute->mul_f32 += 2 * shape.m * shape.n;
  compute->convert += shape.m * shape.n;
  compute->weight_bytes += passes * trit5_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * shape.n * trit5_prepared_bytes(shape.k);
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}
