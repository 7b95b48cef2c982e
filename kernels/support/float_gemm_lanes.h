// float_gemm_lanes.h: the blocked float32 multiplication of float_gemm.h, for weights that a family
// turns into floats FLOAT_LANES at a time.
//
// Included inside a target region, by the file for an ISA that has defined for its registers
//
//   float_vector               a register of FLOAT_LANES floats
//   float_zero, float_set1, float_load, float_store, float_mul, float_fmadd   what they say
//   float_gemm_sum_lanes(sum)  the lanes' sums of FLOAT_ROWS vectors, in one tree
//   FLOAT_TOKENS               tokens of a register tile: FLOAT_ROWS x FLOAT_TOKENS sums fit

#define FLOAT_INLINE static inline __attribute__((always_inline))

// FLOAT_LANES weights in memory order as floats.
typedef float_vector float_gemm_load(const void *weights);

// How a family stores its weights. Always a compile-time constant, so that load is inlined.
typedef struct {
  float_gemm_format format;
  float_gemm_load *load;
} float_gemm_weights;

FLOAT_INLINE float float_gemm_row_scale(const mpgemm_call *call, size_t i) {
  return call->w_scale ? call->w_scale[i * call->w_scale_stride] : 1.0f;
}

// The first count of FLOAT_LANES weights, then zeros.
FLOAT_INLINE float_vector float_gemm_load_some(float_gemm_weights weights, const void *from,
                                               size_t count) {
  char copy[FLOAT_LANES * sizeof(float)] = {0};
  memcpy(copy, from, count * weights.format.element);
  return weights.load(copy);
}

// Writes output i, t from its sum.
FLOAT_INLINE void float_gemm_store(const mpgemm_call *call, float_gemm_weights weights, size_t i,
                                   size_t t, float sum) {
  const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
  const float scale = weights.format.scaled ? x_scale : output_scale(call, i, t);
  call->y[t * call->ldy + i] = sum * scale;
}

// Prefetches what FLOAT_ROWS rows will need after byte offset: further on in the same rows, or,
// past their end, at the start of the rows below.
FLOAT_INLINE void float_gemv_prefetch(const char *rows, size_t row_size, size_t offset) {
  const size_t ahead = offset + FLOAT_PREFETCH;
  const size_t skip = ahead < row_size ? 0 : (FLOAT_ROWS - 1) * row_size;
  for (size_t r = 0; r < FLOAT_ROWS; r++) {
    _mm_prefetch(rows + r * row_size + ahead + skip, _MM_HINT_T0);
  }
}

// One token: FLOAT_ROWS rows side by side, straight from packed. The last group of a tile
// reads its last row again in the place of rows beyond it.
FLOAT_INLINE void float_gemv(const mpgemm_call *call, mpgemm_tile tile,
                             float_gemm_weights weights) {
  const size_t k = call->shape.k, whole = k - k % FLOAT_LANES, t = tile.n_begin;
  const size_t row_size = k * weights.format.element,
               line = FLOAT_CACHE_LINE / weights.format.element;
  const float *x = (const float *)call->input->x + t * call->input->ldx;
  float x_tail[FLOAT_LANES] = {0};
  memcpy(x_tail, x + whole, (k - whole) * sizeof *x);
  for (size_t i = tile.m_begin; i < tile.m_end; i += FLOAT_ROWS) {
    const size_t rows = min_size(FLOAT_ROWS, tile.m_end - i);
    const char *first = (const char *)call->packed + i * row_size;
    const char *row[FLOAT_ROWS];
    float_vector scale[FLOAT_ROWS];
    float total[FLOAT_ROWS] = {0};
    for (size_t r = 0; r < FLOAT_ROWS; r++) {
      const size_t held = min_size(r, rows - 1);
      row[r] = first + held * row_size;
      scale[r] = float_set1(float_gemm_row_scale(call, i + held));
    }
    for (size_t begin = 0; begin < k; begin += FLOAT_CHUNK) {
      const size_t end = min_size(begin + FLOAT_CHUNK, whole);
      float_vector sum[FLOAT_ROWS];
      for (size_t r = 0; r < FLOAT_ROWS; r++) sum[r] = float_zero();
      for (size_t j = begin; j < end; j += FLOAT_LANES) {
        if (j % line == 0) float_gemv_prefetch(first, row_size, j * weights.format.element);
        const float_vector input = float_load(x + j);
        for (size_t r = 0; r < FLOAT_ROWS; r++) {
          float_vector weight = weights.load(row[r] + j * weights.format.element);
          if (weights.format.scaled) weight = float_mul(weight, scale[r]);
          sum[r] = float_fmadd(weight, input, sum[r]);
        }
      }
      if (begin + FLOAT_CHUNK > whole && whole < k) {
        const float_vector input = float_load(x_tail);
        for (size_t r = 0; r < FLOAT_ROWS; r++) {
          const void *tail = row[r] + whole * weights.format.element;
          float_vector weight = float_gemm_load_some(weights, tail, k - whole);
          if (weights.format.scaled) weight = float_mul(weight, scale[r]);
          sum[r] = float_fmadd(weight, input, sum[r]);
        }
      }
      for (size_t r = 0; r < FLOAT_ROWS; r += FLOAT_ROWS) {
        const __m128 chunk = float_gemm_sum_lanes(sum + r);
        _mm_storeu_ps(total + r, _mm_add_ps(_mm_loadu_ps(total + r), chunk));
      }
    }
    for (size_t r = 0; r < rows; r++) float_gemm_store(call, weights, i + r, t, total[r]);
  }
}

