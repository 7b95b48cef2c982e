// lanes_avx512.h: what the kernels share whose lines are 16 rows wide, a row a dword lane, in AVX-512.
//
// A dot product of bytes multiplies four inputs, broadcast to every lane, by four weights of each
// row; sums stay in their row's lane.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "support/rows.h"
#include "support/target.h"

enum {
  LANES = 16,       // rows of a line
  LANE_BLOCKS = 2,  // blocks of 16 rows side by side where there are several tokens
  LANE_TOKENS = 8,  // LANE_BLOCKS * LANE_TOKENS sums fill half of the registers
  LANE_MOST_TOKENS = 2 * LANE_TOKENS - 1,  // as many sums of a single block
  LANE_N_BEST = 128,            // tokens whose inputs stay in L2 while a tile's weights pass
  LANE_PREFETCH_SINGLE = 8192,  // bytes ahead of the one stream that N = 1 reads
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

// Computes so many blocks from row i on by so many tokens from t on.
typedef void lanes_several(const mpgemm_call *call, size_t i, size_t t, size_t blocks,
                           size_t tokens, size_t m_end);

LANES_INLINE void lanes_tokens(const mpgemm_call *call, size_t i, size_t t, size_t blocks,
                               size_t tokens, size_t m_end, lanes_several *several) {
  switch (tokens) {
    case 1:
      several(call, i, t, blocks, 1, m_end);
      break;
    case 2:
      several(call, i, t, blocks, 2, m_end);
      break;
    case 3:
      several(call, i, t, blocks, 3, m_end);
      break;
    case 4:
      several(call, i, t, blocks, 4, m_end);
      break;
    case 5:
      several(call, i, t, blocks, 5, m_end);
      break;
    case 6:
      several(call, i, t, blocks, 6, m_end);
      break;
    case 7:
      several(call, i, t, blocks, 7, m_end);
      break;
    default:
      several(call, i, t, blocks, LANE_TOKENS, m_end);
      break;
  }
}

// The same for one block and more tokens than two blocks have.
LANES_INLINE void lanes_many_tokens(const mpgemm_call *call, size_t i, size_t t, size_t tokens,
                                    size_t m_end, lanes_several *several) {
  switch (tokens) {
    case 9:
      several(call, i, t, 1, 9, m_end);
      break;
    case 10:
      several(call, i, t, 1, 10, m_end);
      break;
    case 11:
      several(call, i, t, 1, 11, m_end);
      break;
    case 12:
      several(call, i, t, 1, 12, m_end);
      break;
    case 13:
      several(call, i, t, 1, 13, m_end);
      break;
    case 14:
      several(call, i, t, 1, 14, m_end);
      break;
    default:
      several(call, i, t, 1, LANE_MOST_TOKENS, m_end);
      break;
  }
}

// How many of the tokens that are left are multiplied together: LANE_TOKENS, or what is left if it is at
// most `most`. Where weights take long to unpack, a few tokens at the end join the ones before.
static inline size_t lanes_next(size_t left, size_t most) {
  return left <= most ? left : LANE_TOKENS;
}

// Computes a tile of several tokens, up to `most` of them together: LANE_TOKENS or LANE_MOST_TOKENS. It and
// several are compile-time constants, so that several is inlined for each number of blocks and tokens.
LANES_INLINE void lanes_tile(const mpgemm_call *call, mpgemm_tile tile, size_t most,
                             lanes_several *several) {
  for (size_t i = tile.m_begin; i < tile.m_end; i += LANE_BLOCKS * LANES) {
    const size_t blocks = min_size(LANE_BLOCKS, blocks_of(tile.m_end - i, LANES));
    size_t tokens;
    for (size_t t = tile.n_begin; t < tile.n_end; t += tokens) {
      tokens = lanes_next(tile.n_end - t, most);
      if (most > LANE_TOKENS && tokens > LANE_TOKENS) {
        for (size_t b = 0; b < blocks; b++) {
          lanes_many_tokens(call, i + b * LANES, t, tokens, tile.m_end, several);
        }
      } else if (blocks == LANE_BLOCKS) {
        lanes_tokens(call, i, t, LANE_BLOCKS, tokens, tile.m_end, several);
      } else {
        lanes_tokens(call, i, t, 1, tokens, tile.m_end, several);
      }
    }
  }
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
