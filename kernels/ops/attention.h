// attention.h: softmax(queries * keys) * values; a part of body.h, compiled once an ISA.
//
// A block of positions becomes floats once for all queries. Sums that run side by side hide each other's
// latency, and how many is the including file's to say, since they have to fit its registers:
//
//   KEYS_SIDE     products of a query with so many keys, each in lanes of its own; divides BLOCK
//   VALUES_SIDE   so many lanes of an output, which take one value row after another

enum { BLOCK = MPGEMM_LANES };  // positions

// Adds the lanes of 16 sums, each in the order of total(): lane l of result is the total of sum[l].
ALWAYS_INLINE void totals(const lanes sum[BLOCK], lanes *result) {
  lanes eight[8], four[4], two[2];
  // Quarter h of four[s] is left of sum[4 h + s], so that the last step finds all of them in order.
  for (int s = 0; s < 4; s++) {
    const lanes *a = &sum[s], *b = &sum[4 + s], *c = &sum[8 + s], *d = &sum[12 + s];
    eight[s] = FIRST_HALVES(*a, *b) + SECOND_HALVES(*a, *b);
    eight[4 + s] = FIRST_HALVES(*c, *d) + SECOND_HALVES(*c, *d);
    four[s] = EVEN_QUARTERS(eight[s], eight[4 + s]) + ODD_QUARTERS(eight[s], eight[4 + s]);
  }
  for (int s = 0; s < 2; s++) {
    const lanes *a = &four[2 * s], *b = &four[2 * s + 1];
    two[s] = FIRST_PAIRS(*a, *b) + SECOND_PAIRS(*a, *b);
  }
  *result = EVEN_LANES(two[0], two[1]) + ODD_LANES(two[0], two[1]);
}

// The largest of some floats, of which there is at least one.
ALWAYS_INLINE float largest_of(size_t count, const float *x) {
  float largest = x[0];
  size_t p = 0;
  if (count >= MPGEMM_LANES) {
    lanes best, value;
    load_floats(x, 0, &best);
    for (p = MPGEMM_LANES; p + MPGEMM_LANES <= count; p += MPGEMM_LANES) {
      load_floats(x, p, &value);
      const lane_bits above = (lane_bits)(value > best);
      best = (lanes)((above & (lane_bits)value) | (~above & (lane_bits)best));
    }
    for (size_t l = 0; l < MPGEMM_LANES; l++) largest = best[l] > largest ? best[l] : largest;
  }
  for (; p < count; p++) largest = x[p] > largest ? x[p] : largest;
  return largest;
}

// Scores become weights that sum to 1; those behind count, up to whole lanes, become 0.
ALWAYS_INLINE void softmax(size_t count, float *score) {
  const size_t whole = (count + MPGEMM_LANES - 1) / MPGEMM_LANES * MPGEMM_LANES;
  const float largest = largest_of(count, score);
  for (size_t p = 0; p < count; p++) score[p] = exponential(score[p] - largest);
  for (size_t p = count; p < whole; p++) score[p] = 0;
  lanes sum = {0}, value;
  for (size_t p = 0; p < whole; p += MPGEMM_LANES) {
    load_floats(score, p, &value);
    sum += value;
  }
  const float factor = 1.0f / total(&sum);
  for (size_t p = 0; p < whole; p++) score[p] *= factor;
}

// Copies a position's row as floats.
ALWAYS_INLINE void load_memory(const void *from, const float *scale, size_t position, size_t stride,
                               uint32_t type, float *row) {
  const size_t begin = position * stride;
  lanes value;
  for (size_t d = 0; d < stride; d += MPGEMM_LANES) {
    if (type == MPGEMM_MEMORY_F16) {
      load_halves(from, begin + d, &value);
    } else if (type == MPGEMM_MEMORY_F32) {
      load_floats(from, begin + d, &value);
    } else {
      load_bytes(from, begin + d, &value);
      value *= scale[position];
    }
    memcpy(row + d, &value, sizeof value);
  }
}

ALWAYS_INLINE void load_block(const void *from, const float *scale, size_t position, size_t stride,
                              uint32_t type, float *rows) {
  for (size_t v = 0; v < BLOCK; v++) {
    load_memory(from, scale, position + v, stride, type, rows + v * stride);
  }
}