// Copies inputs begin to end of the block's tokens to scratch, zeros up to whole vectors.
FLOAT_INLINE void float_gemm_gather_x(const mpgemm_input *input, size_t t, size_t tokens,
                                      size_t begin, size_t end, float_gemm_scratch *scratch) {
  const size_t length = end - begin, padded = round_up(length, FLOAT_LANES);
  for (size_t u = 0; u < tokens; u++) {
    const float *x = (const float *)input->x + (t + u) * input->ldx + begin;
    memcpy(scratch->x[u], x, length * sizeof *x);
    for (size_t j = length; j < padded; j++) scratch->x[u][j] = 0;
  }
}

// Turns inputs begin to end of up to FLOAT_PANEL rows to floats in scratch, zeros up to whole
// vectors and up to whole register tiles, and prefetches the panel below.
FLOAT_INLINE void float_gemm_gather_w(const mpgemm_call *call, float_gemm_weights weights, size_t i,
                                      size_t rows, size_t begin, size_t end,
                                      float_gemm_scratch *scratch) {
  const size_t length = end - begin, whole = length - length % FLOAT_LANES;
  const size_t row_size = call->shape.k * weights.format.element;
  for (size_t r = 0; r < rows; r++) {
    const char *row =
        (const char *)call->packed + (i + r) * row_size + begin * weights.format.element;
    const char *below = row + FLOAT_PANEL * row_size;
    const float_vector scale = float_set1(float_gemm_row_scale(call, i + r));
    for (size_t b = 0; b < length * weights.format.element; b += FLOAT_CACHE_LINE) {
      _mm_prefetch(below + b, _MM_HINT_T0);
    }
    for (size_t j = 0; j < whole; j += FLOAT_LANES) {
      float_vector weight = weights.load(row + j * weights.format.element);
      if (weights.format.scaled) weight = float_mul(weight, scale);
      float_store(scratch->w[r] + j, weight);
    }
    if (whole < length) {
      float_vector weight =
          float_gemm_load_some(weights, row + whole * weights.format.element, length - whole);
      if (weights.format.scaled) weight = float_mul(weight, scale);
      float_store(scratch->w[r] + whole, weight);
    }
  }
  for (size_t r = rows; r < round_up(rows, FLOAT_ROWS); r++) {
    memset(scratch->w[r], 0, round_up(length, FLOAT_LANES) * sizeof **scratch->w);
  }
}

// Adds one chunk's products of FLOAT_ROWS rows and so many tokens, a constant, to their sums.
FLOAT_INLINE void float_gemm_tile(const float *w, const float *x, size_t length, size_t tokens,
                                  float *sums) {
  float_vector sum[FLOAT_TOKENS][FLOAT_ROWS];
  for (size_t u = 0; u < tokens; u++) {
    for (size_t r = 0; r < FLOAT_ROWS; r++) sum[u][r] = float_zero();
  }
  for (size_t j = 0; j < length; j += FLOAT_LANES) {
    float_vector input[FLOAT_TOKENS];
    for (size_t u = 0; u < tokens; u++) input[u] = float_load(x + u * FLOAT_CHUNK + j);
    for (size_t r = 0; r < FLOAT_ROWS; r++) {
      const float_vector weight = float_load(w + r * FLOAT_CHUNK + j);
      for (size_t u = 0; u < tokens; u++) {
        sum[u][r] = float_fmadd(weight, input[u], sum[u][r]);
      }
    }
  }
  for (size_t u = 0; u < tokens; u++) {
    float *to = sums + u * FLOAT_M_BLOCK;
    _mm_storeu_ps(to, _mm_add_ps(_mm_loadu_ps(to), float_gemm_sum_lanes(sum[u])));
  }
}

// Adds one chunk's products of a panel and all the block's tokens: whole register tiles, then pairs
// of tokens, then the last.
FLOAT_INLINE void float_gemm_panel(float_gemm_scratch *scratch, size_t rows, size_t tokens,
                                   size_t length, size_t sum_row) {
  size_t u = 0;
  for (; u + FLOAT_TOKENS <= tokens; u += FLOAT_TOKENS) {
    for (size_t r = 0; r < rows; r += FLOAT_ROWS) {
      float *sum = scratch->sum[u] + sum_row + r;
      float_gemm_tile(scratch->w[r], scratch->x[u], length, FLOAT_TOKENS, sum);
    }
  }
  for (; u + 2 <= tokens; u += 2) {
    for (size_t r = 0; r < rows; r += FLOAT_ROWS) {
      float_gemm_tile(scratch->w[r], scratch->x[u], length, 2, scratch->sum[u] + sum_row + r);
    }
  }
  if (u == tokens) return;
  for (size_t r = 0; r < rows; r += FLOAT_ROWS) {
    float_gemm_tile(scratch->w[r], scratch->x[u], length, 1, scratch->sum[u] + sum_row + r);
  }
}

