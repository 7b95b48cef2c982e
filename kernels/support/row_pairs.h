// row_pairs.h: rows of unsigned codes w + 1 times int8_rows by a dot product of bytes, in place.
//
// Two rows and a group of tokens are summed in registers, a block of 128 inputs at a time: the rows
// share the loads of activations, the tokens the taking apart of codes, which other ports do
// meanwhile. Nothing is unpacked to memory.
//
// Included inside a target region, by the file for an ISA that has defined for its registers
//
//   pairs_vector                 a register of PAIRS_STEP bytes, or of PAIRS_ROWS int32 sums
//   pairs_zero, pairs_load       what they say; loads are from any address
//   pairs_add(a, b)              adds int32 lanes
//   pairs_dot(sum, codes, x)     adds the products of unsigned codes and signed x, four a sum
//   pairs_hide(vector)           hides a constant from the compiler, which else loads it in each step
//   pairs_store(call, i, rows, t, lanes)   sums the lanes of each row, and writes outputs
//   PAIRS_NEGATED                lanes in which compilers negate a sum of codes before they add it
//   PAIRS_GROUP                  tokens multiplied together, at most
//   PAIRS_LANE_ADDS              additions of int32 lanes by which pairs_store sums PAIRS_ROWS rows
//   pairs_group(tokens)          how many of the tokens left are multiplied together
//   pairs_stored(m)              lanes in which the outputs of m rows and a token are made of sums
//   pairs_sets(tokens)           in how many sums a row and token of such a group are kept: a sum
//                                takes a new product only every few cycles
//
// That file is included by a family's, which has defined how it stores a row
//
//   PAIRS_BLOCK_BYTES            bytes of PAIRS_BLOCK weights
//   PAIRS_PADDED                 1: rows are padded to whole blocks; 0: to nothing, a byte a weight
//
// and then defines the functions declared below.

enum {
  PAIR = 2,
  PAIRS_MOST = 8,                           // tokens of a group on any ISA
  PAIRS_BLOCK = 128,                        // inputs; activations are padded to more
  PAIRS_PLANES = PAIRS_BLOCK / PAIRS_STEP,  // registers of a block's codes
  PAIRS_M_BEST = 128,
  PAIRS_N_BEST = 128,  // tokens whose activations stay in L2 for most k
  // Inputs of a group of tokens, summed row after row: they stay in L1. A code is at most 2 * 64,
  // so that a sum of one token's grows by at most 4 * 2 * 64 * 127 a product of registers, and 2^14
  // of them stay below 2^30.
  PAIRS_SPAN = 2560,
  PAIRS_SPAN_SINGLE = (1 << 14) * PAIRS_STEP,
  PAIRS_CONSTANTS = 4,
  CACHE_LINE = 64,
};

#define PAIRS_INLINE static inline __attribute__((always_inline))

// What a family defines: constants that the other functions need, to be kept in registers;
PAIRS_INLINE void pairs_constants(size_t sets, pairs_vector constant[PAIRS_CONSTANTS]);

// the codes of plane p of a block, times what pairs_settle divides sums of set p % sets by;
PAIRS_INLINE pairs_vector pairs_codes(const uint8_t *block, size_t p, size_t sets,
                                      const pairs_vector *constant);

// a sum of set s, of plain codes;
PAIRS_INLINE pairs_vector pairs_settle(pairs_vector sum, size_t s, size_t sets);

// and what they do: for so many blocks of a row, and for all the sets of so many sums.
static void pairs_count_codes(size_t sets, uint64_t times, mpgemm_ops *ops);
static void pairs_count_settle(size_t sets, uint64_t times, mpgemm_ops *ops);

// The sums of one row and token: by set.
typedef struct {
  pairs_vector set[PAIRS_PLANES];
} pairs_sums;

// The blocks of a span, about as many in each. One token's rows are read from end to end: a stream.
static inline size_t pairs_span(size_t blocks, size_t tokens) {
  const size_t most = (tokens == 1 ? PAIRS_SPAN_SINGLE : PAIRS_SPAN) / PAIRS_BLOCK;
  return blocks_of(blocks, blocks_of(blocks, most));
}

// Fetches ahead of a block of both rows, each line once: where it holds two blocks the rows take
// turns. Rows of a byte a weight keep the load ports busy: fetching them twice costs more than it
// gives.
PAIRS_INLINE void pairs_fetch(const uint8_t *const block[PAIR], size_t b) {
  if (PAIR * PAIRS_BLOCK_BYTES == CACHE_LINE) {
    stream_ahead(b % PAIR ? block[1] : block[0]);
    return;
  }
  for (size_t line = 0; line < PAIRS_BLOCK_BYTES; line += CACHE_LINE) {
    _mm_prefetch((const char *)block[0] + line + STREAM_FAR, _MM_HINT_T0);
    _mm_prefetch((const char *)block[1] + line + STREAM_FAR, _MM_HINT_T0);
  }
}

