// store_neon.h: writing four rows' exact sums. Include only where __aarch64__ is defined.
#pragma once

#include <arm_neon.h>

#include "support/rows.h"

#define NEON_INLINE static inline __attribute__((always_inline))

// Writes rows i to i + 3, as far as they lie before m_end, of token t: store_exact, four at a time.
NEON_INLINE void neon_store_exact(const mpgemm_call *call, size_t i, size_t t, size_t m_end,
                                  int32x4_t sums) {
  if (m_end - i < 4) {
    int32_t sum[4];
    vst1q_s32(sum, sums);
    for (size_t r = 0; i + r < m_end; r++) store_exact(call, i + r, t, sum[r]);
    return;
  }
  const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
  float32x4_t scale = vdupq_n_f32(1.0f);
  if (call->w_scale && call->w_scale_stride) {
    scale = vld1q_f32(call->w_scale + i);
  } else if (call->w_scale) {
    scale = vdupq_n_f32(*call->w_scale);
  }
  scale = vmulq_n_f32(scale, x_scale);
  vst1q_f32(call->y + t * call->ldy + i, vmulq_f32(vcvtq_f32_s32(sums), scale));
}
