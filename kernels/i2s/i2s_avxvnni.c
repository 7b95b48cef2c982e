// i2s_avxvnni.c: two-bit codes in AVX-VNNI, multiplied straight from the packed bytes.
//
// A load of 32 bytes holds four planes of 32 codes, in bits 7:6, 5:4, 3:2 and 1:0. A row and token
// with four sums needs no shift: planes stay where they are, 64, 16, 4 and 1 times a code, and are
// summed apart. With two sums a shift brings the upper planes down to the lower two, and with one
// all four come down to bits 1:0.
#if defined(__x86_64__)

#include "i2s/i2s.h"

enum { PAIRS_BLOCK_BYTES = I2S_BLOCK_BYTES, PAIRS_PADDED = 1 };

#include "support/row_pairs_avxvnni.h"

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

// The masks of the lowest places, one for each set.
PAIRS_INLINE void pairs_constants(size_t sets, __m256i mask[PAIRS_CONSTANTS]) {
  for (size_t s = 0; s < sets; s++) mask[s] = pairs_hide(_mm256_set1_epi8((char)(3 << 2 * s)));
}

// Plane p lies at place 3 - p and is lowered to one of the places below sets.
PAIRS_INLINE __m256i pairs_codes(const uint8_t *block, size_t p, size_t sets, const __m256i *mask) {
  const size_t place = sets - 1 - p % sets;
  const int shift = 2 * (int)(PAIRS_PLANES - 1 - p - place);
  const __m256i packed = pairs_load(block);
  return _mm256_and_si256(shift ? _mm256_srli_epi16(packed, shift) : packed, mask[place]);
}

// A sum of set s is a multiple of what it is divided by.
PAIRS_INLINE __m256i pairs_settle(__m256i sum, size_t s, size_t sets) {
  return _mm256_srai_epi32(sum, 2 * (int)(sets - 1 - s));
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  pairs_compute(call, tile);
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  pairs_plan(shape, plan);
}

static void pairs_count_codes(size_t sets, uint64_t times, mpgemm_ops *ops) {
  const uint64_t shifts = sets == 4 ? 0 : sets == 2 ? 1 : 3;  // of 16-bit lanes
  ops->bitop += times * (PAIRS_PLANES * 32 + shifts * 16);
}

static void pairs_count_settle(size_t sets, uint64_t times, mpgemm_ops *ops) {
  ops->bitop += times * (sets - 1) * 8;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (compute) pairs_count(shape, compute);
}

const mpgemm_kernel i2s_avxvnni = {
    I2S_KERNEL,
    .name = "i2s_avxvnni",
    .summary = "2-bit codes multiplied in place by VPDPBUSD, pairs of rows by up to six tokens",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVXVNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
