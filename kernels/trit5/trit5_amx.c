// trit5_amx.c: trit5 in AMX where there are many tokens, in AVX-512 VNNI where there are few.
//
// A digit of a line is a row of a tile of weights; see support/panels_amx.h.
#if defined(__x86_64__)

#include "support/panels_amx.h"
#include "trit5/trit5_512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

PANELS_KERNEL(trit5_avx512, trit5_unpack_block, trit5_count_unpack, trit5_unpacked_bytes)

TARGET_END

const mpgemm_kernel trit5_amx = {
    TRIT5_LAYOUT,
    PANELS_FIELDS,
    .name = "trit5_amx",
    .summary = "five weights a byte, 1.6 bits; AMX from 16 tokens on",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI | MPGEMM_ISA_AMXINT8,
};

#endif
