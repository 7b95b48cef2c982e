// quantizer_avx512.c: the quantizer in AVX-512, 64 floats a step, twice over a row that stays in cache.
#if defined(__x86_64__)

#include <immintrin.h>

#include "mpgemm_kernel.h"
#include "quantizer/quantizer.h"
#include "support/target.h"

enum { LANES = 16, VECTORS = 4, STEP = VECTORS * LANES };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl")

// The lanes of the floats j to j + 16 that lie before k.
static inline __mmask16 valid_lanes(size_t j, size_t k) {
  if (j >= k) return 0;
  return k - j >= LANES ? (__mmask16)0xFFFF : (__mmask16)((1u << (k - j)) - 1);
}

static float largest_magnitude(const float *x, size_t k) {
  __m512 largest[VECTORS];
  for (size_t v = 0; v < VECTORS; v++) largest[v] = _mm512_setzero_ps();
  size_t j = 0;
  for (; j + STEP <= k; j += STEP) {
    for (size_t v = 0; v < VECTORS; v++) {
      const __m512 magnitude = _mm512_abs_ps(_mm512_loadu_ps(x + j + v * LANES));
      largest[v] = _mm512_max_ps(largest[v], magnitude);
    }
  }
  for (; j < k; j += LANES) {
    const __m512 magnitude = _mm512_abs_ps(_mm512_maskz_loadu_ps(valid_lanes(j, k), x + j));
    largest[0] = _mm512_max_ps(largest[0], magnitude);
  }
  largest[0] = _mm512_max_ps(largest[0], largest[1]);
  largest[2] = _mm512_max_ps(largest[2], largest[3]);
  return _mm512_reduce_max_ps(_mm512_max_ps(largest[0], largest[2]));
}

// 64 codes in the order of their floats. The conversion rounds to nearest, ties to even.
static inline __m512i codes_of(const __m512 x[VECTORS], __m512 s) {
  __m512i code[VECTORS];  // 16 int32 each
  for (size_t v = 0; v < VECTORS; v++) code[v] = _mm512_cvtps_epi32(_mm512_mul_ps(x[v], s));
  const __m512i low = _mm512_packs_epi32(code[0], code[1]);
  const __m512i high = _mm512_packs_epi32(code[2], code[3]);
  // Packing stays within quarters: dword 4 q + v holds group q of vector v.
  const __m512i mixed = _mm512_packs_epi16(low, high);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, mixed);
}

// Adds 64 codes to 16 int32 sums.
static inline __m512i add_codes(__m512i sum, __m512i code) {
  const __m512i pairs = _mm512_maddubs_epi16(_mm512_set1_epi8(1), code);  // |pairs| <= 2 * 127
  return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

static void quantize(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                     float *scale, int32_t *sum) {
  for (size_t t = 0; t < n; t++) {
    const float *row = x + t * ldx;
    int8_t *code_row = codes + t * ldq;
    const float s = quantizer_factor(largest_magnitude(row, k));
    const __m512 factor = _mm512_set1_ps(s);
    __m512i total = _mm512_setzero_si512();  // |sum of lanes| <= 127 k, within int32 for k < 2^24
    size_t j = 0;
    for (; j + STEP <= k; j += STEP) {
      __m512 values[VECTORS];
      for (size_t v = 0; v < VECTORS; v++) values[v] = _mm512_loadu_ps(row + j + v * LANES);
      const __m512i code = codes_of(values, factor);
      _mm512_storeu_si512(code_row + j, code);
      total = add_codes(total, code);
    }
    if (j < k) {
      __m512 values[VECTORS];  // zeros beyond k have code 0 and leave the sum alone
      for (size_t v = 0; v < VECTORS; v++) {
        const size_t from = j + v * LANES;
        values[v] = _mm512_maskz_loadu_ps(valid_lanes(from, k), row + (from < k ? from : j));
      }
      const __m512i code = codes_of(values, factor);
      _mm512_mask_storeu_epi8(code_row + j, (__mmask64)((1ull << (k - j)) - 1), code);
      total = add_codes(total, code);
    }
    sum[t] = _mm512_reduce_add_epi32(total);
    scale[t] = 1.0f / s;
  }
}

TARGET_END

const mpgemm_quantizer quantizer_avx512 = {
    .name = "avx512",
    .isa = MPGEMM_ISA_AVX512,
    .quantize = quantize,
};

#endif
