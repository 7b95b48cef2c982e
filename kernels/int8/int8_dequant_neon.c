// int8_dequant_neon.c: int8 weights scaled to float32 four at a time in NEON.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "int8/int8.h"
#include "support/float_gemm_neon.h"

// Three conversions a weight: int8 to int16 to int32 to float32.
static const float_gemm_format format = {.element = sizeof(int8_t), .conversions = 3, .scaled = 1};

static inline float32x4_t load(const void *weights) {
  uint32_t four;
  memcpy(&four, weights, sizeof four);
  const int16x8_t wide = vmovl_s8(vcreate_s8(four));
  return vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)));
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  const neon_float_weights weights = {.format = format, .load = load};
  neon_float_compute(call, tile, weights);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  neon_float_count(format, shape, prepare, compute);
}

const mpgemm_kernel int8_dequant_neon = {
    INT8_DEQUANT_KERNEL,
    .name = "int8_dequant_neon",
    .summary = "int8 weights scaled to float32 in registers, then FMA",
    .isa = MPGEMM_ISA_NEON,
    .tolerance = 0x1p-15f,
    .nmse = 1e-12f,
    .plan = neon_float_plan,
    .compute = compute,
    .count = count,
};

#endif
