// quantizer_neon.c: the quantizer in NEON, 16 floats a step, twice over a row that stays in cache.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "mpgemm_kernel.h"
#include "quantizer/quantizer.h"
#include "support/codes_neon.h"

static void quantize(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                     float *scale, int32_t *sum) {
  for (size_t t = 0; t < n; t++) {
    const float *row = x + t * ldx;
    int8_t *code_row = codes + t * ldq;
    const size_t whole = k - k % CODES_STEP;
    float largest = neon_largest_magnitude(row, whole);
    for (size_t j = whole; j < k; j++) {
      largest = fabsf(row[j]) > largest ? fabsf(row[j]) : largest;
    }
    const float s = quantizer_factor(largest);
    int32x4_t total = vdupq_n_s32(0);  // |sum of lanes| <= 127 k, within int32 for k < 2^24
    for (size_t j = 0; j < whole; j += CODES_STEP) {
      const int8x16_t code = neon_codes(row + j, 1.0f, s);
      vst1q_s8(code_row + j, code);
      total = vpadalq_s16(total, vpaddlq_s8(code));
    }
    if (whole < k) {
      float tail[CODES_STEP] = {0};  // zeros have code 0 and leave the sum alone
      int8_t tail_code[CODES_STEP];
      memcpy(tail, row + whole, (k - whole) * sizeof *row);
      const int8x16_t code = neon_codes(tail, 1.0f, s);
      vst1q_s8(tail_code, code);
      memcpy(code_row + whole, tail_code, k - whole);
      total = vpadalq_s16(total, vpaddlq_s8(code));
    }
    sum[t] = vaddvq_s32(total);
    scale[t] = 1.0f / s;
  }
}

const mpgemm_quantizer quantizer_neon = {
    .name = "neon",
    .isa = MPGEMM_ISA_NEON,
    .quantize = quantize,
};

#endif