// The products of a query with a block of keys.
ALWAYS_INLINE void score_block(const float *query, const float *keys, size_t stride, float *score) {
  lanes sum[BLOCK], a, b;
  for (size_t first = 0; first < BLOCK; first += KEYS_SIDE) {
    for (size_t v = 0; v < KEYS_SIDE; v++) sum[first + v] = (lanes){0};
    for (size_t d = 0; d < stride; d += MPGEMM_LANES) {
      load_floats(query, d, &a);
      for (size_t v = 0; v < KEYS_SIDE; v++) {
        load_floats(keys, (first + v) * stride + d, &b);
        sum[first + v] += a * b;
      }
    }
  }
  totals(sum, &a);
  memcpy(score, &a, sizeof a);
}

// Adds a block of values, each times its weight, to side lanes of an output.
ALWAYS_INLINE void add_values(const float *weight, const float *values, size_t stride, size_t side,
                              float *out) {
  lanes sum[VALUES_SIDE], b;
  for (size_t s = 0; s < side; s++) load_floats(out, s * MPGEMM_LANES, &sum[s]);
  for (size_t v = 0; v < BLOCK; v++) {
    for (size_t s = 0; s < side; s++) {
      load_floats(values, v * stride + s * MPGEMM_LANES, &b);
      sum[s] += b * weight[v];
    }
  }
  memcpy(out, sum, side * sizeof *sum);
}

ALWAYS_INLINE void attend_to(const mpgemm_memory *memory, const mpgemm_queries *queries,
                             float *scratch, uint32_t type) {
  const size_t stride = memory->stride, head_dim = memory->head_dim;
  const size_t count = queries->tokens * queries->group;
  const size_t last = queries->visible + queries->tokens - 1;  // what the last token sees
  const size_t whole = (last + BLOCK - 1) / BLOCK * BLOCK;
  float *const query = scratch;               // count * stride, padded with zeros
  float *const out = query + count * stride;  // count * stride
  float *const score = out + count * stride;  // count * whole
  // Aligned, since a load of 64 bytes that straddles cache lines costs two.
  _Alignas(sizeof(lanes)) float rows[BLOCK * MPGEMM_LARGEST_HEAD_DIM];

  memset(query, 0, 2 * count * stride * sizeof *query);  // and out
  for (size_t q = 0; q < count; q++) {
    const float *from =
        queries->queries + q / queries->group * queries->ld + q % queries->group * head_dim;
    for (size_t d = 0; d < head_dim; d++) query[q * stride + d] = from[d] * queries->scale;
  }
  for (size_t p = 0; p < last; p += BLOCK) {
    load_block(memory->keys, memory->key_scale, p, stride, type, rows);
    // Token t sees positions below visible + t; scores of others are overwritten below.
    const size_t first = p < queries->visible ? 0 : (p - queries->visible + 1) * queries->group;
    for (size_t q = first; q < count; q++) {
      score_block(query + q * stride, rows, stride, score + q * whole + p);
    }
  }
  for (size_t q = 0; q < count; q++) {
    const size_t sees = queries->visible + q / queries->group;
    softmax(sees, score + q * whole);
    for (size_t p = sees; p < whole; p++) score[q * whole + p] = 0;
  }
  for (size_t p = 0; p < last; p += BLOCK) {
    load_block(memory->values, memory->value_scale, p, stride, type, rows);
    const size_t first = p < queries->visible ? 0 : (p - queries->visible + 1) * queries->group;
    for (size_t q = first; q < count; q++) {
      const float *weight = score + q * whole + p;  // 0 for what is not seen
      size_t d = 0;
      for (; d + VALUES_SIDE * MPGEMM_LANES <= stride; d += VALUES_SIDE * MPGEMM_LANES) {
        add_values(weight, rows + d, stride, VALUES_SIDE, out + q * stride + d);
      }
      for (; d < stride; d += MPGEMM_LANES) {
        add_values(weight, rows + d, stride, 1, out + q * stride + d);
      }
    }
  }
  for (size_t q = 0; q < count; q++) {
    float *to = queries->out + q / queries->group * queries->ld + q % queries->group * head_dim;
    memcpy(to, out + q * stride, head_dim * sizeof *to);
  }
}

static void attend(const mpgemm_memory *memory, const mpgemm_queries *queries, float *scratch) {
  switch (memory->type) {
    case MPGEMM_MEMORY_F16:
      attend_to(memory, queries, scratch, MPGEMM_MEMORY_F16);
      break;
    case MPGEMM_MEMORY_F32:
      attend_to(memory, queries, scratch, MPGEMM_MEMORY_F32);
      break;
    default:
      attend_to(memory, queries, scratch, MPGEMM_MEMORY_INT8);
  }
}
