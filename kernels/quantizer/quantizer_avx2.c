// quantizer_avx2.c: the quantizer in AVX2, 32 floats a step, twice over a row that stays in cache.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "mpgemm_kernel.h"
#include "quantizer/quantizer.h"
#include "support/target.h"

enum { LANES = 8, STEP = 4 * LANES };

TARGET_BEGIN("avx2,fma,f16c")

static float largest_magnitude(const float *x, size_t k) {
  const __m256 magnitude_bits = _mm256_castsi256_ps(_mm256_set1_epi32(INT32_MAX));
  __m256 largest[4];
  for (size_t v = 0; v < 4; v++) largest[v] = _mm256_setzero_ps();
  size_t j = 0;
  for (; j + STEP <= k; j += STEP) {
    for (size_t v = 0; v < 4; v++) {
      const __m256 magnitude = _mm256_and_ps(_mm256_loadu_ps(x + j + v * LANES), magnitude_bits);
      largest[v] = _mm256_max_ps(largest[v], magnitude);
    }
  }
  largest[0] = _mm256_max_ps(largest[0], largest[1]);
  largest[2] = _mm256_max_ps(largest[2], largest[3]);
  largest[0] = _mm256_max_ps(largest[0], largest[2]);
  float lane[LANES];
  _mm256_storeu_ps(lane, largest[0]);
  float result = 0;
  for (size_t l = 0; l < LANES; l++) result = lane[l] > result ? lane[l] : result;
  for (; j < k; j++) result = fabsf(x[j]) > result ? fabsf(x[j]) : result;
  return result;
}

// 32 codes of x in their order. The conversion rounds to nearest, ties to even.
static inline __m256i codes_of(const float *x, __m256 s) {
  __m256i code[4];  // eight int32 each
  for (size_t v = 0; v < 4; v++) {
    const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + v * LANES), s);
    code[v] = _mm256_cvtps_epi32(scaled);
  }
  const __m256i low = _mm256_packs_epi32(code[0], code[1]);
  const __m256i high = _mm256_packs_epi32(code[2], code[3]);
  const __m256i mixed = _mm256_packs_epi16(low, high);  // groups of four: 0 2 4 6 1 3 5 7
  return _mm256_permutevar8x32_epi32(mixed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// Adds 32 codes to eight int32 sums.
static inline __m256i add_codes(__m256i sum, __m256i code) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), code);  // |pairs| <= 2 * 127
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static void quantize(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                     float *scale, int32_t *sum) {
  for (size_t t = 0; t < n; t++) {
    const float *row = x + t * ldx;
    int8_t *code_row = codes + t * ldq;
    const float s = quantizer_factor(largest_magnitude(row, k));
    const __m256 factor = _mm256_set1_ps(s);
    __m256i total = _mm256_setzero_si256();  // |sum of lanes| <= 127 k, within int32 for k < 2^24
    size_t j = 0;
    for (; j + STEP <= k; j += STEP) {
      const __m256i code = codes_of(row + j, factor);
      _mm256_storeu_si256((__m256i *)(code_row + j), code);
      total = add_codes(total, code);
    }
    if (j < k) {
      float tail[STEP] = {0};  // zeros have code 0 and leave the sum alone
      int8_t tail_code[STEP];
      memcpy(tail, row + j, (k - j) * sizeof *row);
      const __m256i code = codes_of(tail, factor);
      _mm256_storeu_si256((__m256i *)tail_code, code);
      memcpy(code_row + j, tail_code, k - j);
      total = add_codes(total, code);
    }
    int32_t lane[LANES];
    _mm256_storeu_si256((__m256i *)lane, total);
    sum[t] = 0;
    for (size_t l = 0; l < LANES; l++) sum[t] += lane[l];
    scale[t] = 1.0f / s;
  }
}

TARGET_END

const mpgemm_quantizer quantizer_avx2 = {
    .name = "avx2",
    .isa = MPGEMM_ISA_AVX2,
    .quantize = quantize,
};

#endif
