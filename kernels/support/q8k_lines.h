// q8k_lines.h: rows of llama.cpp's TQ blocks times "q8k" activations by a dot product of bytes.
//
// A line is four inputs of LINE_ROWS rows, a row an int32 lane: sums stay in their row's lane, and
// nothing is added across lanes. A block of a strip of rows is decoded to lines in scratch, 256
// codes a row, once for all tokens of a tile, and is multiplied while it is in L1.
//
// Included inside a target region, by the file for an ISA that has defined for its registers
//
//   LINE_ROWS                    rows of a line, so many int32
//   lines_vector                 a register: a line of codes, inputs, or sums
//   lines_zero, lines_load, lines_add, lines_broadcast   what they say; a broadcast is of four inputs
//   lines_dot(sum, codes, x)     adds the products of unsigned codes and signed x, four a sum
//   lines_accumulate(y, dot, x_sum, w_scale, x_scale)    adds a block's products to LINE_ROWS floats,
//                                in the order that the numerics prescribe
//   LINE_TOKENS                  tokens multiplied together, at most
//   lines_parts(tokens)          sums of a row and token: each takes a new product only every 4 cycles

enum {
  LINE_SIDES = 2,         // lines side by side, which share a broadcast
  LINES = Q8K_BLOCK / 4,  // of a block
  LINE_BYTES = 4 * LINE_ROWS,
  STRIP_ROWS = LINE_SIDES * LINE_ROWS,
  N_BEST = 64,
  M_BEST = 64,
};

// What one thread holds of a strip.
typedef struct {
  uint8_t codes[LINES][LINE_SIDES][LINE_BYTES];
  float scale[STRIP_ROWS];
  float y[N_BEST][STRIP_ROWS];
} lines_scratch;

#define LINES_INLINE static inline __attribute__((always_inline))

// A block's products with a constant number of tokens, from t on.
LINES_INLINE void lines_multiply(const q8k_parts *x, size_t blocks, size_t b, size_t t,
                                 size_t tokens, size_t sides, lines_scratch *own, float *y) {
  const size_t parts = lines_parts(tokens), stride = blocks * Q8K_BLOCK;
  const int8_t *code = x->code + (t * blocks + b) * Q8K_BLOCK;
  lines_vector sum[LINE_SIDES][LINE_TOKENS][4];  // |sum| <= 256 * 3 * 127, for the illegal code 3
  for (size_t s = 0; s < sides; s++) {
    for (size_t u = 0; u < tokens; u++) {
      for (size_t p = 0; p < parts; p++) sum[s][u][p] = lines_zero();
    }
  }
  for (size_t l = 0; l < LINES; l += 4) {
    for (size_t p = 0; p < 4; p++) {
      lines_vector codes[LINE_SIDES];
      for (size_t s = 0; s < sides; s++) codes[s] = lines_load(own->codes[l + p][s]);
      for (size_t u = 0; u < tokens; u++) {
        const lines_vector input = lines_broadcast(code + u * stride + 4 * (l + p));
        for (size_t s = 0; s < sides; s++) {
          lines_vector *part = &sum[s][u][p % parts];
          *part = lines_dot(*part, codes[s], input);
        }
      }
    }
  }
  for (size_t u = 0; u < tokens; u++) {
    const size_t xb = (t + u) * blocks + b;
    for (size_t s = 0; s < sides; s++) {
      lines_vector dot = sum[s][u][0];
      for (size_t p = 1; p < parts; p++) dot = lines_add(dot, sum[s][u][p]);
      lines_accumulate(y + u * STRIP_ROWS + s * LINE_ROWS, dot, x->sum[xb],
                       own->scale + s * LINE_ROWS, x->scale[xb]);
    }
  }
}

LINES_INLINE void lines_tokens(const q8k_parts *x, size_t blocks, size_t b, size_t t, size_t tokens,
                               size_t sides, lines_scratch *own, float *y) {
  switch (tokens) {
    case 1:
      lines_multiply(x, blocks, b, t, 1, sides, own, y);
      break;
    case 2:
      lines_multiply(x, blocks, b, t, 2, sides, own, y);
      break;
    case 3:
      lines_multiply(x, blocks, b, t, 3, sides, own, y);
      break;
    case 4:
      lines_multiply(x, blocks, b, t, 4, sides, own, y);
      break;
    default:
      lines_multiply(x, blocks, b, t, LINE_TOKENS, sides, own, y);
  }
}

// How many of the tokens left are multiplied together.
static inline size_t lines_group(size_t tokens) {
  return tokens >= LINE_TOKENS ? LINE_TOKENS : min_size(tokens, 4);
}

