// q8k_avx2.h: products with "q8k" activations on AVX2. Include only where __x86_64__ is defined.
//
// Eight dots are summed at a time: eight rows of one token where n is 1; four rows of two tokens
// where n is more, then from rows decoded to scratch once for all tokens of a tile.
#pragma once

#include <immintrin.h>

#include "support/q8k.h"
#include "support/target.h"

enum { Q8K_AVX2_ROWS = 8 };

// The prepare function in AVX2; the bits are the portable one's.
void q8k_prepare_avx2(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared);

// Adds what one prepare of n x k does in AVX2.
void q8k_count_prepare_avx2(mpgemm_shape shape, mpgemm_ops *prepare);

void q8k_plan_avx2(mpgemm_shape shape, mpgemm_plan *plan);

// Computes a tile where n > 1. decode as in the portable kernel, in AVX2.
void q8k_gemm_avx2(const mpgemm_call *call, mpgemm_tile tile, void *scratch, size_t block_bytes,
                   q8k_decode *decode);

// Adds what a compute does: eight_dots is what the dots of eight rows' blocks do where n is 1,
// decode what decoding one block does where n is more.
void q8k_count_avx2(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *eight_dots,
                    q8k_count_decode *decode, mpgemm_ops *compute);

TARGET_BEGIN("avx2,fma,f16c")

// [a's halves added | b's halves added]: 16 to 8 int16 each.
static inline __m256i q8k_halves(__m256i a, __m256i b) {
  const __m256i low = _mm256_permute2x128_si256(a, b, 0x20);
  const __m256i high = _mm256_permute2x128_si256(a, b, 0x31);
  return _mm256_add_epi16(low, high);
}

// Sums pair[r] = [dot r's int16 parts | dot r + 4's] to eight int32 dots in order.
// |part| <= 2 * 8 * 2 * 3 * 127 = 12192 even for the illegal code 3, and twice that fits in int16.
static inline __m256i q8k_dots_of(const __m256i pair[4]) {
  const __m256i even = _mm256_add_epi16(_mm256_unpacklo_epi32(pair[0], pair[1]),
                                        _mm256_unpackhi_epi32(pair[0], pair[1]));
  const __m256i odd = _mm256_add_epi16(_mm256_unpacklo_epi32(pair[2], pair[3]),
                                       _mm256_unpackhi_epi32(pair[2], pair[3]));
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i dots01 = _mm256_madd_epi16(even, ones);  // dots 0 1 0 1 | 4 5 4 5
  const __m256i dots23 = _mm256_madd_epi16(odd, ones);
  return _mm256_add_epi32(_mm256_unpacklo_epi64(dots01, dots23),
                          _mm256_unpackhi_epi64(dots01, dots23));
}

// Adds (float)dots * (w_scale * x_scale) to y, in the order that the numerics prescribe.
static inline __m256 q8k_accumulate(__m256 y, __m256i dots, __m256 w_scale, __m256 x_scale) {
  const __m256 scale = _mm256_mul_ps(w_scale, x_scale);
  return _mm256_add_ps(y, _mm256_mul_ps(_mm256_cvtepi32_ps(dots), scale));
}

// Eight rows' dots with one block of codes, whose sum is given, and the rows' scales.
typedef __m256i q8k_eight_dots(const uint8_t *const block[Q8K_AVX2_ROWS], const int8_t *code,
                               int32_t sum, __m256 *w_scale);

// Computes a tile's rows for token t. Eight rows advance together, so that one reduction serves all;
// beyond the last row it is repeated, not read past. Each step prefetches a block of the next eight
// rows in the order of memory.
static inline __attribute__((always_inline)) void q8k_gemv_avx2(const mpgemm_call *call,
                                                                mpgemm_tile tile, size_t t,
                                                                size_t block_bytes,
                                                                q8k_eight_dots *eight_dots) {
  const size_t blocks = q8k_blocks(call->shape.k);
  const size_t row_bytes = blocks * block_bytes;
  const q8k_parts x = q8k_of(call->prepared, call->shape.n, call->shape.k);
  for (size_t i = tile.m_begin; i < tile.m_end; i += Q8K_AVX2_ROWS) {
    const size_t rows = min_size(tile.m_end - i, Q8K_AVX2_ROWS);
    const uint8_t *const first = (const uint8_t *)call->packed + i * row_bytes;
    const uint8_t *block[Q8K_AVX2_ROWS];
    for (size_t r = 0; r < Q8K_AVX2_ROWS; r++) block[r] = first + min_size(r, rows - 1) * row_bytes;
    const char *ahead = (const char *)first + Q8K_AVX2_ROWS * row_bytes;
    __m256 y = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
      const size_t xb = t * blocks + b;
      __m256 w_scale;
      const __m256i dots = eight_dots(block, x.code + xb * Q8K_BLOCK, x.sum[xb], &w_scale);
      y = q8k_accumulate(y, dots, w_scale, _mm256_set1_ps(x.scale[xb]));
      for (size_t r = 0; r < Q8K_AVX2_ROWS; r++) {
        _mm_prefetch(ahead, _MM_HINT_T0);
        ahead += block_bytes;
        block[r] += block_bytes;
      }
    }
    float lane[Q8K_AVX2_ROWS];
    _mm256_storeu_ps(lane, y);
    for (size_t r = 0; r < rows; r++) {
      call->y[t * call->ldy + i + r] = lane[r] * output_scale(call, i + r, t);
    }
  }
}

TARGET_END
