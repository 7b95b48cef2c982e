// planar2_256.h: planar2 over 256-bit registers, half a line each, for the files that say how bytes
// are multiplied. Included inside their target region, after they have defined
//
//   multiply_add(sum, plane, input)  adds the products of 32 codes and 32 inputs to a narrow sum
//   widen(sum)                       a narrow sum as eight int32, one a row
//   SUM_LINES                        lines that a narrow sum holds
//
// A half is 8 rows. Both halves of a line and up to HALF_TOKENS tokens are summed in registers.

enum {
  HALF_ROWS = PLANAR2_ROWS / 2,
  HALF_LINE = PLANAR2_LINE / 2,
  HALVES = 2,
  HALF_TOKENS = 4,   // HALVES * HALF_TOKENS sums beside codes, planes and input in 16 registers
  HALF_N_BEST = 64,  // tokens whose inputs stay in L2 while a tile's weights pass
};

// Four inputs, the same for every row.
INLINE __m256i broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

INLINE void store_half(const mpgemm_call *call, size_t i, size_t t, size_t m_end, __m256i total) {
  int32_t sums[HALF_ROWS];
  _mm256_storeu_si256((__m256i *)sums, total);
  for (size_t r = 0; r < HALF_ROWS && i + r < m_end; r++) {
    store_exact(call, i + r, t, sums[r] - call->input->sum[t]);
  }
}

// The sums that share a token's products: a sum can take a new one only every few cycles, so few
// tokens have a sum for each plane.
INLINE size_t parts_of(size_t tokens) {
  return tokens == 1 ? PLANAR2_PLANES : tokens == 2 ? PLANAR2_PLANES / 2 : 1;
}

// So many tokens, a constant, by the 16 rows of one block.
INLINE void block(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t parts = parts_of(tokens);
  const size_t lines = planar2_lines(call->shape.k), stride = int8_rows_stride(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  const __m256i mask = _mm256_set1_epi8(3);
  __m256i total[HALVES][HALF_TOKENS];  // |total| <= 2 * 127 k
  for (size_t h = 0; h < HALVES; h++) {
    for (size_t n = 0; n < tokens; n++) total[h][n] = _mm256_setzero_si256();
  }
  for (size_t begin = 0; begin < lines; begin += SUM_LINES) {
    const size_t end = lines - begin < SUM_LINES ? lines : begin + SUM_LINES;
    __m256i sum[HALVES][HALF_TOKENS][PLANAR2_PLANES];
    for (size_t h = 0; h < HALVES; h++) {
      for (size_t n = 0; n < tokens; n++) {
        for (size_t a = 0; a < parts; a++) sum[h][n][a] = _mm256_setzero_si256();
      }
    }
    for (size_t l = begin; l < end; l++) {
      const uint8_t *from = line + l * PLANAR2_LINE;
      stream_ahead(from);
      const __m256i codes[HALVES] = {
          _mm256_loadu_si256((const __m256i *)from),
          _mm256_loadu_si256((const __m256i *)(from + HALF_LINE)),
      };
      for (size_t p = 0; p < PLANAR2_PLANES; p++) {
        __m256i plane[HALVES];
        for (size_t h = 0; h < HALVES; h++) {
          // Bits of a neighbouring byte come in from above and are masked away.
          plane[h] = _mm256_and_si256(_mm256_srli_epi32(codes[h], 2 * (int)p), mask);
        }
        for (size_t n = 0; n < tokens; n++) {
          const __m256i input = broadcast(x + n * stride + l * PLANAR2_INPUTS + p * PLANAR2_GROUP);
          for (size_t h = 0; h < HALVES; h++) {
            __m256i *part = &sum[h][n][p % parts];
            *part = multiply_add(*part, plane[h], input);
          }
        }
      }
    }
    for (size_t h = 0; h < HALVES; h++) {
      for (size_t n = 0; n < tokens; n++) {
        for (size_t a = 0; a < parts; a++) {
          total[h][n] = _mm256_add_epi32(total[h][n], widen(sum[h][n][a]));
        }
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
  for (size_t i = tile.m_begin; i < tile.m_end; i += PLANAR2_ROWS) {
    for (size_t t = tile.n_begin; t < tile.n_end;) {
      const size_t tokens = min_size(HALF_TOKENS, tile.n_end - t);
      switch (tokens) {
        case 1:
          block(call, i, t, 1, tile.m_end);
          break;
        case 2:
          block(call, i, t, 2, tile.m_end);
          break;
        case 3:
          block(call, i, t, 3, tile.m_end);
          break;
        case 4:
          block(call, i, t, 4, tile.m_end);
          break;
        default:
          block(call, i, t, HALF_TOKENS, tile.m_end);
          break;
      }
      t += tokens;
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  planar2_plan(shape, 4 * PLANAR2_ROWS, HALF_N_BEST, plan);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t blocks = blocks_of(shape.m, PLANAR2_ROWS), lines = planar2_lines(shape.k);
  const uint64_t outputs = blocks * PLANAR2_ROWS * shape.n;
  const uint64_t products = outputs * lines * PLANAR2_INPUTS;
  uint64_t passes = 0, parts = 0;  // over the weights; of all tokens
  for (size_t t = 0; t < shape.n; passes++) {
    const size_t best = min_size(HALF_N_BEST, shape.n - t / HALF_N_BEST * HALF_N_BEST);
    const size_t tokens = min_size(HALF_TOKENS, best - t % HALF_N_BEST);
    parts += tokens * parts_of(tokens);
    t += tokens;
  }
  count_products(products, blocks * PLANAR2_ROWS * parts * blocks_of(lines, SUM_LINES), compute);
  // Masks of bytes, shifts of dwords.
  const uint64_t isolation = PLANAR2_PLANES * PLANAR2_LINE + (PLANAR2_PLANES - 1) * PLANAR2_ROWS;
  compute->bitop += passes * blocks * lines * isolation;
  compute->add_i32 += shape.m * shape.n;
  compute->mul_f32 += 2 * shape.m * shape.n;
  compute->convert += shape.m * shape.n;
  compute->weight_bytes += passes * planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * shape.n * lines * PLANAR2_INPUTS;
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}
