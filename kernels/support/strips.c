// strips.c: the walk of the lookup kernels through a tile.
#include "support/strips.h"

#include <stdlib.h>

enum {
  GROUP_STRIPS = 8,      // strips that share the tables of a pass while they are in L1
  PASS_BLOCKS = 20,      // blocks of a pass: 4 tokens' tables of 256 bytes a block fill 20 KiB
  STREAM_AHEAD = 10240,  // bytes of prefetch where the weights stream by once
};

size_t strips_packed_size(const strip_layout *layout, size_t m, size_t k) {
  return strip_count(m) * strip_bytes(layout, k);
}

void strips_pack(const strip_layout *layout, size_t m, size_t k, const int8_t *w, void *packed) {
  for (size_t i = 0; i < strip_count(m) * STRIP_ROWS; i++) {
    uint8_t *const strip = (uint8_t *)packed + i / STRIP_ROWS * strip_bytes(layout, k);
    for (size_t b = 0; b < strip_blocks(layout, k); b++) {
      int8_t weights[STRIP_INPUTS] = {0};
      if (i < m) copy_padded(weights, w + i * k, k, b * layout->inputs, layout->inputs);
      layout->pack_row(weights, i % STRIP_ROWS, strip + b * layout->block_bytes);
    }
  }
}

void strips_unpack(const strip_layout *layout, size_t m, size_t k, const void *packed, int8_t *w) {
  for (size_t i = 0; i < m; i++) {
    const uint8_t *const strip = (const uint8_t *)packed + i / STRIP_ROWS * strip_bytes(layout, k);
    for (size_t b = 0; b < strip_blocks(layout, k); b++) {
      int8_t weights[STRIP_INPUTS];
      layout->unpack_row(strip + b * layout->block_bytes, i % STRIP_ROWS, weights);
      const size_t j = b * layout->inputs;
      memcpy(w + i * k + j, weights, min_size(layout->inputs, k - j));
    }
  }
}

void strips_plan(const strip_layout *layout, mpgemm_shape shape, mpgemm_plan *plan) {
  *plan = (mpgemm_plan){
      .prepared_size = shape.n * strip_token_bytes(layout, shape.k),
      .prepare_n_step = 1,
      .prepare_k_step = layout->header_bytes ? 0 : layout->inputs,
      .m_step = STRIP_ROWS,
      .n_step = 1,
      .m_best = GROUP_STRIPS * STRIP_ROWS,
      .n_best = 2 * STRIP_TOKENS,
  };
}

// The largest sum of |code| over a group of inputs. Inlined for each group, it has no inner loop.
static inline int largest_sum(size_t group, const int8_t *x, size_t k) {
  int largest = 0;
  for (size_t j = 0; j < k; j += group) {
    int sum = 0;
    if (k - j >= group)
      for (size_t c = 0; c < group; c++) sum += abs(x[j + c]);
    else
      for (size_t c = j; c < k; c++) sum += abs(x[c]);
    largest = sum > largest ? sum : largest;
  }
  return largest;
}

static int largest_entry(const strip_layout *layout, const int8_t *x, size_t k) {
  return layout->group == 2   ? largest_sum(2, x, k)
         : layout->group == 3 ? largest_sum(3, x, k)
                              : largest_sum(layout->group, x, k);
}

void strips_prepare(const strip_layout *layout, strip_tables *tables, size_t k,
                    const mpgemm_input *input, mpgemm_range range, void *prepared) {
  const size_t token_bytes = strip_token_bytes(layout, k);
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    const int8_t *const x = (const int8_t *)input->x + t * input->ldx;
    int8_t *const token = (int8_t *)prepared + t * token_bytes;
    float scale = 0;
    if (layout->header_bytes) {
      const float largest = (float)largest_entry(layout, x, k);
      const float step = largest / 127.0f;
      scale = largest > 0 ? 127.0f / largest : 0.0f;
      memset(token, 0, layout->header_bytes);
      memcpy(token, &step, sizeof step);
    }
    for (size_t b = range.k_begin / layout->inputs; b * layout->inputs < range.k_end; b++) {
      int8_t inputs[STRIP_INPUTS];
      copy_padded(inputs, x, k, b * layout->inputs, layout->inputs);
      tables(inputs, scale, token + layout->header_bytes + b * layout->table_bytes);
    }
  }
}

// The tokens to take together when so many are left: 4, 2 or 1.
static size_t group_tokens(const strip_sums *sums, size_t left) {
  if (left >= 4 && sums->four) return 4;
  return left >= 2 && sums->two ? 2 : 1;
}

static strip_sum *sum_of(const strip_sums *sums, size_t tokens) {
  return tokens == 4 ? sums->four : tokens == 2 ? sums->two : sums->one;
}

// Writes the rows of one strip for some tokens.
static void store(const strip_layout *layout, const mpgemm_call *call, size_t i, size_t rows,
                  size_t t, size_t tokens, int32_t (*total)[STRIP_ROWS]) {
  float w_scale[STRIP_ROWS];
  for (size_t r = 0; r < rows; r++)
    w_scale[r] = call->w_scale ? call->w_scale[(i + r) * call->w_scale_stride] : 1.0f;
  for (size_t u = 0; u < tokens; u++) {
    float x_scale = call->input->scale ? call->input->scale[t + u] : 1.0f;
    if (layout->header_bytes) {
      float step;
      const size_t token_bytes = strip_token_bytes(layout, call->shape.k);
      memcpy(&step, (const char *)call->prepared + (t + u) * token_bytes, sizeof step);
      x_scale *= step;
    }
    float *const y = call->y + (t + u) * call->ldy + i;
    for (size_t r = 0; r < rows; r++) y[r] = (float)total[u][r] * (w_scale[r] * x_scale);
  }
}

