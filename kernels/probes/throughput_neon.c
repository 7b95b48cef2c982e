// throughput_neon.c: the 16-byte instructions of NEON kernels.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "probes/throughput.h"

THROUGHPUT_PROBE(throughput_fmla, "fmla_4s", "mul_f32", MPGEMM_ISA_NEON, 4, float32x4_t,
                 vdupq_n_f32(0), vfmaq_f32(sum, a, b), OPAQUE);
THROUGHPUT_PROBE(throughput_tbl, "tbl_16b", "lookup", MPGEMM_ISA_NEON, 16, uint8x16_t,
                 vdupq_n_u8(0), vqtbl1q_u8(a, sum), OPAQUE);
THROUGHPUT_PROBE(throughput_add_i8, "add_16b", "add_i8", MPGEMM_ISA_NEON, 16, int8x16_t,
                 vdupq_n_s8(0), vaddq_s8(sum, a), OPAQUE);
THROUGHPUT_PROBE(throughput_add_i16, "add_8h", "add_i16", MPGEMM_ISA_NEON, 8, int16x8_t,
                 vdupq_n_s16(0), vaddq_s16(sum, a), OPAQUE);
THROUGHPUT_PROBE(throughput_add_i32, "add_4s", "add_i32", MPGEMM_ISA_NEON, 4, int32x4_t,
                 vdupq_n_s32(0), vaddq_s32(sum, a), OPAQUE);

#endif
