// lanes_avx512.h: what the kernels share whose lines are 16 rows wide, a row a dword lane, in AVX-512.
//
// A dot product of bytes multiplies four inputs, broadcast to every lane, by four weights of each
// row; sums stay in their row's lane.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "support/rows.h"
#include "support/stream.h"
#include "support/target.h"

enum {
  LANES = 16,       // rows of a line
  LANE_BLOCKS = 2,  // blocks of 16 rows side by side where there are several tokens
  LANE_TOKENS = 8,  // LANE_BLOCKS * LANE_TOKENS sums fill half of the registers
  LANE_MOST_TOKENS = 2 * LANE_TOKENS - 1,  // as many sums of a single block
  LANE_MOST_PARTS = 4,                     // partial sums of a token
  LANE_N_BEST = 256,  // tokens whose inputs stay in L2 while a tile's weights pass
  LANE_M_BEST = 4 * LANE_BLOCKS * LANES,
};

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

#define LANES_INLINE static inline __attribute__((always_inline))

// Four inputs, the same for every row.
LANES_INLINE __m512i lanes_broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return _mm512_set1_epi32(four);
}

// How many partial sums a token has for a line of so many products: a sum takes a product only
// every 4 cycles, so few tokens need several. A constant where tokens is one.
LANES_INLINE size_t lanes_parts(size_t tokens) {
  return tokens <= LANE_TOKENS / 4 ? 4 : tokens <= LANE_TOKENS / 2 ? 2 : 1;
}

// Writes the 16 rows from i on, as far as they lie before m_end, of token t: sums of codes w + 1.
LANES_INLINE void lanes_store(const mpgemm_call *call, size_t i, size_t t, size_t m_end,
                              __m512i sum) {
  const __mmask16 valid = (__mmask16)((1u << min_size(LANES, m_end - i)) - 1);
  __m512 scale = _mm512_set1_ps(1.0f);
  if (call->w_scale && call->w_scale_stride) {
    scale = _mm512_maskz_loadu_ps(valid, call->w_scale + i);
  } else if (call->w_scale) {
    scale = _mm512_set1_ps(*call->w_scale);
  }
  const float x_scale = call->input->scale ? call->input->scale[t] : 1.0f;
  scale = _mm512_mul_ps(scale, _mm512_set1_ps(x_scale));
  const __m512i exact = _mm512_sub_epi32(sum, _mm512_set1_epi32(call->input->sum[t]));
  const __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(exact), scale);
  _mm512_mask_storeu_ps(call->y + t * call->ldy + i, valid, y);
}

// The sums of blocks and tokens, in parts.
typedef struct {
  __m512i sum[LANE_BLOCKS][LANE_MOST_TOKENS][LANE_MOST_PARTS];
} lanes_sums;

LANES_INLINE void lanes_clear(lanes_sums *sums, size_t blocks, size_t tokens, size_t parts) {
#pragma GCC unroll 2
  for (size_t b = 0; b < blocks; b++) {
#pragma GCC unroll 15
    for (size_t n = 0; n < tokens; n++) {
#pragma GCC unroll 4
      for (size_t a = 0; a < parts; a++) sums->sum[b][n][a] = _mm512_setzero_si512();
    }
  }
}

// Adds the products of four inputs of each token, from x on, and a register of codes of each block.
LANES_INLINE void lanes_multiply(const __m512i codes[LANE_BLOCKS], const int8_t *x, size_t stride,
                                 size_t blocks, size_t tokens, size_t part, lanes_sums *sums) {
#pragma GCC unroll 15
  for (size_t n = 0; n < tokens; n++) {
    const __m512i input = lanes_broadcast(x + n * stride);
#pragma GCC unroll 2
    for (size_t b = 0; b < blocks; b++) {
      __m512i *sum = &sums->sum[b][n][part];
      *sum = _mm512_dpbusd_epi32(*sum, codes[b], input);
    }
  }
}

// Adds up the parts and writes the outputs from row i and token t on.
LANES_INLINE void lanes_store_all(const mpgemm_call *call, size_t i, size_t t, size_t blocks,
                                  size_t tokens, size_t parts, size_t m_end,
                                  const lanes_sums *sums) {
#pragma GCC unroll 2
  for (size_t b = 0; b < blocks; b++) {
#pragma GCC unroll 15
    for (size_t n = 0; n < tokens; n++) {
      __m512i whole = sums->sum[b][n][0];
#pragma GCC unroll 4
      for (size_t a = 1; a < parts; a++) whole = _mm512_add_epi32(whole, sums->sum[b][n][a]);
      lanes_store(call, i + b * LANES, t + n, m_end, whole);
    }
  }
}

// Sums of planes that lie two, four and six bits up in their byte, and so are 4, 16 and 64 times too
// large; added up exactly. A line adds at most 4 * 2 * 64 * 127 to the largest.
enum { LANE_PLANES = 4, LANE_PLANE_LINES = 1 << 14 };

LANES_INLINE __m512i lanes_add_planes(const __m512i sum[LANE_PLANES]) {
  const __m512i low = _mm512_add_epi32(sum[0], _mm512_srai_epi32(sum[1], 2));
  const __m512i high = _mm512_add_epi32(_mm512_srai_epi32(sum[2], 4), _mm512_srai_epi32(sum[3], 6));
  return _mm512_add_epi32(low, high);
}

