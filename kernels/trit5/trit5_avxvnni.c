// trit5_avxvnni.c: trit5 in AVX-VNNI: the 256-bit dot product of bytes that laptops have.
#if defined(__x86_64__)

#include <immintrin.h>

#include "support/stream.h"
#include "support/target.h"
#include "trit5/trit5.h"

// An int32 sum holds any k whose result fits int32; the constant only bounds the loop.
enum { SUM_LINES = 1 << 20 };

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i multiply_add(__m256i sum, __m256i digits, __m256i input) {
  return _mm256_dpbusd_avx_epi32(sum, digits, input);
}

INLINE __m256i widen(__m256i sum) {
  return sum;
}

static void count_products(uint64_t products, uint64_t widened, mpgemm_ops *compute) {
  compute->mul_i8 += products;
  compute->add_i32 += products + widened;
}

#include "trit5/trit5_256.h"

TARGET_END

const mpgemm_kernel trit5_avxvnni = {
    TRIT5_KERNEL,
    .name = "trit5_avxvnni",
    .summary = "five weights a byte, 1.6 bits, digits isolated; AVX-VNNI",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVXVNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
