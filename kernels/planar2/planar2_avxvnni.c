// planar2_avxvnni.c: planar2 in AVX-VNNI: the 256-bit dot product of bytes that laptops have.
#if defined(__x86_64__)

#include <immintrin.h>

#include "planar2/planar2.h"
#include "support/stream.h"
#include "support/target.h"

// An int32 sum holds any k whose result fits int32; the constant only bounds the loop.
enum { SUM_LINES = 1 << 20 };

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i multiply_add(__m256i sum, __m256i plane, __m256i input) {
  return _mm256_dpbusd_avx_epi32(sum, plane, input);
}

INLINE __m256i widen(__m256i sum) {
  return sum;
}

// parts: the narrow sums that are widened and added, by rows.
static void count_products(uint64_t products, uint64_t parts, mpgemm_ops *compute) {
  compute->mul_i8 += products;
  compute->add_i32 += products + parts;
}

#include "planar2/planar2_256.h"

TARGET_END

const mpgemm_kernel planar2_avxvnni = {
    PLANAR2_KERNEL,
    .name = "planar2_avxvnni",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; AVX-VNNI",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVXVNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
