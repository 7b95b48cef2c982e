// throughput_dotprod.c: four int8 products and their sum in one 16-byte instruction.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("arch=armv8.2-a+dotprod")

THROUGHPUT_PROBE(throughput_sdot, "sdot_16b", "mul_i8", MPGEMM_ISA_NEON | MPGEMM_ISA_DOTPROD, 16,
                 int32x4_t, vdupq_n_s32(0),
                 vdotq_s32(sum, vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)), OPAQUE);

TARGET_END

#endif
