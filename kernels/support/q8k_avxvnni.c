// q8k_avxvnni.c: products with "q8k" activations in AVX-VNNI, eight rows a line.
#if defined(__x86_64__)

#include <immintrin.h>

#include "support/q8k_vnni.h"
#include "support/target.h"

enum { LINE_ROWS = Q8K_AVXVNNI_ROWS, LINE_TOKENS = 6 };

static inline size_t lines_parts(size_t tokens) {
  return tokens == 1 ? 4 : tokens <= 3 ? 2 : 1;
}

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

typedef __m256i lines_vector;

static inline __m256i lines_zero(void) {
  return _mm256_setzero_si256();
}

static inline __m256i lines_load(const uint8_t *codes) {
  return _mm256_loadu_si256((const __m256i *)codes);
}

static inline __m256i lines_add(__m256i a, __m256i b) {
  return _mm256_add_epi32(a, b);
}

static inline __m256i lines_broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

static inline __m256i lines_dot(__m256i sum, __m256i codes, __m256i x) {
  return _mm256_dpbusd_avx_epi32(sum, codes, x);
}

static inline void lines_accumulate(float *y, __m256i dot, int32_t x_sum, const float *w_scale,
                                    float x_scale) {
  const __m256i exact = _mm256_sub_epi32(dot, _mm256_set1_epi32(x_sum));
  const __m256 scale = _mm256_mul_ps(_mm256_loadu_ps(w_scale), _mm256_set1_ps(x_scale));
  const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(exact), scale);
  _mm256_storeu_ps(y, _mm256_add_ps(_mm256_loadu_ps(y), product));
}

#include "support/q8k_lines.h"

TARGET_END

void q8k_plan_avxvnni(mpgemm_shape shape, mpgemm_plan *plan) {
  lines_plan(shape, plan);
}

void q8k_compute_avxvnni(const mpgemm_call *call, mpgemm_tile tile, void *scratch,
                         size_t block_bytes, q8k_decode_lines *decode) {
  lines_compute(call, tile, scratch, block_bytes, decode);
}

void q8k_count_avxvnni(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *decode,
                       mpgemm_ops *compute) {
  lines_count(shape, block_bytes, decode, compute);
}

void q8k_count_rows_avxvnni(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *eight_dots,
                            mpgemm_ops *compute) {
  const uint64_t steps = blocks_of(shape.m, Q8K_AVXVNNI_ROWS) * q8k_blocks(shape.k) * shape.n;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  mpgemm_ops one = {0};
  eight_dots(&one);
  q8k_add_ops(compute, &one, steps);
  compute->convert += steps * 8;
  compute->mul_f32 += steps * 2 * 8 + outputs * 2;
  compute->add_f32 += steps * 8;
  compute->weight_bytes += steps * Q8K_AVXVNNI_ROWS * block_bytes;
  compute->prepared_bytes += steps * (Q8K_BLOCK + sizeof(float) + sizeof(int32_t));
  compute->output_bytes += outputs * sizeof(float);
}

#endif
