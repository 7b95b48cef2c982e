// int8_dot_avx512.c: int8 weights times int8 activations in AVX-512 VNNI, straight from packed.
//
// VPDPBUSD wants one factor unsigned: weights are raised by one in registers, once for all tokens.
#if defined(__x86_64__)

#include "int8/int8.h"

enum { PAIRS_BLOCK_BYTES = 128, PAIRS_PADDED = 0 };

#include "support/row_pairs_avx512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

PAIRS_INLINE void pairs_constants(size_t sets, __m512i constant[PAIRS_CONSTANTS]) {
  (void)sets;
  constant[0] = pairs_hide(_mm512_set1_epi8(1));
}

PAIRS_INLINE __m512i pairs_codes(const uint8_t *block, size_t p, size_t sets,
                                 const __m512i *constant) {
  (void)sets;
  return _mm512_add_epi8(pairs_load(block + p * PAIRS_STEP), constant[0]);
}

PAIRS_INLINE __m512i pairs_settle(__m512i sum, size_t s, size_t sets) {
  (void)s, (void)sets;
  return sum;
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
  (void)sets;
  ops->add_i8 += times * PAIRS_BLOCK;
}

static void pairs_count_settle(size_t sets, uint64_t times, mpgemm_ops *ops) {
  (void)sets, (void)times, (void)ops;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (compute) pairs_count(shape, compute);
}

const mpgemm_kernel int8_dot_avx512 = {
    INT8_DOT_KERNEL,
    .name = "int8_dot_avx512",
    .summary = "int8 weights times int8 activations by VPDPBUSD, 512 bits",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
