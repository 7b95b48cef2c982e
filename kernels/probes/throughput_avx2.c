// throughput_avx2.c: the 32-byte instructions of AVX2 kernels.
#if defined(__x86_64__)

#include <immintrin.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("avx2,fma,f16c")

// The operand is hidden from the compiler at each use: the same products twelve times over would be
// computed once.
static inline __attribute__((always_inline)) __m256i add_quads(__m256i sum, __m256i a, __m256i b) {
  OPAQUE_YMM(a);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)));
}

THROUGHPUT_PROBE(throughput_fma_ymm, "vfmadd_ymm", "mul_f32", MPGEMM_ISA_AVX2, 8, __m256,
                 _mm256_setzero_ps(), _mm256_fmadd_ps(a, b, sum), OPAQUE_YMM);
THROUGHPUT_PROBE(throughput_maddubs_ymm, "vpmaddubsw_ymm", "mul_i8", MPGEMM_ISA_AVX2, 32, __m256i,
                 _mm256_setzero_si256(), _mm256_maddubs_epi16(sum, a), OPAQUE_YMM);
THROUGHPUT_PROBE(throughput_maddubs_maddwd_ymm, "vpmaddubsw_vpmaddwd_ymm", "mul_i8",
                 MPGEMM_ISA_AVX2, 32, __m256i, _mm256_setzero_si256(), add_quads(sum, a, b),
                 OPAQUE_YMM);
THROUGHPUT_PROBE(throughput_pshufb_ymm, "vpshufb_ymm", "lookup", MPGEMM_ISA_AVX2, 32, __m256i,
                 _mm256_setzero_si256(), _mm256_shuffle_epi8(a, sum), OPAQUE_YMM);
THROUGHPUT_PROBE(throughput_paddb_ymm, "vpaddb_ymm", "add_i8", MPGEMM_ISA_AVX2, 32, __m256i,
                 _mm256_setzero_si256(), _mm256_add_epi8(sum, a), OPAQUE_YMM);
THROUGHPUT_PROBE(throughput_paddw_ymm, "vpaddw_ymm", "add_i16", MPGEMM_ISA_AVX2, 16, __m256i,
                 _mm256_setzero_si256(), _mm256_add_epi16(sum, a), OPAQUE_YMM);
THROUGHPUT_PROBE(throughput_paddd_ymm, "vpaddd_ymm", "add_i32", MPGEMM_ISA_AVX2, 8, __m256i,
                 _mm256_setzero_si256(), _mm256_add_epi32(sum, a), OPAQUE_YMM);
THROUGHPUT_PROBE(throughput_pand_ymm, "vpand_ymm", "bitop", MPGEMM_ISA_AVX2, 32, __m256i,
                 _mm256_setzero_si256(), _mm256_and_si256(sum, a), OPAQUE_YMM);

TARGET_END

#endif
