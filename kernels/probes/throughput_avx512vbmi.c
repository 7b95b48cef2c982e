// throughput_avx512vbmi.c: 64 lookups in one table of 64 bytes.
#if defined(__x86_64__)

#include <immintrin.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")

THROUGHPUT_PROBE(throughput_vpermb_zmm, "vpermb_zmm", "lookup",
                 MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VBMI, 64, __m512i, _mm512_setzero_si512(),
                 _mm512_permutexvar_epi8(sum, a), OPAQUE);

TARGET_END

#endif
