// int8_dot_neon.c: int8 weights times int8 activations, exactly, as every AArch64 multiplies bytes.
#if defined(__aarch64__)

#include "support/bytes_smlal.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8-a")

#include "int8/int8_dot_128.h"

TARGET_END

const mpgemm_kernel int8_dot_neon = {
    INT8_DOT_KERNEL,
    .name = "int8_dot_neon",
    .summary = "int8 weights times int8 activations by widening multiply-add",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
