// codes_neon.h: floats to int8 codes in NEON. Include only where __aarch64__ is defined.
#pragma once

#include <arm_neon.h>
#include <stddef.h>

enum { CODES_STEP = 16 };  // floats of a step

// The largest magnitude of count floats, a multiple of CODES_STEP.
static inline float neon_largest_magnitude(const float *x, size_t count) {
  float32x4_t largest[4];
  for (size_t v = 0; v < 4; v++) largest[v] = vdupq_n_f32(0);
  for (size_t j = 0; j < count; j += CODES_STEP) {
    for (size_t v = 0; v < 4; v++) {
      largest[v] = vmaxq_f32(largest[v], vabsq_f32(vld1q_f32(x + j + 4 * v)));
    }
  }
  largest[0] = vmaxq_f32(largest[0], largest[1]);
  largest[2] = vmaxq_f32(largest[2], largest[3]);
  return vmaxvq_f32(vmaxq_f32(largest[0], largest[2]));
}

// Four codes rint(x * boost * factor), each product rounded; ties to even, whatever the rounding mode.
static inline int32x4_t neon_rounded(const float *x, float boost, float factor) {
  const float32x4_t boosted = vmulq_n_f32(vld1q_f32(x), boost);
  return vcvtnq_s32_f32(vmulq_n_f32(boosted, factor));
}

// The codes of CODES_STEP floats, which lie within -127...127, in their order.
static inline int8x16_t neon_codes(const float *x, float boost, float factor) {
  const int32x4_t code0 = neon_rounded(x, boost, factor);
  const int32x4_t code1 = neon_rounded(x + 4, boost, factor);
  const int32x4_t code2 = neon_rounded(x + 8, boost, factor);
  const int32x4_t code3 = neon_rounded(x + 12, boost, factor);
  // Narrowing drops high bits that repeat the sign.
  const int16x8_t low = vmovn_high_s32(vmovn_s32(code0), code1);
  const int16x8_t high = vmovn_high_s32(vmovn_s32(code2), code3);
  return vmovn_high_s16(vmovn_s16(low), high);
}
