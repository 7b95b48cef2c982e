// tq2_avx512.c: TQ2_0 in AVX-512 VNNI.
//
//   N <= FEW  a block's 64 bytes of codes are one register: support/q8k_rows_avx512.h
//   N > FEW   decoded to lines of 16 rows: support/q8k_lines.h
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "support/q8k_avx2.h"
#include "support/q8k_rows_avx512.h"
#include "support/q8k_vnni.h"
#include "support/transpose_avx512.h"
#include "tq2/tq2.h"

enum { FEW = 2 };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// Plane p of a block's register: weights 32 p to 32 p + 31 of both halves of the block.
static inline void spread(const int8_t *code, __m512i x[Q8K_PLANES]) {
  for (size_t p = 0; p < 4; p++) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)(code + 32 * p));
    const __m256i high = _mm256_loadu_si256((const __m256i *)(code + 128 + 32 * p));
    x[p] = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
}

static inline __m512i dot_parts(const uint8_t *block, const __m512i x[Q8K_PLANES]) {
  const __m512i low_bits = _mm512_set1_epi8(0x03);
  const __m512i packed = _mm512_loadu_si512(block);
  __m512i sum = _mm512_setzero_si512();
#pragma GCC unroll 4
  for (unsigned p = 0; p < 4; p++) {
    const __m512i lowered = p ? _mm512_srli_epi32(packed, 2 * p) : packed;
    sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(lowered, low_bits), x[p]);
  }
  return sum;
}

static inline uint16_t scale_of(const uint8_t *block) {
  uint16_t half;
  memcpy(&half, block + TQ2_SCALE, sizeof half);
  return half;
}

static void few_compute(const mpgemm_call *call, mpgemm_tile tile) {
  q8k_rows_avx512(call, tile, TQ2_BLOCK_BYTES, spread, dot_parts, scale_of, 0);
}

// A dword of a row's block holds four lines' codes: plane p of dword q is line 32 h + 8 p + q % 8.
static void decode(const uint8_t *const *block, uint8_t *lines, size_t stride, float *scale) {
  const __m512i low_bits = _mm512_set1_epi8(0x03);
  __m512i dword[Q8K_AVX512_ROWS];
  uint16_t half[Q8K_AVX512_ROWS];
  for (size_t r = 0; r < Q8K_AVX512_ROWS; r++) {
    dword[r] = _mm512_loadu_si512(block[r]);
    memcpy(half + r, block[r] + TQ2_SCALE, sizeof *half);
  }
  transpose_16x16(dword);
  for (size_t q = 0; q < Q8K_AVX512_ROWS; q++) {
    uint8_t *line = lines + (q / 8 * 32 + q % 8) * stride;
    for (size_t p = 0; p < 4; p++, line += 8 * stride) {
      const __m512i lowered = p ? _mm512_srli_epi32(dword[q], 2 * (unsigned)p) : dword[q];
      _mm512_storeu_si512(line, _mm512_and_si512(lowered, low_bits));
    }
  }
  const __m256i halves = _mm256_loadu_si256((const __m256i *)half);
  _mm512_storeu_ps(scale, _mm512_cvtph_ps(halves));
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan_avx512(shape, out);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n <= FEW)
    few_compute(call, tile);
  else
    q8k_compute_avx512(call, tile, scratch, TQ2_BLOCK_BYTES, decode);
}

static void count_planes(mpgemm_ops *ops) {
  ops->bitop += 3 * 16 + 4 * 64;  // shifts of dwords, masks
}

static void count_decode(mpgemm_ops *ops) {
  ops->bitop += Q8K_AVX512_ROWS * (3 * 16 + 4 * 64);  // shifts of dwords, masks
  ops->convert += Q8K_AVX512_ROWS;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_avx2(shape, prepare);
  if (!out) return;
  if (shape.n > FEW) {
    q8k_count_avx512(shape, TQ2_BLOCK_BYTES, count_decode, out);
    return;
  }
  q8k_count_rows_avx512(shape, TQ2_BLOCK_BYTES, 4, count_planes, out);
  // With no shift between reduction and correction, compilers negate a sum of codes in four lanes.
  out->add_i32 += blocks_of(shape.m, Q8K_AVX512_ROWS) * q8k_blocks(shape.k) * shape.n * 4;
}

const mpgemm_kernel tq2_avx512 = {
    TQ2_FIELDS,
    .name = "tq2_avx512",
    .summary = "llama.cpp TQ2_0 blocks in AVX-512 VNNI, 16 rows by up to eight tokens",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI,
    .plan = plan,
    .prepare = q8k_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
