// int8_dot_avxvnni.c: int8 weights times int8 activations in AVX-VNNI, straight from packed.
//
// VPDPBUSD wants one factor unsigned: weights are raised by one in registers, once for all tokens.
#if defined(__x86_64__)

#include "int8/int8.h"

enum { PAIRS_BLOCK_BYTES = 128, PAIRS_PADDED = 0 };

#include "support/row_pairs_avxvnni.h"

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

PAIRS_INLINE void pairs_constants(size_t sets, __m256i constant[PAIRS_CONSTANTS]) {
  (void)sets;
  constant[0] = pairs_hide(_mm256_set1_epi8(1));
}

PAIRS_INLINE __m256i pairs_codes(const uint8_t *block, size_t p, size_t sets,
                                 const __m256i *constant) {
  (void)sets;
  return _mm256_add_epi8(pairs_load(block + p * PAIRS_STEP), constant[0]);
}

PAIRS_INLINE __m256i pairs_settle(__m256i sum, size_t s, size_t sets) {
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

const mpgemm_kernel int8_dot_avxvnni = {
    INT8_DOT_KERNEL,
    .name = "int8_dot_avxvnni",
    .summary = "int8 weights times int8 activations by VPDPBUSD",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVXVNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