// Adds a block's products.
PAIRS_INLINE void pairs_add_block(const uint8_t *const block[PAIR], const int8_t *x,
                                  size_t x_stride, size_t tokens, const pairs_vector *constant,
                                  pairs_sums (*sums)[PAIR]) {
  const size_t sets = pairs_sets(tokens);
  for (size_t p = 0; p < PAIRS_PLANES; p++) {
    pairs_vector codes[PAIR];
    for (size_t r = 0; r < PAIR; r++) codes[r] = pairs_codes(block[r], p, sets, constant);
    for (size_t u = 0; u < tokens; u++) {
      const pairs_vector input = pairs_load(x + u * x_stride + p * PAIRS_STEP);
      for (size_t r = 0; r < PAIR; r++) {
        pairs_vector *sum = &sums[u][r].set[p % sets];
        *sum = pairs_dot(*sum, codes[r], input);
      }
    }
  }
}

// The last block of rows that are not padded: its first length inputs, then zeros.
PAIRS_INLINE void pairs_add_tail(const uint8_t *const block[PAIR], size_t length, const int8_t *x,
                                 size_t x_stride, size_t tokens, const pairs_vector *constant,
                                 pairs_sums (*sums)[PAIR]) {
  uint8_t copy[PAIR][PAIRS_BLOCK] = {{0}};
  for (size_t r = 0; r < PAIR; r++) __builtin_memcpy(copy[r], block[r], length);
  const uint8_t *const copies[PAIR] = {copy[0], copy[1]};
  pairs_add_block(copies, x, x_stride, tokens, constant, sums);
}

// The products of blocks begin to end of a pair of rows and a constant number of tokens, added to
// lanes[token][r], lanes[token][r + 1]: |lanes| <= 2 * 127 k, within int32 for k < 2^23.
PAIRS_INLINE void pairs_multiply(const uint8_t *const row[PAIR], const int8_t *x, size_t k,
                                 size_t begin, size_t end, size_t tokens, int fetch, size_t r,
                                 pairs_vector (*lanes)[PAIRS_ROWS]) {
  const size_t x_stride = int8_rows_stride(k), sets = pairs_sets(tokens);
  const size_t whole = PAIRS_PADDED ? end : min_size(end, k / PAIRS_BLOCK);
  pairs_vector constant[PAIRS_CONSTANTS];
  pairs_constants(sets, constant);
  pairs_sums sums[PAIRS_MOST][PAIR];
  for (size_t u = 0; u < tokens; u++) {
    for (size_t s = 0; s < sets; s++) sums[u][0].set[s] = sums[u][1].set[s] = pairs_zero();
  }
  for (size_t b = begin; b < whole; b++) {
    const size_t at = b * PAIRS_BLOCK_BYTES;
    const uint8_t *const block[PAIR] = {row[0] + at, row[1] + at};
    if (fetch) pairs_fetch(block, b);
    pairs_add_block(block, x + b * PAIRS_BLOCK, x_stride, tokens, constant, sums);
  }
  if (whole < end) {
    const size_t at = whole * PAIRS_BLOCK_BYTES;
    const uint8_t *const block[PAIR] = {row[0] + at, row[1] + at};
    pairs_add_tail(block, k % PAIRS_BLOCK, x + whole * PAIRS_BLOCK, x_stride, tokens, constant,
                   sums);
  }
  for (size_t u = 0; u < tokens; u++) {
    for (size_t p = 0; p < PAIR; p++) {
      for (size_t s = 0; s < sets; s++) {
        const pairs_vector sum = pairs_settle(sums[u][p].set[s], s, sets);
        lanes[u][r + p] = pairs_add(lanes[u][r + p], sum);
      }
    }
  }
}

// Up to PAIRS_ROWS rows from i on by a constant number of tokens from t on. An odd last row is
// multiplied twice: nothing past it is read. fetch, a constant: whether the weights are not in cache.
PAIRS_INLINE void pairs_rows(const mpgemm_call *call, size_t i, size_t rows, size_t t,
                             size_t tokens, int fetch) {
  const size_t k = call->shape.k, blocks = blocks_of(k, PAIRS_BLOCK);
  const size_t row_bytes = PAIRS_PADDED ? blocks * PAIRS_BLOCK_BYTES : k;
  const size_t span = pairs_span(blocks, tokens);
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(k);
  const uint8_t *first = (const uint8_t *)call->packed + i * row_bytes;
  pairs_vector lanes[PAIRS_MOST][PAIRS_ROWS];
  for (size_t u = 0; u < tokens; u++) {
    // A store to y that waits for its line holds up those to lanes, which come all the time.
    const float *y = call->y + (t + u) * call->ldy + i;
    _mm_prefetch((const char *)y, _MM_HINT_T0);
    _mm_prefetch((const char *)(y + rows - 1), _MM_HINT_T0);
    for (size_t r = 0; r < PAIRS_ROWS; r++) lanes[u][r] = pairs_zero();
  }
  for (size_t b = 0; b < blocks; b += span) {
    const size_t end = min_size(b + span, blocks);
    for (size_t r = 0; r < rows; r += PAIR) {
      const uint8_t *const row[PAIR] = {first + r * row_bytes,
                                        first + min_size(r + 1, rows - 1) * row_bytes};
      pairs_multiply(row, x, k, b, end, tokens, fetch, r, lanes);
    }
  }
  for (size_t u = 0; u < tokens; u++) pairs_store(call, i, rows, t + u, lanes[u]);
}

