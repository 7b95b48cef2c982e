// q8k_avx512.c: products with "q8k" activations in AVX-512 VNNI, 16 rows a line.
#if defined(__x86_64__)

#include <immintrin.h>

#include "support/q8k_vnni.h"
#include "support/target.h"

enum { LINE_ROWS = Q8K_AVX512_ROWS, LINE_TOKENS = 8 };

static inline size_t lines_parts(size_t tokens) {
  return tokens == 1 ? 4 : tokens <= 3 ? 2 : 1;
}

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

typedef __m512i lines_vector;

static inline __m512i lines_zero(void) {
  return _mm512_setzero_si512();
}

static inline __m512i lines_load(const uint8_t *codes) {
  return _mm512_loadu_si512(codes);
}

static inline __m512i lines_add(__m512i a, __m512i b) {
  return _mm512_add_epi32(a, b);
}

static inline __m512i lines_broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return _mm512_set1_epi32(four);
}

static inline __m512i lines_dot(__m512i sum, __m512i codes, __m512i x) {
  return _mm512_dpbusd_epi32(sum, codes, x);
}

static inline void lines_accumulate(float *y, __m512i dot, int32_t x_sum, const float *w_scale,
                                    float x_scale) {
  const __m512i exact = _mm512_sub_epi32(dot, _mm512_set1_epi32(x_sum));
  const __m512 scale = _mm512_mul_ps(_mm512_loadu_ps(w_scale), _mm512_set1_ps(x_scale));
  const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(exact), scale);
  _mm512_storeu_ps(y, _mm512_add_ps(_mm512_loadu_ps(y), product));
}

#include "support/q8k_lines.h"

TARGET_END

void q8k_plan_avx512(mpgemm_shape shape, mpgemm_plan *plan) {
  lines_plan(shape, plan);
}

void q8k_compute_avx512(const mpgemm_call *call, mpgemm_tile tile, void *scratch,
                        size_t block_bytes, q8k_decode_lines *decode) {
  lines_compute(call, tile, scratch, block_bytes, decode);
}

void q8k_count_avx512(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *decode,
                      mpgemm_ops *compute) {
  lines_count(shape, block_bytes, decode, compute);
}

#endif
