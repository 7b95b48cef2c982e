// i2s_neon.c: i2s in NEON as every AArch64 has it.
#if defined(__aarch64__)

#include "support/bytes_smlal.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8-a")

#include "i2s/i2s_128.h"

TARGET_END

const mpgemm_kernel i2s_neon = {
    I2S_KERNEL,
    .name = "i2s_neon",
    .summary = "2-bit codes times int8 by widening multiply-add",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
