// throughput_avxvnni.c: four int8 products and their sum in one 32-byte instruction.
#if defined(__x86_64__)

#include <immintrin.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

THROUGHPUT_PROBE(throughput_dpbusd_ymm, "vpdpbusd_ymm", "mul_i8",
                 MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVXVNNI, 32, __m256i, _mm256_setzero_si256(),
                 _mm256_dpbusd_avx_epi32(sum, a, b), OPAQUE_YMM);

TARGET_END

#endif