// Up to STRIP_ROWS rows from i on by the tile's tokens. Beyond the last row it is decoded again:
// nothing past it is read. Each step prefetches a block of the next strip in the order of memory.
static void lines_strip(const mpgemm_call *call, mpgemm_tile tile, size_t i, size_t block_bytes,
                        q8k_decode_lines *decode, lines_scratch *own) {
  const size_t blocks = q8k_blocks(call->shape.k), row_bytes = blocks * block_bytes;
  const size_t rows = min_size(tile.m_end - i, STRIP_ROWS), tokens = tile.n_end - tile.n_begin;
  const size_t sides = blocks_of(rows, LINE_ROWS);
  const q8k_parts x = q8k_of(call->prepared, call->shape.n, call->shape.k);
  const uint8_t *first = (const uint8_t *)call->packed + i * row_bytes;
  const char *ahead = (const char *)first + STRIP_ROWS * row_bytes;
  for (size_t u = 0; u < tokens; u++) {
    for (size_t r = 0; r < STRIP_ROWS; r++) own->y[u][r] = 0;
  }
  for (size_t b = 0; b < blocks; b++) {
    for (size_t s = 0; s < sides; s++) {
      const uint8_t *block[LINE_ROWS];
      for (size_t r = 0; r < LINE_ROWS; r++, ahead += block_bytes) {
        block[r] = first + min_size(s * LINE_ROWS + r, rows - 1) * row_bytes + b * block_bytes;
        _mm_prefetch(ahead, _MM_HINT_T0);
      }
      decode(block, own->codes[0][s], LINE_SIDES * LINE_BYTES, own->scale + s * LINE_ROWS);
    }
    size_t group;
    for (size_t u = 0; u < tokens; u += group) {
      group = lines_group(tokens - u);
      if (sides == LINE_SIDES) {
        lines_tokens(&x, blocks, b, tile.n_begin + u, group, LINE_SIDES, own, own->y[u]);
      } else {
        lines_tokens(&x, blocks, b, tile.n_begin + u, group, 1, own, own->y[u]);
      }
    }
  }
  for (size_t u = 0; u < tokens; u++) {
    const size_t t = tile.n_begin + u;
    for (size_t r = 0; r < rows; r++) {
      call->y[t * call->ldy + i + r] = own->y[u][r] * output_scale(call, i + r, t);
    }
  }
}

static void lines_compute(const mpgemm_call *call, mpgemm_tile tile, void *scratch,
                          size_t block_bytes, q8k_decode_lines *decode) {
  for (size_t t = tile.n_begin; t < tile.n_end; t += N_BEST) {
    const mpgemm_tile part = {.m_begin = tile.m_begin,
                              .m_end = tile.m_end,
                              .n_begin = t,
                              .n_end = min_size(t + N_BEST, tile.n_end)};
    for (size_t i = tile.m_begin; i < tile.m_end; i += STRIP_ROWS) {
      lines_strip(call, part, i, block_bytes, decode, scratch);
    }
  }
}

static void lines_plan(mpgemm_shape shape, mpgemm_plan *plan) {
  q8k_plan_prepare(shape, plan);
  plan->scratch_size = sizeof(lines_scratch);
  plan->m_step = plan->n_step = 1;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

static void lines_count(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *count_decode,
                        mpgemm_ops *ops) {
  const uint64_t blocks = q8k_blocks(shape.k), rows = round_up(shape.m, LINE_ROWS);
  const uint64_t decodings = rows / LINE_ROWS * blocks * blocks_of(shape.n, N_BEST);
  const uint64_t dots = rows * blocks * shape.n, outputs = (uint64_t)shape.m * shape.n;
  mpgemm_ops decoding = {0};
  count_decode(&decoding);  // of LINE_ROWS rows' blocks
  q8k_add_ops(ops, &decoding, decodings);
  ops->weight_bytes += decodings * LINE_ROWS * block_bytes;
  ops->scratch_bytes += decodings * LINE_ROWS * (Q8K_BLOCK + sizeof(float));  // written
  ops->mul_i8 += dots * Q8K_BLOCK;
  ops->add_i32 += dots * Q8K_BLOCK;  // three within a group of four, one to the sum
  size_t group;
  for (size_t begin = 0; begin < shape.n; begin += N_BEST) {
    const size_t tokens = min_size(shape.n - begin, N_BEST);
    for (size_t u = 0; u < tokens; u += group) {
      group = lines_group(tokens - u);
      ops->add_i32 += rows * blocks * group * (lines_parts(group) - 1);
      // Of a + b - x_sum compilers make a + (b + -x_sum), negated in four lanes.
      if (lines_parts(group) > 1) ops->add_i32 += rows / LINE_ROWS * blocks * group * 4;
      ops->scratch_bytes += rows * blocks * (Q8K_BLOCK + sizeof(float));  // codes and scales read
    }
  }
  ops->add_i32 += dots;  // the sum of codes
  ops->convert += dots;
  ops->mul_f32 += dots * 2 + outputs * 2;
  ops->add_f32 += dots;
  // A strip's lines share the codes; each broadcasts the scale and the sum for itself.
  ops->prepared_bytes += blocks_of(shape.m, STRIP_ROWS) * blocks * shape.n * Q8K_BLOCK;
  ops->prepared_bytes += dots / LINE_ROWS * (sizeof(float) + sizeof(int32_t));
  // y set to zero, read and written block by block, read.
  ops->scratch_bytes += dots * 2 * sizeof(float);
  ops->scratch_bytes += round_up(shape.m, STRIP_ROWS) * shape.n * sizeof(float);
  ops->scratch_bytes += outputs * sizeof(float);
  ops->output_bytes += outputs * sizeof(float);
}
