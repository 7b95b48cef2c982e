// quantizer.h: what the quantizer's implementations share.
//
// Why no clamp is needed: s is 127 / m rounded, where m >= |x|, so with u = 2^-24 the exact |x| * s is
// at most 127 (1 + u), which rounds to at most 127 + 2^-17; rint takes that to 127.
#pragma once

#include "mpgemm_quantizer.h"

extern const mpgemm_quantizer quantizer_avx2, quantizer_avx512, quantizer_neon;

// The factor from x to codes for a token whose largest magnitude is given.
static inline float quantizer_factor(float largest) {
  const float floor = 1e-5f;  // keeps a token of zeros, or nearly, away from infinity
  return 127.0f / (largest > floor ? largest : floor);
}
