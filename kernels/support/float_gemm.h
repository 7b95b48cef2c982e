// float_gemm.h: the shape of the blocked float32 multiplication that several families share.
//
// Every output is summed the same way whatever the shape and the tile: inputs in chunks of
// FLOAT_CHUNK, a chunk in eight or sixteen lanes, lanes in one tree, chunk after chunk. So N = 1,
// which streams the weights past a single token, and N > 1, which copies them to scratch as floats
// and multiplies in register tiles, give the same bits.
//
//   scratch      x: tokens x chunk            one chunk of inputs of all the block's tokens, in L2
//                w: FLOAT_PANEL rows x chunk  the panel that all of those tokens meet, in L1
//                sum: tokens x rows           running sums
//   registers    FLOAT_ROWS rows x FLOAT_TOKENS tokens x lanes: 12 sums, 3 inputs, 1 weight; with
//                16 lanes 24 sums, 6 inputs, 1 weight
//
// Bound: a sum passes through 64 additions in a lane, 3 in the tree, k / 512 chunks and at most 3
// roundings of scales, each off by 2^-24 of at most k * max|x| * |scale|: the tolerance 2^-15, which
// is 512 * 2^-24, holds for k <= 2^17, where that is 326 * 2^-24.
#pragma once

#include "mpgemm_kernel.h"

enum {
  FLOAT_CHUNK = 512,
  FLOAT_ROWS = 4,
  FLOAT_PANEL = 3 * FLOAT_ROWS,
  FLOAT_M_BLOCK = 96,
  FLOAT_N_BLOCK = 128,
  FLOAT_M_BEST_SINGLE = 64,  // rows of a tile when N = 1
  FLOAT_CACHE_LINE = 64,
  FLOAT_PREFETCH = 1536,  // bytes ahead in each of the rows that N = 1 reads side by side
};

typedef struct {
  float x[FLOAT_N_BLOCK][FLOAT_CHUNK];
  float w[FLOAT_PANEL][FLOAT_CHUNK];
  float sum[FLOAT_N_BLOCK][FLOAT_M_BLOCK];
} float_gemm_scratch;

// What the plan and the counts need to know of a family's weights.
typedef struct {
  size_t element;      // bytes a weight
  size_t conversions;  // converting operations a weight
  size_t shifts;       // shifts a weight, where these widen it

  int scaled;  // 1: each weight is multiplied by its row's scale; 0: the sum is
} float_gemm_format;

// The plan function of kernels on this multiplication.
void float_gemm_plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan);
