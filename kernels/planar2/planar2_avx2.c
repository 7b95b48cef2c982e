// planar2_avx2.c: planar2 in AVX2: bytes are multiplied in pairs, to int16 that are widened in time.
#if defined(__x86_64__)

#include <immintrin.h>

#include "planar2/planar2.h"
#include "support/stream.h"
#include "support/target.h"

// |int16 sum| <= 16 lines * 4 planes * 2 products * 2 * 127 = 32512, with all planes in one sum.
enum { SUM_LINES = 16 };

TARGET_BEGIN("avx2,fma,f16c")

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i multiply_add(__m256i sum, __m256i plane, __m256i input) {
  const __m256i pairs = _mm256_maddubs_epi16(plane, input);
  return _mm256_add_epi16(sum, pairs);
}

// A row's dword lane holds two sums.
INLINE __m256i widen(__m256i sum) {
  return _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
}

// parts: the narrow sums that are widened and added, by rows.
static void count_products(uint64_t products, uint64_t parts, mpgemm_ops *compute) {
  compute->mul_i8 += products;
  compute->add_i16 += products;  // half within pairs, half of pairs to sums
  compute->add_i32 += 2 * parts;
}

#include "planar2/planar2_256.h"

TARGET_END

const mpgemm_kernel planar2_avx2 = {
    PLANAR2_KERNEL,
    .name = "planar2_avx2",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; AVX2",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
