// tq1_neon.c: TQ1_0 in NEON.
#if defined(__aarch64__)

#include "support/bytes_smlal.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8-a")

#include "tq1/tq1_128.h"

TARGET_END

const mpgemm_kernel tq1_neon = {
    TQ1_FIELDS,
    .name = "tq1_neon",
    .summary = "llama.cpp TQ1_0 blocks in NEON, four rows at a time",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .prepare = q8k_prepare_neon,
    .compute = compute,
    .count = count,
};

#endif
