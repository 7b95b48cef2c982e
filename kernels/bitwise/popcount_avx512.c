// popcount_avx512.c: population counts of 64-bit words by VPOPCNTQ, and codes cut by their signs.
//
// A block's planes P | N are one register, a slice is broadcast to both halves: one AND and one count
// give what the slice shares with either. Each slice has a sum of its own, so that the worth of its
// bit is multiplied in once a row.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "bitwise/bitwise.h"
#include "support/target.h"

enum {
  ROWS = 2,  // rows that share the loads of slices: ROWS * SLICES sums
  M_BEST = 64,
  N_BEST = 16,  // tokens whose slices, k bytes each, stay in the first- or second-level cache
  AHEAD = 8192,
  REGISTER = 64,  // codes that are cut together
  LANES = 8,      // words
};

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")

// Twice as much. The empty statement keeps a compiler from making other operations of those that count()
// declares.
static inline __m512i twice_words(__m512i words) {
  __m512i sum = _mm512_add_epi64(words, words);
  __asm__("" : "+v"(sum));
  return sum;
}

static inline __m512i twice_bytes(__m512i bytes) {
  __m512i sum = _mm512_add_epi8(bytes, bytes);
  __asm__("" : "+v"(sum));
  return sum;
}

// P's counts minus N's, of sums that hold a slice's each: sum[b] is worth 2^b, the last -2^b.
static inline int32_t total_of(const __m512i sum[SLICES]) {
  __m512i negative = sum[SLICES - 1];
  __asm__ volatile("" : "+v"(negative));  // nothing of a row's total where the row is not asked for
  __m512i total = _mm512_sub_epi64(sum[SLICES - 2], twice_words(negative));
  for (size_t b = SLICES - 2; b-- > 0;) {
    total = _mm512_add_epi64(twice_words(total), sum[b]);
  }
  const __m256i four =
      _mm256_sub_epi64(_mm512_castsi512_si256(total), _mm512_extracti64x4_epi64(total, 1));
  const __m128i two =
      _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
  return _mm_cvtsi128_si32(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)));
}

// One or two rows, the second else the first again, by a token.
static inline void dot_rows(const uint8_t *const row[ROWS], size_t rows, const uint8_t *x,
                            size_t blocks, int32_t dot[ROWS]) {
  __m512i sum[ROWS][SLICES];  // a word's |sum| <= 64 blocks
  for (size_t r = 0; r < ROWS; r++) {
    for (size_t b = 0; b < SLICES; b++) sum[r][b] = _mm512_setzero_si512();
  }
  for (size_t l = 0; l < blocks; l++, x += SLICES * PLANE_BYTES) {
    __m512i planes[ROWS];
    for (size_t r = 0; r < ROWS; r++) {
      const uint8_t *block = row[r] + l * 2 * PLANE_BYTES;
      planes[r] = _mm512_loadu_si512(block);
      _mm_prefetch((const char *)block + AHEAD, _MM_HINT_T0);
    }
    for (size_t b = 0; b < SLICES; b++) {
      const __m256i plane = _mm256_loadu_si256((const __m256i *)(x + b * PLANE_BYTES));
      const __m512i slice = _mm512_broadcast_i64x4(plane);
      for (size_t r = 0; r < ROWS; r++) {
        const __m512i shared = _mm512_popcnt_epi64(_mm512_and_si512(planes[r], slice));
        sum[r][b] = _mm512_add_epi64(sum[r][b], shared);
      }
    }
  }
  dot[0] = total_of(sum[0]);
  if (rows == ROWS) dot[1] = total_of(sum[1]);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  const size_t blocks = slice_blocks(call->shape.k), row_bytes = blocks * 2 * PLANE_BYTES;
  for (size_t i = tile.m_begin; i < tile.m_end; i += ROWS) {
    const size_t rows = min_size(ROWS, tile.m_end - i);
    const uint8_t *first = (const uint8_t *)call->packed + i * row_bytes;
    const uint8_t *const row[ROWS] = {first, first + (rows - 1) * row_bytes};
    for (size_t t = tile.n_begin; t < tile.n_end; t++) {
      const uint8_t *x = (const uint8_t *)call->prepared + t * blocks * SLICES * PLANE_BYTES;
      int32_t dot[ROWS];
      dot_rows(row, rows, x, blocks, dot);
      store_exact(call, i, t, dot[0]);
      if (rows == ROWS) store_exact(call, i + 1, t, dot[1]);
    }
  }
}

// A byte's sign is its last slice; doubled, the sign is the slice before.
static void cut(const uint8_t code[SLICE_BLOCK], uint8_t *block) {
  for (size_t j = 0; j < SLICE_BLOCK; j += REGISTER) {
    __m512i codes = _mm512_loadu_si512(code + j);
    for (size_t b = SLICES; b-- > 0;) {
      const uint64_t signs = _mm512_movepi8_mask(codes);
      memcpy(block + b * PLANE_BYTES + j / 8, &signs, sizeof signs);
      if (b > 0) codes = twice_bytes(codes);
    }
  }
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  const uint8_t *const x = input->x;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    for (size_t j = range.k_begin; j < range.k_end; j += SLICE_BLOCK) {
      const uint8_t *code = x + t * input->ldx + j;
      uint8_t padded[SLICE_BLOCK];
      if (k - j < SLICE_BLOCK) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, code, k - j);
        code = padded;
      }
      const size_t block = t * slice_blocks(k) + j / SLICE_BLOCK;
      cut(code, (uint8_t *)prepared + block * SLICES * PLANE_BYTES);
    }
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  slice_plan(shape, PLANE_BYTES, out);
  out->scratch_size = 0;
  out->m_step = out->n_step = 1;
  out->m_best = M_BEST;
  out->n_best = N_BEST;
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *ops) {
  (void)kernel;
  const uint64_t blocks = slice_blocks(shape.k);
  if (prepare_ops) {
    const uint64_t registers = shape.n * blocks * (SLICE_BLOCK / REGISTER);
    prepare_ops->bitop += registers * SLICES * REGISTER;         // signs
    prepare_ops->add_i8 += registers * (SLICES - 1) * REGISTER;  // doubled
    prepare_ops->input_bytes += (uint64_t)shape.n * shape.k;
    prepare_ops->prepared_bytes += shape.n * blocks * SLICES * PLANE_BYTES;
  }
  if (!ops) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t products = round_up(shape.m, ROWS) * shape.n * blocks;
  ops->bitop += products * SLICES * (REGISTER + LANES);  // and, population count
  ops->add_i32 += products * SLICES * LANES;             // words, as int32
  // A total: seven doublings and additions; then the halves, theirs, and two words at once for one.
  ops->add_i32 += outputs * (2 * (SLICES - 1) * LANES + LANES / 2 + LANES / 4 + 2);
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += products * 2 * PLANE_BYTES;
  ops->prepared_bytes += products / ROWS * SLICES * PLANE_BYTES;
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_popcount_avx512 = {
    BITWISE_POPCOUNT_FIELDS,
    .name = "bitwise_popcount_avx512",
    .summary = "bit planes of weights and codes, multiplied by VPOPCNTQ",
    .preparation = "bit_slices",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VPOPCNTDQ,
    .plan = plan,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

#endif
