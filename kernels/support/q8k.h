// q8k.h: activations in blocks of 256 with a scale each, as ggml's Q8_K quantizes them, and the
// products that use them. Shared by the kernels of llama.cpp's TQ blocks.
//
// Preparation "q8k", for n tokens of B = ceil(k / 256) blocks:
//
//   int8  code[n][B][256]   rint(x * (127 / m)), m the block's largest magnitude; 0 beyond k
//   float scale[n][B]       1 / (127 / m), so that x is about code * scale; 0 where m is 0
//   int32 sum[n][B]         of the block's codes, for weights stored as w + 1
//
// ggml divides -127 by the signed value of largest magnitude. Its codes and scale are these, or both
// negated: rounding is symmetric, so every product has the same bits.
//
// Numerics "tq_q8k", for row i and token t, in float32, rounded after each operation:
//
//   y = (sum over b in order of (float)dot[b] * (w_scale[b] * x_scale[b])) * output_scale
//
// where dot[b], the sum over one block of w * code, is exact: |dot| <= 256 * 127 < 2^24.
//
// Tolerance. A code is off by half a unit, m / 127 / 2, so y is off by at most k * max|x| * 0.5 / 127
// < 0.003938 k max|x|. Rounding adds less than (B / 2 + 8) * 2^-24, the sums of B products and a few
// operations on each, which is below 0.000032 for k <= 2^18; 0.004 covers both.
#pragma once

#include "mpgemm_kernel.h"
#include "support/rows.h"

enum { Q8K_BLOCK = 256, Q8K_LARGEST = 127 };

#define Q8K_NUMERICS                                                            \
  .preparation = "q8k", .numerics = "tq_q8k", .activation = MPGEMM_ACT_FLOAT32, \
  .weights = MPGEMM_W_TERNARY, .tolerance = 0.004f, .nmse = 1e-4f

static inline size_t q8k_blocks(size_t k) {
  return blocks_of(k, Q8K_BLOCK);
}

// The parts of prepared.
typedef struct {
  const int8_t *code;
  const float *scale;
  const int32_t *sum;
} q8k_parts;

static inline q8k_parts q8k_of(const void *prepared, size_t n, size_t k) {
  const size_t blocks = n * q8k_blocks(k);
  const int8_t *const code = prepared;
  const float *const scale = (const float *)(code + blocks * Q8K_BLOCK);
  return (q8k_parts){code, scale, (const int32_t *)(scale + blocks)};
}

// Quantizes one whole block to code and sum, and returns its scale.
typedef float q8k_quantize_block(const float *x, int8_t *code, int32_t *sum);

// The factor from x to codes, and the scale back, of a block whose largest magnitude is given.
// 127 / m overflows for m below 2^-121: such blocks are quantized 2^100 times larger.
typedef struct {
  float boost, factor, scale;
} q8k_factors;

static inline q8k_factors q8k_factors_of(float largest) {
  const int tiny = largest < 0x1p-100f;
  const float boost = tiny ? 0x1p100f : 1.0f;
  const float unboost = tiny ? 0x1p-100f : 1.0f;
  if (largest == 0) return (q8k_factors){boost, 0, 0};
  const float factor = (float)Q8K_LARGEST / (largest * boost);
  return (q8k_factors){boost, factor, 1.0f / factor * unboost};
}

// Prepares a range with the given implementation of a block.
void q8k_prepare_with(q8k_quantize_block *quantize, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared);

// The prepare function in portable C.
void q8k_prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                 mpgemm_range range, void *prepared);

// Fills the plan's prepare fields for this preparation.
void q8k_plan_prepare(mpgemm_shape shape, mpgemm_plan *plan);

// Adds what one prepare of n x k does.
void q8k_count_prepare(mpgemm_shape shape, mpgemm_ops *prepare);

// Decodes one block of weights to 256 codes w + 1, and returns its scale.
typedef float q8k_decode(const uint8_t *block, uint8_t *code);

// What one decode does.
typedef void q8k_count_decode(mpgemm_ops *ops);

// The portable kernel: decodes a row to scratch, then multiplies it with each token of the tile.
void q8k_plan(mpgemm_shape shape, mpgemm_plan *plan);
void q8k_compute(const mpgemm_call *call, mpgemm_tile tile, void *scratch, size_t block_bytes,
                 q8k_decode *decode);
void q8k_count(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *decode,
               mpgemm_ops *compute);

// Adds times a of ops to total.
void q8k_add_ops(mpgemm_ops *total, const mpgemm_ops *ops, uint64_t times);

// Decodes a block of each of so many rows to lines, 256 / 4 of them and stride bytes apart: a line is
// four codes w + 1 of each row. Writes the blocks' scales.
typedef void q8k_decode_lines(const uint8_t *const *block, uint8_t *lines, size_t stride,
                              float *scale);
