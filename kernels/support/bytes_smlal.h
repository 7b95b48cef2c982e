// bytes_smlal.h: bytes_neon.h as every AArch64 has it: products widened to int16.
#pragma once

#include <arm_neon.h>

#include "mpgemm_kernel.h"

typedef int16x8_t bytes_sum;

// |int16 sum| <= 64 steps * 2 products * 2 * 127 = 32512
enum { BYTES_CHUNK = 1024 };

static inline __attribute__((always_inline)) bytes_sum bytes_zero(void) {
  return vdupq_n_s16(0);
}

static inline __attribute__((always_inline)) bytes_sum bytes_multiply_add(bytes_sum sum,
                                                                          int8x16_t w,
                                                                          int8x16_t x) {
  const int16x8_t low = vmlal_s8(sum, vget_low_s8(w), vget_low_s8(x));
  return vmlal_high_s8(low, w, x);
}

static inline __attribute__((always_inline)) int32x4_t bytes_widen(bytes_sum sum) {
  return vpaddlq_s16(sum);
}

static inline void bytes_count(uint64_t products, uint64_t chunks, mpgemm_ops *ops) {
  ops->mul_i8 += products;
  ops->add_i16 += products;
  ops->add_i32 += 4 * chunks;
}

#include "support/bytes_neon.h"