PAIRS_INLINE void pairs_tokens(const mpgemm_call *call, size_t i, size_t rows, size_t t,
                               size_t tokens, int first) {
  if (tokens == PAIRS_GROUP && !first) {
    pairs_rows(call, i, rows, t, PAIRS_GROUP, 0);
    return;
  }
  switch (tokens) {
    case 1:
      pairs_rows(call, i, rows, t, 1, 1);
      break;
    case 2:
      pairs_rows(call, i, rows, t, 2, 1);
      break;
    case 3:
      pairs_rows(call, i, rows, t, 3, 1);
      break;
    case 4:
      pairs_rows(call, i, rows, t, 4, 1);
      break;
    case 5:
      pairs_rows(call, i, rows, t, 5, 1);
      break;
    case 6:
      pairs_rows(call, i, rows, t, 6, 1);
      break;
    case 7:
      pairs_rows(call, i, rows, t, 7, 1);
      break;
    default:
      pairs_rows(call, i, rows, t, PAIRS_GROUP, 1);
  }
}

// A group of tokens passes all rows of a tile, then the next group.
PAIRS_INLINE void pairs_compute(const mpgemm_call *call, mpgemm_tile tile) {
  for (size_t m = tile.m_begin; m < tile.m_end; m += PAIRS_M_BEST) {
    const size_t m_end = min_size(m + PAIRS_M_BEST, tile.m_end);
    size_t tokens;
    for (size_t t = tile.n_begin; t < tile.n_end; t += tokens) {
      tokens = pairs_group(tile.n_end - t);
      for (size_t i = m; i < m_end; i += PAIRS_ROWS) {
        pairs_tokens(call, i, min_size(PAIRS_ROWS, m_end - i), t, tokens, t == tile.n_begin);
      }
    }
  }
}

static void pairs_plan(mpgemm_shape shape, mpgemm_plan *plan) {
  int8_rows_plan(shape, plan);
  plan->scratch_size = 0;
  plan->m_step = plan->n_step = 1;
  plan->m_best = PAIRS_M_BEST;
  plan->n_best = PAIRS_N_BEST;
}

static void pairs_count(mpgemm_shape shape, mpgemm_ops *ops) {
  const uint64_t rows = round_up(shape.m, PAIR), row_blocks = blocks_of(shape.k, PAIRS_BLOCK);
  const uint64_t row_bytes = PAIRS_PADDED ? row_blocks * PAIRS_BLOCK_BYTES : shape.k;
  const uint64_t reductions = blocks_of(shape.m, PAIRS_ROWS);
  size_t tokens;
  for (size_t begin = 0; begin < shape.n; begin += PAIRS_N_BEST) {
    const size_t end = min_size(begin + PAIRS_N_BEST, shape.n);
    for (size_t t = begin; t < end; t += tokens) {
      tokens = pairs_group(end - t);
      const size_t sets = pairs_sets(tokens);
      const uint64_t settlings = rows * blocks_of(row_blocks, pairs_span(row_blocks, tokens));
      const uint64_t products = rows * row_blocks * PAIRS_BLOCK * tokens;
      pairs_count_codes(sets, rows * row_blocks, ops);
      pairs_count_settle(sets, settlings * tokens, ops);
      ops->mul_i8 += products;
      ops->add_i32 += products;  // three within a group of four, one to the sum
      ops->add_i32 += settlings * tokens * sets * PAIRS_STEP / sizeof(int32_t);
      ops->add_i32 += reductions * tokens * PAIRS_LANE_ADDS;
      ops->weight_bytes += rows * row_bytes;
      ops->prepared_bytes += products / PAIR;
    }
  }
  const uint64_t stored = pairs_stored(shape.m) * shape.n;
  ops->add_i32 += stored + reductions * shape.n * PAIRS_NEGATED;  // the sum of codes
  ops->convert += stored;
  ops->mul_f32 += stored * 2;
  ops->output_bytes += (uint64_t)shape.m * shape.n * sizeof(float);
}
