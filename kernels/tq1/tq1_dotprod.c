// tq1_dotprod.c: TQ1_0 with SDOT.
#if defined(__aarch64__)

#include "support/bytes_sdot.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod")

#include "tq1/tq1_128.h"

TARGET_END

const mpgemm_kernel tq1_dotprod = {
    TQ1_FIELDS,
    .name = "tq1_dotprod",
    .summary = "llama.cpp TQ1_0 blocks with SDOT, four rows at a time",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD,
    .plan = plan,
    .prepare = q8k_prepare_neon,
    .compute = compute,
    .count = count,
};

#endif
