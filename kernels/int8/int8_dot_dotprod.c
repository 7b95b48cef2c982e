// int8_dot_dotprod.c: int8 weights times int8 activations, exactly, with SDOT.
#if defined(__aarch64__)

#include "support/bytes_sdot.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod")

#include "int8/int8_dot_128.h"

TARGET_END

const mpgemm_kernel int8_dot_dotprod = {
    INT8_DOT_KERNEL,
    .name = "int8_dot_dotprod",
    .summary = "int8 weights times int8 activations by SDOT",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
