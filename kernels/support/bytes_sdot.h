// bytes_sdot.h: bytes_neon.h with SDOT, which sums four products in an int32.
#pragma once

#include <arm_neon.h>

#include "mpgemm_kernel.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod")

typedef int32x4_t bytes_sum;

// An int32 sum holds any k whose result fits int32; the constant only bounds the loop.
enum { BYTES_CHUNK = 1 << 20 };

static inline __attribute__((always_inline)) bytes_sum bytes_zero(void) {
  return vdupq_n_s32(0);
}

static inline __attribute__((always_inline)) bytes_sum bytes_multiply_add(bytes_sum sum,
                                                                          int8x16_t w,
                                                                          int8x16_t x) {
  return vdotq_s32(sum, w, x);
}

static inline __attribute__((always_inline)) int32x4_t bytes_widen(bytes_sum sum) {
  return sum;
}

static inline void bytes_count(uint64_t products, uint64_t chunks, mpgemm_ops *ops) {
  (void)chunks;
  ops->mul_i8 += products;
  ops->add_i32 += products;
}

#include "support/bytes_neon.h"

TARGET_END
