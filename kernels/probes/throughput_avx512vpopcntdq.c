// throughput_avx512vpopcntdq.c: the population counts of 64 bytes.
#if defined(__x86_64__)

#include <immintrin.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")

THROUGHPUT_PROBE(throughput_popcnt_zmm, "vpopcntq_zmm", "",
                 MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VPOPCNTDQ, 64, __m512i,
                 _mm512_setzero_si512(), _mm512_popcnt_epi64(sum), OPAQUE);

TARGET_END

#endif
