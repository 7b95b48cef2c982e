// tq2_avxvnni.c: TQ2_0 in AVX-VNNI.
//
//   N <= FEW  eight rows at a time, codes masked in place: support/q8k_avx2.h
//   N > FEW   decoded to lines of eight rows: support/q8k_lines.h
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "support/q8k_avx2.h"
#include "support/q8k_vnni.h"
#include "support/reduce_avx2.h"
#include "support/transpose_avx2.h"
#include "tq2/tq2.h"

enum { FEW = 2 };

TARGET_BEGIN("avx2,fma,f16c,avxvnni")

static inline __m256i load(const void *bytes) {
  return _mm256_loadu_si256(bytes);
}

// One row's block: 8 int32 parts of its dot. Codes in bits 2 and 3 of a nibble are multiplied where
// they lie, four times too large: the sum of such products is a multiple of 4.
static inline __m256i dot_parts(const uint8_t *block, const int8_t *x) {
  const __m256i low_bits = _mm256_set1_epi8(0x03);
  const __m256i high_bits = _mm256_set1_epi8(0x0c);
  __m256i ones = _mm256_setzero_si256();
  __m256i fours = _mm256_setzero_si256();
  for (size_t h = 0; h < 2; h++) {
    const __m256i byte = load(block + TQ2_HALF * h);
    const __m256i upper = _mm256_srli_epi16(byte, 4);  // the masks drop the neighbour's bits
    const int8_t *const input = x + 128 * h;
    ones = _mm256_dpbusd_avx_epi32(ones, _mm256_and_si256(byte, low_bits), load(input));
    fours = _mm256_dpbusd_avx_epi32(fours, _mm256_and_si256(byte, high_bits), load(input + 32));
    ones = _mm256_dpbusd_avx_epi32(ones, _mm256_and_si256(upper, low_bits), load(input + 64));
    fours = _mm256_dpbusd_avx_epi32(fours, _mm256_and_si256(upper, high_bits), load(input + 96));
  }
  return _mm256_add_epi32(ones, _mm256_srai_epi32(fours, 2));
}

static inline int16_t scale_bits(const uint8_t *block) {
  int16_t bits;
  memcpy(&bits, block + TQ2_SCALE, sizeof bits);
  return bits;
}

static inline __m256i eight_dots(const uint8_t *const block[Q8K_AVX2_ROWS], const int8_t *x,
                                 int32_t sum, __m256 *w_scale) {
  __m256i parts[Q8K_AVX2_ROWS];
#pragma GCC unroll 1
  for (size_t r = 0; r < Q8K_AVX2_ROWS; r++) parts[r] = dot_parts(block[r], x);
  const __m128i half = _mm_setr_epi16(
      scale_bits(block[0]), scale_bits(block[1]), scale_bits(block[2]), scale_bits(block[3]),
      scale_bits(block[4]), scale_bits(block[5]), scale_bits(block[6]), scale_bits(block[7]));
  *w_scale = _mm256_cvtph_ps(half);
  return _mm256_sub_epi32(reduce_8(parts), _mm256_set1_epi32(sum));  // of w + 1 to of w
}

static void few_compute(const mpgemm_call *call, mpgemm_tile tile) {
  for (size_t t = tile.n_begin; t < tile.n_end; t++) {
    q8k_gemv_avx2(call, tile, t, TQ2_BLOCK_BYTES, eight_dots);
  }
}

// A dword of a row's half holds four lines' codes: plane p of dword q is line 32 h + 8 p + q.
static void decode(const uint8_t *const *block, uint8_t *lines, size_t stride, float *scale) {
  const __m256i low_bits = _mm256_set1_epi8(0x03);
  uint16_t half[Q8K_AVXVNNI_ROWS];
  for (size_t h = 0; h < 2; h++) {
    __m256i dword[Q8K_AVXVNNI_ROWS];
    for (size_t r = 0; r < Q8K_AVXVNNI_ROWS; r++) {
      dword[r] = _mm256_loadu_si256((const __m256i *)(block[r] + h * TQ2_HALF));
    }
    transpose_8x8(dword);
    for (size_t q = 0; q < 8; q++) {
      uint8_t *line = lines + (32 * h + q) * stride;
      for (size_t p = 0; p < 4; p++, line += 8 * stride) {
        const __m256i lowered = p ? _mm256_srli_epi32(dword[q], 2 * (int)p) : dword[q];
        _mm256_storeu_si256((__m256i *)line, _mm256_and_si256(lowered, low_bits));
      }
    }
  }
  for (size_t r = 0; r < Q8K_AVXVNNI_ROWS; r++) {
    memcpy(half + r, block[r] + TQ2_SCALE, sizeof *half);
  }
  _mm256_storeu_ps(scale, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)half)));
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan_avxvnni(shape, out);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n <= FEW)
    few_compute(call, tile);
  else
    q8k_compute_avxvnni(call, tile, scratch, TQ2_BLOCK_BYTES, decode);
}

static void count_dots(mpgemm_ops *ops) {
  const uint64_t rows = Q8K_AVX2_ROWS;
  ops->bitop += rows * (2 * 16 + 8 * 32 + 8);  // shift and mask bytes; shift the fours
  ops->mul_i8 += rows * Q8K_BLOCK;
  ops->add_i32 += rows * (Q8K_BLOCK + 8);  // in groups of four and to the sums; of the two
  // And the sum of codes, which compilers negate before it is spread.
  ops->add_i32 += REDUCE_8_ADDS + rows + 1;
  ops->convert += rows;
}

static void count_decode(mpgemm_ops *ops) {
  ops->bitop += 2 * 8 * (3 * 8 + 4 * 32);  // shifts of dwords, masks
  ops->convert += Q8K_AVXVNNI_ROWS;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare_avx2(shape, prepare);
  if (!out) return;
  if (shape.n <= FEW)
    q8k_count_rows_avxvnni(shape, TQ2_BLOCK_BYTES, count_dots, out);
  else
    q8k_count_avxvnni(shape, TQ2_BLOCK_BYTES, count_decode, out);
}

const mpgemm_kernel tq2_avxvnni = {
    TQ2_FIELDS,
    .name = "tq2_avxvnni",
    .summary = "llama.cpp TQ2_0 blocks in AVX-VNNI, 16 rows by up to six tokens",
    .isa = MPGEMM_ISA_AVX2 | MPGEMM_ISA_AVXVNNI,
    .plan = plan,
    .prepare = q8k_prepare_avx2,
    .compute = compute,
    .count = count,
};

#endif
