// throughput_avx512vnni.c: four int8 products and their sum in one 64-byte instruction.
#if defined(__x86_64__)

#include <immintrin.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

THROUGHPUT_PROBE(throughput_dpbusd_zmm, "vpdpbusd_zmm", "mul_i8",
                 MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI, 64, __m512i, _mm512_setzero_si512(),
                 _mm512_dpbusd_epi32(sum, a, b), OPAQUE);

TARGET_END

#endif
