// q8k.c: the preparation "q8k", and the portable product with decoded TQ blocks.
#include "support/q8k.h"

#include <string.h>

#include "support/round.h"

enum { M_BEST = 64, N_BEST = 64, DOT_LANES = 16 };

// The largest magnitude. Finite floats without their sign order as integers do.
static float largest_magnitude(const float *x) {
  int32_t largest = 0;
  for (size_t j = 0; j < Q8K_BLOCK; j++) {
    int32_t bits;
    memcpy(&bits, x + j, sizeof bits);
    bits &= INT32_MAX;
    largest = bits > largest ? bits : largest;
  }
  float magnitude;
  memcpy(&magnitude, &largest, sizeof magnitude);
  return magnitude;
}

// No clamp is needed: factor is 127 / m rounded, so |x * factor| <= 127 + 2^-17, which rounds to 127.
static float quantize_block(const float *restrict x, int8_t *restrict code, int32_t *sum) {
  const q8k_factors by = q8k_factors_of(largest_magnitude(x));
  int32_t total = 0;  // |total| <= 256 * 127
  for (size_t j = 0; j < Q8K_BLOCK; j++) {
    const float boosted = x[j] * by.boost;
    const float scaled = boosted * by.factor;
    const int32_t rounded = round_to_even(scaled);
    code[j] = (int8_t)rounded;
    total += rounded;
  }
  *sum = total;
  return by.scale;
}

void q8k_prepare_with(q8k_quantize_block *quantize, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared) {
  const size_t blocks = q8k_blocks(k);
  int8_t *const code = prepared;
  float *const scale = (float *)(void *)(code + n * blocks * Q8K_BLOCK);
  int32_t *const sum = (int32_t *)(void *)(scale + n * blocks);
  const float *const x = input->x;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    for (size_t j = range.k_begin; j < range.k_end; j += Q8K_BLOCK) {
      const size_t b = t * blocks + j / Q8K_BLOCK;
      const float *block = x + t * input->ldx + j;
      float padded[Q8K_BLOCK];
      if (k - j < Q8K_BLOCK) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, block, (k - j) * sizeof *block);
        block = padded;
      }
      scale[b] = quantize(block, code + b * Q8K_BLOCK, sum + b);
    }
  }
}

void q8k_prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                 mpgemm_range range, void *prepared) {
  (void)kernel;
  q8k_prepare_with(quantize_block, n, k, input, range, prepared);
}

void q8k_plan_prepare(mpgemm_shape shape, mpgemm_plan *plan) {
  const size_t block = Q8K_BLOCK + sizeof(float) + sizeof(int32_t);
  plan->prepared_size = shape.n * q8k_blocks(shape.k) * block;
  plan->prepare_n_step = 1;
  plan->prepare_k_step = Q8K_BLOCK;
}

void q8k_count_prepare(mpgemm_shape shape, mpgemm_ops *prepare) {
  const uint64_t blocks = (uint64_t)shape.n * q8k_blocks(shape.k);
  const uint64_t inputs = blocks * Q8K_BLOCK;
  prepare->bitop += inputs;                     // the sign is masked off
  prepare->add_i32 += 2 * inputs;               // maximum, sum
  prepare->mul_f32 += 2 * inputs + 4 * blocks;  // boost, factor; two divisions and two unboosts
  prepare->convert += inputs;                   // to the nearest integer
  prepare->input_bytes += (uint64_t)shape.n * shape.k * sizeof(float);
  prepare->prepared_bytes += blocks * (Q8K_BLOCK + sizeof(float) + sizeof(int32_t));
}

void q8k_plan(mpgemm_shape shape, mpgemm_plan *plan) {
  q8k_plan_prepare(shape, plan);
  plan->scratch_size = q8k_blocks(shape.k) * (Q8K_BLOCK + sizeof(float));
  plan->m_step = plan->n_step = 1;
  plan->m_best = M_BEST;
  plan->n_best = N_BEST;
}

// int16 lanes, because compilers widen no further than they must.
static int32_t dot_block(const uint8_t *restrict w, const int8_t *restrict code) {
  int16_t part[DOT_LANES] = {0};  // |part| <= 16 * 3 * 127 = 6096, even with the illegal code 3
  for (size_t j = 0; j < Q8K_BLOCK; j += DOT_LANES) {
    for (size_t l = 0; l < DOT_LANES; l++) part[l] = (int16_t)(part[l] + w[j + l] * code[j + l]);
  }
  int32_t dot = 0;
  for (size_t l = 0; l < DOT_LANES; l++) dot += part[l];
  return dot;
}

void q8k_compute(const mpgemm_call *call, mpgemm_tile tile, void *scratch, size_t block_bytes,
                 q8k_decode *decode) {
  const size_t blocks = q8k_blocks(call->shape.k);
  const q8k_parts x = q8k_of(call->prepared, call->shape.n, call->shape.k);
  float *const w_scale = scratch;
  uint8_t *const w = (uint8_t *)(w_scale + blocks);
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const uint8_t *const row = (const uint8_t *)call->packed + i * blocks * block_bytes;
    for (size_t b = 0; b < blocks; b++) {
      w_scale[b] = decode(row + b * block_bytes, w + b * Q8K_BLOCK);
    }
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      float y = 0;
      for (size_t b = 0; b < blocks; b++) {
        const size_t xb = t * blocks + b;
        const int32_t dot = dot_block(w + b * Q8K_BLOCK, x.code + xb * Q8K_BLOCK) - x.sum[xb];
        const float product = (float)dot * (w_scale[b] * x.scale[xb]);
        y += product;
      }
      call->y[t * call->ldy + i] = y * output_scale(call, i, t);
    }
  }
}

void q8k_add_ops(mpgemm_ops *total, const mpgemm_ops *ops, uint64_t times) {
  total->add_i8 += times * ops->add_i8;
  total->add_i16 += times * ops->add_i16;
  total->add_i32 += times * ops->add_i32;
  total->mul_i8 += times * ops->mul_i8;
  total->add_f32 += times * ops->add_f32;
  total->mul_f32 += times * ops->mul_f32;
  total->bitop += times * ops->bitop;
  total->convert += times * ops->convert;
}

void q8k_count(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *decode,
               mpgemm_ops *compute) {
  const uint64_t blocks = q8k_blocks(shape.k);
  const uint64_t row_blocks = shape.m * blocks;
  const uint64_t readings = blocks_of(shape.n, N_BEST);  // tiles of tokens
  const uint64_t products = row_blocks * shape.n;
  mpgemm_ops one = {0};
  decode(&one);
  q8k_add_ops(compute, &one, row_blocks * readings);
  compute->mul_i8 += products * Q8K_BLOCK;
  compute->add_i16 += products * Q8K_BLOCK;
  compute->add_i32 += products * (DOT_LANES + 1);  // the lanes, the sum of codes
  compute->convert += products;
  compute->mul_f32 += products * 2 + (uint64_t)shape.m * shape.n * 2;
  compute->add_f32 += products;
  compute->weight_bytes += row_blocks * block_bytes * readings;
  compute->prepared_bytes += products * (Q8K_BLOCK + sizeof(float) + sizeof(int32_t));
  compute->scratch_bytes += (row_blocks * readings + products) * (Q8K_BLOCK + sizeof(float));
  compute->output_bytes += (uint64_t)shape.m * shape.n * sizeof(float);
}
