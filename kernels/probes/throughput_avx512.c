// throughput_avx512.c: the 64-byte instructions of AVX-512 kernels.
#if defined(__x86_64__)

#include <immintrin.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl")

THROUGHPUT_PROBE(throughput_fma_zmm, "vfmadd_zmm", "mul_f32", MPGEMM_ISA_AVX512, 16, __m512,
                 _mm512_setzero_ps(), _mm512_fmadd_ps(a, b, sum), OPAQUE);
THROUGHPUT_PROBE(throughput_maddubs_zmm, "vpmaddubsw_zmm", "mul_i8", MPGEMM_ISA_AVX512, 64, __m512i,
                 _mm512_setzero_si512(), _mm512_maddubs_epi16(sum, a), OPAQUE);
THROUGHPUT_PROBE(throughput_pshufb_zmm, "vpshufb_zmm", "lookup", MPGEMM_ISA_AVX512, 64, __m512i,
                 _mm512_setzero_si512(), _mm512_shuffle_epi8(a, sum), OPAQUE);
THROUGHPUT_PROBE(throughput_paddb_zmm, "vpaddb_zmm", "add_i8", MPGEMM_ISA_AVX512, 64, __m512i,
                 _mm512_setzero_si512(), _mm512_add_epi8(sum, a), OPAQUE);
THROUGHPUT_PROBE(throughput_paddw_zmm, "vpaddw_zmm", "add_i16", MPGEMM_ISA_AVX512, 32, __m512i,
                 _mm512_setzero_si512(), _mm512_add_epi16(sum, a), OPAQUE);
THROUGHPUT_PROBE(throughput_paddd_zmm, "vpaddd_zmm", "add_i32", MPGEMM_ISA_AVX512, 16, __m512i,
                 _mm512_setzero_si512(), _mm512_add_epi32(sum, a), OPAQUE);
THROUGHPUT_PROBE(throughput_pand_zmm, "vpandd_zmm", "bitop", MPGEMM_ISA_AVX512, 64, __m512i,
                 _mm512_setzero_si512(), _mm512_and_si512(sum, a), OPAQUE);

TARGET_END

#endif
