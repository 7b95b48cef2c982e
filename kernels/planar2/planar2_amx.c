// planar2_amx.c: planar2 in AMX where there are many tokens, in AVX-512 VNNI where there are few.
//
// A plane of a line, shifted down, is a row of a tile of weights; see support/panels_amx.h.
#if defined(__x86_64__)

#include "planar2/planar2_512.h"
#include "support/panels_amx.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

PANELS_KERNEL(planar2_avx512, planar2_unpack_block, planar2_count_unpack, planar2_unpacked_bytes)

TARGET_END

const mpgemm_kernel planar2_amx = {
    PLANAR2_LAYOUT,
    PANELS_FIELDS,
    .name = "planar2_amx",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; AMX from 16 tokens on",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI | MPGEMM_ISA_AMXINT8,
};

#endif
