// tq2_neon.c: TQ2_0 in NEON.
#if defined(__aarch64__)

#include "support/bytes_smlal.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8-a")

#include "tq2/tq2_128.h"

TARGET_END

const mpgemm_kernel tq2_neon = {
    TQ2_FIELDS,
    .name = "tq2_neon",
    .summary = "llama.cpp TQ2_0 blocks in NEON, four rows at a time",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .prepare = q8k_prepare_neon,
    .compute = compute,
    .count = count,
};

#endif
