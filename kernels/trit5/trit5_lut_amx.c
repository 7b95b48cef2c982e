// trit5_lut_amx.c: trit5 by lookups, multiplied in AMX where there are many tokens.
//
// A digit of a line is a row of a tile of weights; see support/panels_amx.h.
#if defined(__x86_64__)

#include "support/panels_amx.h"
#include "trit5/trit5_lut_512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")

PANELS_KERNEL(trit5_lut_avx512, trit5_lut_unpack_block, trit5_lut_count_digits,
              trit5_unpacked_bytes)

TARGET_END

const mpgemm_kernel trit5_lut_amx = {
    TRIT5_LUT_LAYOUT,
    PANELS_FIELDS,
    .name = "trit5_lut_amx",
    .summary = "five weights a byte that two lookups take apart, 1.6 bits; AMX from 16 tokens on",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI | MPGEMM_ISA_AVX512VBMI | MPGEMM_ISA_AMXINT8,
};

#endif
