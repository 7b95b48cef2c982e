// i2s_avx2.c: the AVX2 kernel, and its path for few tokens: straight from the packed bytes.
//
// A load of 32 bytes holds four planes of 32 codes, in bits 7:6, 5:4, 3:2 and 1:0. One shift by four
// brings the upper two down to where the lower two are. Bits 1:0 are codes; bits 3:2 are left in
// place, four times a code, and summed apart: two shifts are saved in every block, and one for each
// SPAN divides by four.
#if defined(__x86_64__)

#include "i2s/i2s_avx2.h"

#include <immintrin.h>

#include "support/stream.h"
#include "support/target.h"

enum {
  ROWS = 8,          // rows whose sums are reduced together
  SPAN = 8,          // blocks between widenings to 32 bits
  FEW_M_BEST = 128,  // rows of a tile
};

TARGET_BEGIN("avx2,fma,f16c")

// Adds the products of one row and each token, in lanes, to sums[token].
static inline __attribute__((always_inline)) void dot_row(const uint8_t *row, const int8_t *x,
                                                          size_t x_stride, size_t blocks,
                                                          size_t tokens, __m256i *sums) {
  const __m256i low_codes = _mm256_set1_epi8(0x03);
  const __m256i high_codes = _mm256_set1_epi8(0x0C);
  const __m256i ones = _mm256_set1_epi16(1);
  for (size_t begin = 0; begin < blocks; begin += SPAN) {
    const size_t end = min_size(begin + SPAN, blocks);
    __m256i sum1[I2S_AVX2_FEW];  // of products with codes
    __m256i sum4[I2S_AVX2_FEW];  // of products with four times codes
    for (size_t t = 0; t < tokens; t++) {
      sum1[t] = _mm256_setzero_si256();
      sum4[t] = _mm256_setzero_si256();
    }
    for (size_t b = begin; b < end; b++) {
      const __m256i block = _mm256_load_si256((const __m256i *)row + b);
      if (b % 2 == 0) stream_ahead(row + b * I2S_BLOCK_BYTES);  // two blocks are a line
      const __m256i upper = _mm256_srli_epi16(block, 4);
      const __m256i plane0 = _mm256_and_si256(upper, high_codes);  // times 4
      const __m256i plane1 = _mm256_and_si256(upper, low_codes);
      const __m256i plane2 = _mm256_and_si256(block, high_codes);  // times 4
      const __m256i plane3 = _mm256_and_si256(block, low_codes);
      for (size_t t = 0; t < tokens; t++) {
        const __m256i *x_block = (const __m256i *)(x + t * x_stride + b * I2S_BLOCK);
        // |pairs| <= 2 * 2 * 127 = 508, or 2032 times 4; in a SPAN |sum1| <= 8 * 2 * 508 = 8128
        // and |sum4| <= 8 * 2 * 2032 = 32512.
        const __m256i pairs0 = _mm256_maddubs_epi16(plane0, _mm256_load_si256(x_block));
        const __m256i pairs1 = _mm256_maddubs_epi16(plane1, _mm256_load_si256(x_block + 1));
        const __m256i pairs2 = _mm256_maddubs_epi16(plane2, _mm256_load_si256(x_block + 2));
        const __m256i pairs3 = _mm256_maddubs_epi16(plane3, _mm256_load_si256(x_block + 3));
        sum4[t] = _mm256_add_epi16(sum4[t], _mm256_add_epi16(pairs0, pairs2));
        sum1[t] = _mm256_add_epi16(sum1[t], _mm256_add_epi16(pairs1, pairs3));
      }
    }
    for (size_t t = 0; t < tokens; t++) {
      // sum4 is a multiple of four, so the shift is exact; |sum| <= 8128 + 8128.
      const __m256i sum = _mm256_add_epi16(sum1[t], _mm256_srai_epi16(sum4[t], 2));
      sums[t] = _mm256_add_epi32(sums[t], _mm256_madd_epi16(sum, ones));
    }
  }
}

// Sums the lanes of eight vectors into one vector of eight sums.
static inline __m256i reduce(const __m256i lanes[ROWS]) {
  const __m256i sums01 = _mm256_hadd_epi32(lanes[0], lanes[1]);
  const __m256i sums23 = _mm256_hadd_epi32(lanes[2], lanes[3]);
  const __m256i sums45 = _mm256_hadd_epi32(lanes[4], lanes[5]);
  const __m256i sums67 = _mm256_hadd_epi32(lanes[6], lanes[7]);
  const __m256i sums0123 = _mm256_hadd_epi32(sums01, sums23);
  const __m256i sums4567 = _mm256_hadd_epi32(sums45, sums67);
  const __m256i low = _mm256_permute2x128_si256(sums0123, sums4567, 0x20);
  const __m256i high = _mm256_permute2x128_si256(sums0123, sums4567, 0x31);
  return _mm256_add_epi32(low, high);
}

