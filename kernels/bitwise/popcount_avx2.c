// popcount_avx2.c: population counts by lookup of nibbles, already multiplied by the bit's worth.
//
// A nibble of a weight plane and the same nibble of a slice share popcount(P & X) bits: a lookup in
// 16 entries (Mula, Kurz, Lemire, arXiv 1611.07612). Slices come as nibbles in bytes of their own,
// so that P, and P shifted by 4 once for all slices, are masked to indices by the AND itself.
#if defined(__x86_64__)

#include <immintrin.h>

#include "bitwise/bitwise.h"
#include "support/target.h"

enum {
  NIBBLE_PLANE = 2 * PLANE_BYTES,
  HALF = SLICES / 2,  // slices summed in one byte: 1 + 2 + 4 + 8 times a count
  M_BEST = 64,
  N_BEST = 16,  // tokens whose slices, 2 k bytes each, stay in the second-level cache
  AHEAD = 8192,
};

TARGET_BEGIN("avx2,fma,f16c")

static inline __m256i load(const uint8_t *bytes) {
  return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

// Population counts of nibbles 0...15, times worth.
static inline __m256i counts_times(int worth) {
  const __m256i counts =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  return _mm256_slli_epi16(counts, worth);  // at most 4 * 8: no bit leaves its byte
}

// A block of weights: plane, and plane shifted so that its high nibbles are low.
typedef struct {
  __m256i plus, plus_high, minus, minus_high;
} block_planes;

// The counts that P shares with a slice minus those of N, times worth, for 8 inputs a byte.
// Positive and negative terms are bounded by 4 * worth each way for a nibble.
static inline __m256i add_slice(__m256i sum, const block_planes *w, const uint8_t *slice,
                                __m256i worth) {
  const __m256i low = load(slice);
  const __m256i high = load(slice + PLANE_BYTES);
  const __m256i plus_low = _mm256_shuffle_epi8(worth, _mm256_and_si256(w->plus, low));
  const __m256i plus_high = _mm256_shuffle_epi8(worth, _mm256_and_si256(w->plus_high, high));
  const __m256i minus_low = _mm256_shuffle_epi8(worth, _mm256_and_si256(w->minus, low));
  const __m256i minus_high = _mm256_shuffle_epi8(worth, _mm256_and_si256(w->minus_high, high));
  sum = _mm256_add_epi8(sum, _mm256_add_epi8(plus_low, plus_high));
  return _mm256_sub_epi8(sum, _mm256_add_epi8(minus_low, minus_high));
}

// Eight int32 parts of a block's dot.
static inline __m256i dot_parts(const uint8_t *w, const uint8_t *x, const __m256i worth[HALF]) {
  block_planes planes = {.plus = load(w), .minus = load(w + PLANE_BYTES)};
  planes.plus_high = _mm256_srli_epi16(planes.plus, 4);
  planes.minus_high = _mm256_srli_epi16(planes.minus, 4);
  // |low| <= 8 * (1 + 2 + 4 + 8) = 120. The last slice is worth -8 here, -128 in all, so an input
  // adds -8...7 to high, or the opposite: |high| <= 8 * 8 = 64.
  __m256i low = _mm256_setzero_si256();
  __m256i high = _mm256_setzero_si256();
  for (size_t b = 0; b < HALF; b++) {
    low = add_slice(low, &planes, x + b * NIBBLE_PLANE, worth[b]);
  }
  for (size_t b = 0; b < HALF - 1; b++) {
    high = add_slice(high, &planes, x + (HALF + b) * NIBBLE_PLANE, worth[b]);
  }
  const block_planes negated = {planes.minus, planes.minus_high, planes.plus, planes.plus_high};
  high = add_slice(high, &negated, x + (SLICES - 1) * NIBBLE_PLANE, worth[HALF - 1]);
  // |pairs| <= 2 * (120 + 16 * 64) = 2288
  const __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), low),
                                         _mm256_maddubs_epi16(_mm256_set1_epi8(16), high));
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

static inline int32_t sum_lanes(__m256i lanes) {
  const __m128i four =
      _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  const size_t blocks = slice_blocks(call->shape.k);
  __m256i worth[HALF];
  for (size_t b = 0; b < HALF; b++) worth[b] = counts_times((int)b);
  for (size_t i = tile.m_begin; i < tile.m_end; i++) {
    const uint8_t *const w = (const uint8_t *)call->packed + i * blocks * 2 * PLANE_BYTES;
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const uint8_t *const x = (const uint8_t *)call->prepared + t * blocks * SLICES * NIBBLE_PLANE;
      __m256i sum = _mm256_setzero_si256();
      for (size_t b = 0; b < blocks; b++) {
        const uint8_t *const block = w + b * 2 * PLANE_BYTES;
        _mm_prefetch((const char *)block + AHEAD, _MM_HINT_T0);
        sum = _mm256_add_epi32(sum, dot_parts(block, x + b * SLICES * NIBBLE_PLANE, worth));
      }
      store_exact(call, i, t, sum_lanes(sum));
    }
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  slice_plan(shape, NIBBLE_PLANE, out);
  out->scratch_size = 0;
  out->m_step = out->n_step = 1;
  out->m_best = M_BEST;
  out->n_best = N_BEST;
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel;
  slice_codes(n, k, input, range, NIBBLE_PLANE, prepared);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *ops) {
  (void)kernel;
  if (prepare_ops) slice_count(shape, NIBBLE_PLANE, prepare_ops);
  if (!ops) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t products = outputs * slice_blocks(shape.k);
  ops->bitop += products * (2 * 16 + SLICES * 4 * 32);  // shifts, masks
  ops->lookup += products * SLICES * 4 * 32;
  ops->add_i8 += products * (SLICES * 4 - 2) * 32;  // the first of each half is free
  ops->mul_i8 += products * 2 * 32;                 // by 1 and 16
  ops->add_i16 += products * 3 * 16;                // of pairs, low and high, to each other
  ops->add_i32 += products * 2 * 8;                 // of pairs, to the sum
  ops->add_i32 += outputs * (4 + 4 + 4);            // across lanes
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += products * 2 * PLANE_BYTES;
  ops->prepared_bytes += products * SLICES * NIBBLE_PLANE;
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_popcount_avx2 = {
    BITWISE_POPCOUNT_FIELDS,
    .name = "bitwise_popcount_avx2",
    .summary = "bit planes of weights and codes, population counts by lookup of nibbles",
    .preparation = "bit_slices_nibbles",
    .isa = MPGEMM_ISA_AVX2,
    .plan = plan,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

#endif
