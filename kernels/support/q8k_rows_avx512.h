// q8k_rows_avx512.h: few tokens of "q8k" activations in AVX-512 VNNI. Include only where __x86_64__
// is defined.
//
// A row's block is one register of packed bytes, out of which come planes of codes; the block's
// activations are spread so that each plane meets its own. Sixteen rows advance together, so that one
// reduction serves all. Weights are not unpacked to memory.
#pragma once

#include <immintrin.h>

#include "support/q8k_vnni.h"
#include "support/reduce_avx512.h"
#include "support/target.h"

enum { Q8K_PLANES = 5 };  // at most

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

#define Q8K_INLINE static inline __attribute__((always_inline))

// The activations of a block as its planes meet them.
typedef void q8k_spread(const int8_t *code, __m512i x[Q8K_PLANES]);

// The sixteen parts of a row's block's dot, 2 to the power of shift times too large; and the block's
// scale, a half.
typedef __m512i q8k_dot_parts(const uint8_t *block, const __m512i x[Q8K_PLANES]);
typedef uint16_t q8k_scale(const uint8_t *block);

// Up to 16 rows from i on by token t. Beyond the last row it is repeated, not read past. Each step
// prefetches a block of the next sixteen rows in the order of memory.
Q8K_INLINE void q8k_rows_16(const mpgemm_call *call, size_t i, size_t rows, size_t t,
                            size_t block_bytes, q8k_spread *spread, q8k_dot_parts *dot_parts,
                            q8k_scale *scale_of, unsigned shift) {
  const size_t blocks = q8k_blocks(call->shape.k), row_bytes = blocks * block_bytes;
  const q8k_parts x = q8k_of(call->prepared, call->shape.n, call->shape.k);
  const uint8_t *first = (const uint8_t *)call->packed + i * row_bytes;
  const char *ahead = (const char *)first + Q8K_AVX512_ROWS * row_bytes;
  __m512 y = _mm512_setzero_ps();
  for (size_t b = 0; b < blocks; b++) {
    const size_t xb = t * blocks + b;
    __m512i inputs[Q8K_PLANES], lanes[Q8K_AVX512_ROWS];
    uint16_t half[Q8K_AVX512_ROWS];
    spread(x.code + xb * Q8K_BLOCK, inputs);
#pragma GCC unroll 16
    for (size_t r = 0; r < Q8K_AVX512_ROWS; r++, ahead += block_bytes) {
      const uint8_t *block = first + min_size(r, rows - 1) * row_bytes + b * block_bytes;
      lanes[r] = dot_parts(block, inputs);
      half[r] = scale_of(block);
      _mm_prefetch(ahead, _MM_HINT_T0);
    }
    const __m512i dots =
        _mm512_sub_epi32(_mm512_srai_epi32(reduce_16(lanes), shift), _mm512_set1_epi32(x.sum[xb]));
    const __m512 w_scale = _mm512_cvtph_ps(
        _mm256_setr_epi16((short)half[0], (short)half[1], (short)half[2], (short)half[3],
                          (short)half[4], (short)half[5], (short)half[6], (short)half[7],
                          (short)half[8], (short)half[9], (short)half[10], (short)half[11],
                          (short)half[12], (short)half[13], (short)half[14], (short)half[15]));
    const __m512 scale = _mm512_mul_ps(w_scale, _mm512_set1_ps(x.scale[xb]));
    y = _mm512_add_ps(y, _mm512_mul_ps(_mm512_cvtepi32_ps(dots), scale));
  }
  float lane[Q8K_AVX512_ROWS];
  _mm512_storeu_ps(lane, y);
  for (size_t r = 0; r < rows; r++) {
    call->y[t * call->ldy + i + r] = lane[r] * output_scale(call, i + r, t);
  }
}

// Computes a tile, token by token.
Q8K_INLINE void q8k_rows_avx512(const mpgemm_call *call, mpgemm_tile tile, size_t block_bytes,
                                q8k_spread *spread, q8k_dot_parts *dot_parts, q8k_scale *scale_of,
                                unsigned shift) {
  for (size_t t = tile.n_begin; t < tile.n_end; t++) {
    for (size_t i = tile.m_begin; i < tile.m_end; i += Q8K_AVX512_ROWS) {
      const size_t rows = min_size(Q8K_AVX512_ROWS, tile.m_end - i);
      q8k_rows_16(call, i, rows, t, block_bytes, spread, dot_parts, scale_of, shift);
    }
  }
}

TARGET_END

// Adds what they do; count_planes is for one row's block, products left out.
static inline void q8k_count_rows_avx512(mpgemm_shape shape, size_t block_bytes, size_t planes,
                                         q8k_count_decode *count_planes, mpgemm_ops *ops) {
  const uint64_t steps =
      blocks_of(shape.m, Q8K_AVX512_ROWS) * q8k_blocks(shape.k) * (uint64_t)shape.n;
  const uint64_t row_blocks = steps * Q8K_AVX512_ROWS, outputs = (uint64_t)shape.m * shape.n;
  mpgemm_ops one = {0};
  count_planes(&one);
  q8k_add_ops(ops, &one, row_blocks);
  ops->mul_i8 += row_blocks * planes * 64;
  ops->add_i32 += row_blocks * planes * 64;  // three within a group of four, one to the sum
  ops->add_i32 += steps * REDUCE_16_ADDS + row_blocks;  // and the sum of codes
  ops->convert += row_blocks * 2;                       // scale, dot
  ops->mul_f32 += row_blocks * 2 + outputs * 2;
  ops->add_f32 += row_blocks;
  ops->weight_bytes += row_blocks * block_bytes;
  ops->prepared_bytes += steps * (Q8K_BLOCK + sizeof(float) + sizeof(int32_t));
  ops->output_bytes += outputs * sizeof(float);
}
