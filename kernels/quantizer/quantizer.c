// quantizer.c: the portable quantizer, and the list of all.
#include "quantizer/quantizer.h"

#include <string.h>

#include "support/round.h"

// The largest magnitude. Finite floats without their sign order as integers do, and an integer
// maximum may be taken in any order, so compilers vectorise this.
static float largest_magnitude(const float *x, size_t k) {
  int32_t largest = 0;
  for (size_t j = 0; j < k; j++) {
    int32_t bits;
    memcpy(&bits, x + j, sizeof bits);
    bits &= INT32_MAX;
    largest = bits > largest ? bits : largest;
  }
  float magnitude;
  memcpy(&magnitude, &largest, sizeof magnitude);
  return magnitude;
}

static void quantize(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                     float *scale, int32_t *sum) {
  for (size_t t = 0; t < n; t++) {
    const float *restrict row = x + t * ldx;
    int8_t *restrict code_row = codes + t * ldq;
    const float s = quantizer_factor(largest_magnitude(row, k));
    int32_t total = 0;  // |total| <= 127 k, within int32 for k < 2^24
    for (size_t j = 0; j < k; j++) {
      const float scaled = row[j] * s;  // a variable of its own: never fused with the shift
      const int32_t code = round_to_even(scaled);
      code_row[j] = (int8_t)code;
      total += code;
    }
    scale[t] = 1.0f / s;
    sum[t] = total;
  }
}

static const mpgemm_quantizer portable = {.name = "portable", .isa = 0, .quantize = quantize};

static const mpgemm_quantizer *const quantizers[] = {
#if defined(__x86_64__)
    &quantizer_avx512,
    &quantizer_avx2,
#elif defined(__aarch64__)
    &quantizer_neon,
#endif
    &portable,
    NULL,
};

const mpgemm_quantizer *const *mpgemm_quantizers(void) {
  return quantizers;
}
