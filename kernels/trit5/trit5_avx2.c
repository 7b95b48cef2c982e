// trit5_avx2.c: trit5 in AVX2: bytes are multiplied in pairs, to int16 that are widened in time.
#if defined(__x86_64__)

#include <immintrin.h>

#include "support/stream.h"
#include "support/target.h"
#include "trit5/trit5.h"

// |int16 sum| <= 12 lines * 5 digits * 2 products * 2 * 127 = 30480.
enum { SUM_LINES = 12 };

TARGET_BEGIN("avx2,fma,f16c")

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i multiply_add(__m256i sum, __m256i digits, __m256i input) {
  const __m256i pairs = _mm256_maddubs_epi16(digits, input);
  return _mm256_add_epi16(sum, pairs);
}

// A row's dword lane holds two sums.
INLINE __m256i widen(__m256i sum) {
  return _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
}

static void count_products(uint64_t products, uint64_t widened, mpgemm_ops *compute) {
  compute->mul_i8 += products;
  compute->add_i16 += products;  // half within pairs, half of pairs to sums
  compute->add_i32 += 2 * widened;
}

#include "trit5/trit5_256.h"

TARGET_END

const mpgemm_kernel trit5_avx2 = {
    TRIT5_KERNEL,
    .name = "trit5_avx2",
    .summary = "five weights a byte, 1.6 bits, digits isolated; AVX2",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