static inline __attribute__((always_inline)) void compute_few(const mpgemm_call *call,
                                                              mpgemm_tile tile, size_t tokens) {
  const size_t blocks = i2s_blocks(call->shape.k);
  const size_t row_bytes = blocks * I2S_BLOCK_BYTES;
  const size_t x_stride = int8_rows_stride(call->shape.k);
  const int8_t *x = (const int8_t *)call->prepared + tile.n_begin * x_stride;
  for (size_t i = tile.m_begin; i < tile.m_end; i += ROWS) {
    const size_t rows = min_size(ROWS, tile.m_end - i);
    __m256i lanes[I2S_AVX2_FEW][ROWS];
    for (size_t t = 0; t < tokens; t++) {
      for (size_t r = 0; r < ROWS; r++) lanes[t][r] = _mm256_setzero_si256();
    }
    const uint8_t *row = (const uint8_t *)call->packed + i * row_bytes;
    for (size_t r = 0; r < rows; r++, row += row_bytes) {
      __m256i sums[I2S_AVX2_FEW];
      for (size_t t = 0; t < tokens; t++) sums[t] = _mm256_setzero_si256();
      dot_row(row, x, x_stride, blocks, tokens, sums);
      for (size_t t = 0; t < tokens; t++) lanes[t][r] = sums[t];
    }
    for (size_t t = 0; t < tokens; t++) {
      const size_t token = tile.n_begin + t;
      int32_t sums[ROWS];
      _mm256_storeu_si256((__m256i *)sums, reduce(lanes[t]));
      for (size_t r = 0; r < rows; r++) {
        store_exact(call, i + r, token, sums[r] - call->input->sum[token]);
      }
    }
  }
}

static void few_compute(const mpgemm_call *call, mpgemm_tile tile) {
  switch (tile.n_end - tile.n_begin) {
    case 1:
      compute_few(call, tile, 1);
      break;
    case 2:
      compute_few(call, tile, 2);
      break;
    case 3:
      compute_few(call, tile, 3);
      break;
    default:
      compute_few(call, tile, I2S_AVX2_FEW);
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  int8_rows_plan(shape, plan);
  if (shape.n > I2S_AVX2_FEW) {
    i2s_avx2_many_plan(plan);
    return;
  }
  plan->scratch_size = 0;
  plan->m_step = 1;
  plan->n_step = 1;
  plan->m_best = FEW_M_BEST;
  plan->n_best = I2S_AVX2_FEW;
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n > I2S_AVX2_FEW) {
    i2s_avx2_many_compute(call, tile, scratch);
  } else {
    few_compute(call, tile);
  }
}

static void few_count(mpgemm_shape shape, mpgemm_ops *ops) {
  const uint64_t blocks = (uint64_t)shape.m * i2s_blocks(shape.k);
  const uint64_t spans = shape.m * blocks_of(i2s_blocks(shape.k), SPAN);
  const uint64_t groups = blocks_of(shape.m, ROWS);
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  ops->bitop += blocks * (16 + 4 * 32);  // a shift of 16-bit lanes, four masks
  ops->mul_i8 += blocks * shape.n * 4 * 32;
  ops->add_i16 += blocks * shape.n * 4 * (16 + 16);  // within maddubs, then to the sums
  ops->bitop += spans * shape.n * 16;
  ops->add_i16 += spans * shape.n * 16;
  ops->add_i32 += spans * shape.n * (8 + 8);  // of pairs, then to the sums
  ops->add_i32 += groups * shape.n * 7 * 8;   // reduce
  ops->add_i32 += outputs;
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += blocks * I2S_BLOCK_BYTES;
  ops->prepared_bytes += blocks * shape.n * I2S_BLOCK;
  ops->output_bytes += outputs * sizeof(float);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  (void)kernel;
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  if (shape.n > I2S_AVX2_FEW) {
    i2s_avx2_many_count(shape, compute);
  } else {
    few_count(shape, compute);
  }
}

const mpgemm_kernel i2s_avx2 = {
    I2S_KERNEL,
    .name = "i2s_avx2",
    .summary = "2-bit codes multiplied in place; expanded to bytes for more than four tokens",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
