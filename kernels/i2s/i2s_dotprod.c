// i2s_dotprod.c: i2s with SDOT.
#if defined(__aarch64__)

#include "support/bytes_sdot.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod")

#include "i2s/i2s_128.h"

TARGET_END

const mpgemm_kernel i2s_dotprod = {
    I2S_KERNEL,
    .name = "i2s_dotprod",
    .summary = "2-bit codes times int8 by SDOT",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
