// i2s_avx512.c: two-bit codes in AVX-512 VNNI, multiplied straight from the packed bytes.
//
// A block's 32 bytes are loaded to both halves of a register. One mask leaves planes 0 | 1, bits 7:6
// and 5:4, another planes 2 | 3, bits 3:2 and 1:0: each meets 64 inputs in order. A row and token
// with two sums needs no shift: planes stay where they are, 64 | 16 and 4 | 1 times a code, and are
// summed apart. With one, each half is shifted down by as much as it needs.
#if defined(__x86_64__)

#include "i2s/i2s.h"

enum { PAIRS_BLOCK_BYTES = I2S_BLOCK_BYTES, PAIRS_PADDED = 1 };

#include "support/row_pairs_avx512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// [low in eight lanes | high in eight lanes]
static inline __m512i halves(int low, int high) {
  return _mm512_inserti64x4(_mm512_set1_epi32(low), _mm256_set1_epi32(high), 1);
}

// How far planes 2 p | 2 p + 1 lie above bits 1:0.
static inline __m512i places(size_t p) {
  return p == 0 ? halves(6, 4) : halves(2, 0);
}

PAIRS_INLINE void pairs_constants(size_t sets, __m512i constant[PAIRS_CONSTANTS]) {
  const __m512i mask = _mm512_set1_epi8(3);
  for (size_t p = 0; p < PAIRS_PLANES; p++) {
    constant[p] = pairs_hide(sets == 1 ? places(p) : _mm512_sllv_epi32(mask, places(p)));
  }
  constant[PAIRS_PLANES] = pairs_hide(mask);
}

PAIRS_INLINE __m512i pairs_codes(const uint8_t *block, size_t p, size_t sets,
                                 const __m512i *constant) {
  const __m512i packed = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)block));
  if (sets > 1) return _mm512_and_si512(packed, constant[p]);
  return _mm512_and_si512(_mm512_srlv_epi32(packed, constant[p]), constant[PAIRS_PLANES]);
}

// A sum of set s is a multiple of what it is divided by.
PAIRS_INLINE __m512i pairs_settle(__m512i sum, size_t s, size_t sets) {
  return sets > 1 ? _mm512_srav_epi32(sum, places(s)) : sum;
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
  ops->bitop += times * PAIRS_PLANES * (64 + (sets == 1 ? 16 : 0));  // masks, shifts
}

static void pairs_count_settle(size_t sets, uint64_t times, mpgemm_ops *ops) {
  ops->bitop += times * (sets > 1 ? sets * 16 : 0);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (compute) pairs_count(shape, compute);
}

const mpgemm_kernel i2s_avx512 = {
    I2S_KERNEL,
    .name = "i2s_avx512",
    .summary = "2-bit codes multiplied in place by VPDPBUSD, pairs of rows by up to eight tokens",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