// Computes rows from first, a strip's first, to m_end (at most GROUP_STRIPS strips) for some tokens.
static void compute_group(const strip_layout *layout, strip_sum *sum, const mpgemm_call *call,
                          size_t first, size_t m_end, size_t t, size_t tokens) {
  const size_t k = call->shape.k;
  const size_t blocks = strip_blocks(layout, k);
  const size_t strips = strip_count(m_end - first);
  const size_t stride = strip_bytes(layout, k);
  const size_t token_bytes = strip_token_bytes(layout, k);
  const uint8_t *const packed = (const uint8_t *)call->packed + first / STRIP_ROWS * stride;
  const int8_t *const tables =
      (const int8_t *)call->prepared + t * token_bytes + layout->header_bytes;
  const size_t pass = strips == 1 ? blocks : PASS_BLOCKS;
  const size_t ahead = strips == 1 ? STREAM_AHEAD : stride;
  int32_t total[GROUP_STRIPS][STRIP_TOKENS][STRIP_ROWS] = {0};
  for (size_t b = 0; b < blocks; b += pass) {
    const int8_t *const pass_tables = tables + b * layout->table_bytes;
    for (size_t s = 0; s < strips; s++)
      sum(packed + s * stride + b * layout->block_bytes, min_size(pass, blocks - b), pass_tables,
          token_bytes, ahead, total[s]);
  }
  for (size_t s = 0; s < strips; s++) {
    const size_t i = first + s * STRIP_ROWS;
    store(layout, call, i, min_size(STRIP_ROWS, m_end - i), t, tokens, total[s]);
  }
}

void strips_compute(const strip_layout *layout, const strip_sums *sums, const mpgemm_call *call,
                    mpgemm_tile tile) {
  // One token's tables fit in L1 whole, and its weights are best read in the order they lie in.
  const size_t step = tile.n_end - tile.n_begin == 1 ? STRIP_ROWS : GROUP_STRIPS * STRIP_ROWS;
  for (size_t i = tile.m_begin; i < tile.m_end; i += step) {
    for (size_t t = tile.n_begin; t < tile.n_end;) {
      const size_t tokens = group_tokens(sums, tile.n_end - t);
      compute_group(layout, sum_of(sums, tokens), call, i, min_size(i + step, tile.m_end), t,
                    tokens);
      t += tokens;
    }
  }
}

void strips_count_prepare(const strip_layout *layout, const strip_table_costs *costs,
                          mpgemm_shape shape, mpgemm_ops *prepare) {
  const uint64_t codes = (uint64_t)shape.n * strip_blocks(layout, shape.k) * layout->inputs;
  const uint64_t lookups = codes / layout->group;
  prepare->add_i16 += lookups * costs->add_i16;
  prepare->mul_i8 += lookups * costs->mul_i8;
  prepare->bitop += lookups * costs->bitop;
  prepare->convert += lookups * costs->requantised * 2;  // to float and back
  prepare->mul_f32 += lookups * costs->requantised;
  prepare->input_bytes += (uint64_t)shape.n * shape.k;
  prepare->prepared_bytes += shape.n * strip_token_bytes(layout, shape.k);
  if (layout->header_bytes) {  // the search for the largest entry
    const uint64_t searched = (shape.k + layout->group - 1) / layout->group;
    prepare->add_i16 += shape.n * (2 * (uint64_t)shape.k + searched);  // |x|, sum, comparison
    prepare->convert += shape.n;
    prepare->mul_f32 += 2 * (uint64_t)shape.n;  // the divisions
    prepare->input_bytes += (uint64_t)shape.n * shape.k;
    prepare->prepared_bytes += shape.n * sizeof(float);  // the step, over the header's zeros
  }
}

void strips_count_compute(const strip_layout *layout, const strip_sums *sums,
                          const strip_costs *costs, mpgemm_shape shape, mpgemm_ops *compute) {
  const uint64_t strips = strip_count(shape.m);
  const uint64_t blocks = strip_blocks(layout, shape.k);
  const uint64_t rows = strips * STRIP_ROWS * blocks;  // rows of blocks
  const uint64_t sums_16 =
      shape.n * strips * STRIP_ROWS * ((blocks + costs->chunk - 1) / costs->chunk);
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  uint64_t groups = 0;
  for (size_t t = 0; t < shape.n; groups++) t += group_tokens(sums, shape.n - t);
  compute->bitop += groups * rows * costs->bitop;
  compute->add_i8 += groups * rows * costs->add_i8 + shape.n * rows * costs->token_add_i8;
  compute->bitop += shape.n * rows * costs->token_bitop;
  compute->add_i16 += groups * rows / 2 * costs->pair_add_i16;
  compute->lookup += shape.n * rows * costs->token_lookup;
  compute->add_i16 += shape.n * rows * costs->token_add_i16;
  compute->mul_i8 += shape.n * rows * costs->token_mul_i8;
  compute->add_i32 += sums_16;
  compute->convert += outputs;
  compute->mul_f32 += 2 * outputs + (layout->header_bytes ? strips * shape.n : 0);
  compute->weight_bytes += groups * strips * strip_bytes(layout, shape.k);
  compute->prepared_bytes += strips * shape.n * blocks * layout->table_bytes;
  if (layout->header_bytes) compute->prepared_bytes += strips * shape.n * sizeof(float);
  compute->output_bytes += outputs * sizeof(float);
}