// One block of at most FLOAT_M_BLOCK rows and FLOAT_N_BLOCK tokens.
FLOAT_INLINE void float_gemm_block(const mpgemm_call *call, mpgemm_tile tile,
                                   float_gemm_weights weights, float_gemm_scratch *scratch) {
  const size_t k = call->shape.k, tokens = tile.n_end - tile.n_begin;
  for (size_t u = 0; u < tokens; u++) memset(scratch->sum[u], 0, sizeof scratch->sum[u]);
  for (size_t begin = 0; begin < k; begin += FLOAT_CHUNK) {
    const size_t end = min_size(begin + FLOAT_CHUNK, k);
    const size_t length = round_up(end - begin, FLOAT_LANES);
    float_gemm_gather_x(call->input, tile.n_begin, tokens, begin, end, scratch);
    for (size_t i = tile.m_begin; i < tile.m_end; i += FLOAT_PANEL) {
      const size_t rows = min_size(FLOAT_PANEL, tile.m_end - i);
      float_gemm_gather_w(call, weights, i, rows, begin, end, scratch);
      float_gemm_panel(scratch, rows, tokens, length, i - tile.m_begin);
    }
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t++) {
    for (size_t i = tile.m_begin; i < tile.m_end; i++) {
      const float sum = scratch->sum[t - tile.n_begin][i - tile.m_begin];
      float_gemm_store(call, weights, i, t, sum);
    }
  }
}

// The compute function of a family with these weights.
FLOAT_INLINE void float_gemm_compute(const mpgemm_call *call, mpgemm_tile tile,
                                     float_gemm_weights weights, void *scratch) {
  if (call->shape.n == 1) {
    float_gemv(call, tile, weights);
    return;
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t += FLOAT_N_BLOCK) {
    for (size_t i = tile.m_begin; i < tile.m_end; i += FLOAT_M_BLOCK) {
      const mpgemm_tile block = {.m_begin = i,
                                 .m_end = min_size(i + FLOAT_M_BLOCK, tile.m_end),
                                 .n_begin = t,
                                 .n_end = min_size(t + FLOAT_N_BLOCK, tile.n_end)};
      float_gemm_block(call, block, weights, scratch);
    }
  }
}

// How many register tiles so many tokens need.
static inline uint64_t float_gemm_token_tiles(size_t tokens) {
  const size_t rest = tokens % FLOAT_TOKENS;
  return tokens / FLOAT_TOKENS + rest / 2 + rest % 2;
}

// Blocks hold whole register tiles of rows, so padding the rows once is padding them block by block.
static inline void float_gemm_count(float_gemm_format format, mpgemm_shape shape,
                                    mpgemm_ops *prepare, mpgemm_ops *compute) {
  if (prepare) *prepare = (mpgemm_ops){0};
  if (!compute) return;
  const uint64_t m = shape.m, n = shape.n, k = shape.k;
  const uint64_t rows = round_up(m, FLOAT_ROWS), inputs = round_up(k, FLOAT_LANES);
  const uint64_t chunks = blocks_of(k, FLOAT_CHUNK);
  const uint64_t m_blocks = blocks_of(m, FLOAT_M_BLOCK), n_blocks = blocks_of(n, FLOAT_N_BLOCK);
  const uint64_t token_groups = n / FLOAT_N_BLOCK * float_gemm_token_tiles(FLOAT_N_BLOCK) +
                                float_gemm_token_tiles(n % FLOAT_N_BLOCK);
  const uint64_t products = rows * n * inputs;
  // N = 1 converts the repeated rows of its last group too; N > 1 converts once a block of tokens.
  const uint64_t unpacked = n == 1 ? rows * inputs : n_blocks * m * inputs;
  const uint64_t scratch_floats = m_blocks * n * inputs +           // x written
                                  n_blocks * rows * inputs +        // w written
                                  rows / FLOAT_ROWS * n * inputs +  // x read
                                  token_groups * rows * inputs +    // w read
                                  m_blocks * n * FLOAT_M_BLOCK +    // sums cleared,
                                  2 * chunks * rows * n + m * n;    // added to, read
  *compute = (mpgemm_ops){
      .mul_f32 = products + (format.scaled ? unpacked + m * n : 2 * m * n),
      .add_f32 = products + FLOAT_LANES * chunks * rows * n,
      .convert = format.conversions * unpacked,
      .bitop = format.shifts * unpacked,
      .weight_bytes = (n == 1 ? rows : n_blocks * m) * k * format.element,
      .input_bytes = (n == 1 ? rows / FLOAT_ROWS : m_blocks * n) * k * sizeof(float),
      .scratch_bytes = n == 1 ? 0 : scratch_floats * sizeof(float),
      .output_bytes = m * n * sizeof(float),
  };
}