// Computes so many blocks, a constant, from row i on by so many tokens, another, from t on.
// unpacked: null, or the blocks.
typedef void lanes_several(const mpgemm_call *call, const uint8_t *unpacked, size_t i, size_t t,
                           size_t blocks, size_t tokens, size_t m_end);

// How many of the tokens that are left are multiplied together: LANE_TOKENS, or what is left if it is at
// most `most`. Where weights take long to unpack, a few tokens at the end join the ones before.
static inline size_t lanes_next(size_t left, size_t most) {
  return left <= most ? left : LANE_TOKENS;
}

#define LANES_CASE(several, blocks, number)                   \
  case number:                                                \
    several(call, unpacked, i, t, (blocks), (number), m_end); \
    break;

// Defines name, which calls several, a lanes_several, for up to LANE_TOKENS tokens, and name_many for
// a single block and more of them. By macro, since a compiler merges the calls of a switch before
// it inlines a function that is an argument, and then their constants are none.
#define LANES_TOKENS(name, several)                                                            \
  LANES_INLINE void name(const mpgemm_call *call, const uint8_t *unpacked, size_t i, size_t t, \
                         size_t blocks, size_t tokens, size_t m_end) {                         \
    switch (tokens) {                                                                          \
      LANES_CASE(several, blocks, 1)                                                           \
      LANES_CASE(several, blocks, 2)                                                           \
      LANES_CASE(several, blocks, 3)                                                           \
      LANES_CASE(several, blocks, 4)                                                           \
      LANES_CASE(several, blocks, 5)                                                           \
      LANES_CASE(several, blocks, 6)                                                           \
      LANES_CASE(several, blocks, 7)                                                           \
      LANES_CASE(several, blocks, LANE_TOKENS)                                                 \
    }                                                                                          \
  }                                                                                            \
  LANES_INLINE void name##_many(const mpgemm_call *call, const uint8_t *unpacked, size_t i,    \
                                size_t t, size_t tokens, size_t m_end) {                       \
    switch (tokens) {                                                                          \
      LANES_CASE(several, 1, 9)                                                                \
      LANES_CASE(several, 1, 10)                                                               \
      LANES_CASE(several, 1, 11)                                                               \
      LANES_CASE(several, 1, 12)                                                               \
      LANES_CASE(several, 1, 13)                                                               \
      LANES_CASE(several, 1, 14)                                                               \
      LANES_CASE(several, 1, LANE_MOST_TOKENS)                                                 \
    }                                                                                          \
  }

// Defines name(call, tile), which computes a tile of several tokens from the packed weights, up to
// `most` of them together: LANE_TOKENS or LANE_MOST_TOKENS. A function of its own: compilers keep
// sums in memory where one becomes too large.
#define LANES_TILE(name, most, several)                                                   \
  LANES_TOKENS(name##_tokens, several)                                                    \
  static __attribute__((noinline)) void name(const mpgemm_call *call, mpgemm_tile tile) { \
    for (size_t i = tile.m_begin; i < tile.m_end; i += LANE_BLOCKS * LANES) {             \
      const size_t blocks = min_size(LANE_BLOCKS, blocks_of(tile.m_end - i, LANES));      \
      size_t tokens;                                                                      \
      for (size_t t = tile.n_begin; t < tile.n_end; t += tokens) {                        \
        tokens = lanes_next(tile.n_end - t, (most));                                      \
        if ((most) > LANE_TOKENS && tokens > LANE_TOKENS) {                               \
          for (size_t b = 0; b < blocks; b++) {                                           \
            name##_tokens_many(call, NULL, i + b * LANES, t, tokens, tile.m_end);         \
          }                                                                               \
        } else if (blocks == LANE_BLOCKS) {                                               \
          name##_tokens(call, NULL, i, t, LANE_BLOCKS, tokens, tile.m_end);               \
        } else {                                                                          \
          name##_tokens(call, NULL, i, t, 1, tokens, tile.m_end);                         \
        }                                                                                 \
      }                                                                                   \
    }                                                                                     \
  }

// What a whole compute of n tokens does with the weights and the sums of one block of 16 rows.
typedef struct {
  uint64_t passes;     // over the weights
  uint64_t additions;  // of partial sums, in all tokens
  uint64_t alone;  // tokens whose inputs are read for each block, and not for LANE_BLOCKS together
} lanes_work;

// The tokens of input that all blocks together read.
static inline uint64_t lanes_inputs(lanes_work work, size_t n, uint64_t blocks) {
  return blocks_of(blocks, LANE_BLOCKS) * (n - work.alone) + blocks * work.alone;
}

static inline lanes_work lanes_work_of(size_t n, size_t most) {
  lanes_work work = {0, 0, 0};
  for (size_t begin = 0; begin < n; begin += LANE_N_BEST) {
    const size_t end = min_size(begin + LANE_N_BEST, n);
    for (size_t t = begin, tokens; t < end; t += tokens) {
      tokens = lanes_next(end - t, most);
      work.passes++;
      work.additions += tokens * (lanes_parts(tokens) - 1);
      if (tokens > LANE_TOKENS || n == 1) work.alone += tokens;
    }
  }
  return work;
}

TARGET_END

#endif
