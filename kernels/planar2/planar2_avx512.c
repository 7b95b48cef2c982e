// planar2_avx512.c: planar2 in AVX-512 VNNI: a line is a register, a plane one dot product.
//
//   N = 1   planes stay where they are in the byte: masks, no shifts. Plane p's sums are 4^p times
//           too large and are divided, exactly, at the end. A line costs 1 load, 4 masks and 4 dot
//           products whose inputs are broadcast by the load itself.
//   N > 1   planes are shifted down, so that a token needs one sum for all four; BLOCKS blocks of
//           16 rows by up to TOKENS tokens are summed in registers.
#if defined(__x86_64__)

#include <immintrin.h>

#include "planar2/planar2.h"
#include "support/target.h"

enum {
  BLOCKS = 2,              // blocks of 16 rows side by side
  TOKENS = 8,              // BLOCKS * TOKENS sums fill half of the registers
  N_BEST = 128,            // tokens whose inputs stay in L2 while a tile's weights pass
  PREFETCH_SINGLE = 8192,  // bytes ahead of the one stream that N = 1 reads
  PREFETCH = 4096,         // bytes ahead in each of the blocks read side by side
};

// Lines that N = 1 sums before planes are brought to one scale: a sum of plane 3 grows by at most
// 4 * 2 * 64 * 127 a line, so that 2^14 lines stay below 2^31 / 2.
enum { CHUNK_LINES = 1 << 14 };

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

#define INLINE static inline __attribute__((always_inline))

// Four inputs, the same for every row.
INLINE __m512i broadcast(const int8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return _mm512_set1_epi32(four);
}

INLINE void store(const mpgemm_call *call, size_t i, size_t t, size_t rows, __m512i sum) {
  const __mmask16 valid = (__mmask16)((1u << rows) - 1);
  const float x = call->input->scale ? call->input->scale[t] : 1.0f;
  __m512 scale = _mm512_set1_ps(1.0f);
  if (call->w_scale && call->w_scale_stride) {
    scale = _mm512_maskz_loadu_ps(valid, call->w_scale + i);
  } else if (call->w_scale) {
    scale = _mm512_set1_ps(*call->w_scale);
  }
  scale = _mm512_mul_ps(scale, _mm512_set1_ps(x));
  const __m512i exact = _mm512_sub_epi32(sum, _mm512_set1_epi32(call->input->sum[t]));
  const __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(exact), scale);
  _mm512_mask_storeu_ps(call->y + t * call->ldy + i, valid, y);
}

// One token. Blocks are read one after another: a single stream, which memory likes best. Lines
// alternate between two sets of sums, so that none waits for the product before.
static void single(const mpgemm_call *call, size_t i, size_t t, size_t m_end) {
  const size_t lines = planar2_lines(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(call->shape.k);
  const __m512i mask[PLANAR2_PLANES] = {_mm512_set1_epi8(0x03), _mm512_set1_epi8(0x0C),
                                        _mm512_set1_epi8(0x30), _mm512_set1_epi8((char)0xC0)};
  __m512i total = _mm512_setzero_si512();
  for (size_t begin = 0; begin < lines; begin += CHUNK_LINES) {
    const size_t end = min_size(begin + CHUNK_LINES, lines);
    __m512i sum[2][PLANAR2_PLANES];
    for (size_t p = 0; p < PLANAR2_PLANES; p++) {
      sum[0][p] = sum[1][p] = _mm512_setzero_si512();
    }
    for (size_t l = begin; l < end; l += 2) {
      for (size_t s = 0; s < 2 && l + s < end; s++) {
        const uint8_t *from = line + (l + s) * PLANAR2_LINE;
        _mm_prefetch((const char *)from + PREFETCH_SINGLE, _MM_HINT_T0);
        const __m512i codes = _mm512_loadu_si512(from);
        for (size_t p = 0; p < PLANAR2_PLANES; p++) {
          const __m512i input = broadcast(x + (l + s) * PLANAR2_INPUTS + p * PLANAR2_GROUP);
          const __m512i plane = _mm512_and_si512(codes, mask[p]);
          sum[s][p] = _mm512_dpbusd_epi32(sum[s][p], plane, input);
        }
      }
    }
    __m512i both[PLANAR2_PLANES];
    for (size_t p = 0; p < PLANAR2_PLANES; p++) both[p] = _mm512_add_epi32(sum[0][p], sum[1][p]);
    const __m512i low = _mm512_add_epi32(both[0], _mm512_srai_epi32(both[1], 2));
    const __m512i high =
        _mm512_add_epi32(_mm512_srai_epi32(both[2], 4), _mm512_srai_epi32(both[3], 6));
    total = _mm512_add_epi32(total, _mm512_add_epi32(low, high));
  }
  store(call, i, t, min_size(PLANAR2_ROWS, m_end - i), total);
}

// So many blocks and tokens, both constants: every weight is loaded once for all the tokens. Few
// tokens have several partial sums each, since a sum can take a new product only every 4 cycles.
INLINE void several(const mpgemm_call *call, size_t i, size_t t, size_t blocks, size_t tokens,
                    size_t m_end) {
  const size_t parts = tokens <= TOKENS / 4 ? 4 : tokens <= TOKENS / 2 ? 2 : 1;
  const size_t lines = planar2_lines(call->shape.k), stride = int8_rows_stride(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  const __m512i mask = _mm512_set1_epi8(3);
  __m512i sum[BLOCKS][TOKENS][PLANAR2_PLANES];  // |sum| <= 2 * 127 k
  for (size_t b = 0; b < blocks; b++) {
    for (size_t n = 0; n < tokens; n++) {
      for (size_t a = 0; a < parts; a++) sum[b][n][a] = _mm512_setzero_si512();
    }
  }
  for (size_t l = 0; l < lines; l++) {
    __m512i plane[PLANAR2_PLANES][BLOCKS];
    for (size_t b = 0; b < blocks; b++) {
      const uint8_t *from = line + (b * lines + l) * PLANAR2_LINE;
      _mm_prefetch((const char *)from + PREFETCH, _MM_HINT_T0);
      const __m512i codes = _mm512_loadu_si512(from);
      // Bits of a neighbouring byte come in from above and are masked away.
      plane[0][b] = _mm512_and_si512(codes, mask);
      plane[1][b] = _mm512_and_si512(_mm512_srli_epi32(codes, 2), mask);
      plane[2][b] = _mm512_and_si512(_mm512_srli_epi32(codes, 4), mask);
      plane[3][b] = _mm512_and_si512(_mm512_srli_epi32(codes, 6), mask);
    }
    for (size_t p = 0; p < PLANAR2_PLANES; p++) {
      for (size_t n = 0; n < tokens; n++) {
        const __m512i input = broadcast(x + n * stride + l * PLANAR2_INPUTS + p * PLANAR2_GROUP);
        for (size_t b = 0; b < blocks; b++) {
          __m512i *part = &sum[b][n][p % parts];
          *part = _mm512_dpbusd_epi32(*part, plane[p][b], input);
        }
      }
    }
  }
  for (size_t b = 0; b < blocks; b++) {
    const size_t row = i + b * PLANAR2_ROWS;
    for (size_t n = 0; n < tokens; n++) {
      __m512i whole = sum[b][n][0];
      for (size_t a = 1; a < parts; a++) whole = _mm512_add_epi32(whole, sum[b][n][a]);
      store(call, row, t + n, min_size(PLANAR2_ROWS, m_end - row), whole);
    }
  }
}

INLINE void tokens_of(const mpgemm_call *call, size_t i, size_t t, size_t blocks, size_t tokens,
                      size_t m_end) {
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
      several(call, i, t, blocks, TOKENS, m_end);
      break;
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  (void)scratch;
  if (call->shape.n == 1) {
    for (size_t i = tile.m_begin; i < tile.m_end; i += PLANAR2_ROWS) {
      single(call, i, tile.n_begin, tile.m_end);
    }
    return;
  }
  for (size_t i = tile.m_begin; i < tile.m_end; i += BLOCKS * PLANAR2_ROWS) {
    for (size_t t = tile.n_begin; t < tile.n_end;) {
      const size_t tokens = min_size(TOKENS, tile.n_end - t);
      if (tile.m_end - i > PLANAR2_ROWS) {
        tokens_of(call, i, t, BLOCKS, tokens, tile.m_end);
      } else {
        tokens_of(call, i, t, 1, tokens, tile.m_end);
      }
      t += tokens;
    }
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  planar2_plan(shape, 4 * BLOCKS * PLANAR2_ROWS, N_BEST, plan);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t blocks = blocks_of(shape.m, PLANAR2_ROWS), lines = planar2_lines(shape.k);
  const uint64_t outputs = blocks * PLANAR2_ROWS * shape.n;
  const uint64_t products = outputs * lines * PLANAR2_INPUTS;
  // Tokens past the last whole group of TOKENS make one more pass over the weights.
  uint64_t passes = 0;
  for (size_t t = 0; t < shape.n; t += N_BEST) {
    passes += blocks_of(min_size(N_BEST, shape.n - t), TOKENS);
  }
  const uint64_t masks = shape.n == 1 ? PLANAR2_PLANES : 2 * PLANAR2_PLANES - 1;
  compute->bitop += passes * blocks * lines * masks * PLANAR2_LINE;
  compute->mul_i8 += products;
  compute->add_i32 += products + outputs;
  compute->mul_f32 += 2 * outputs;
  compute->convert += outputs;
  compute->weight_bytes += passes * planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes +=
      blocks_of(shape.m, BLOCKS * PLANAR2_ROWS) * shape.n * lines * PLANAR2_INPUTS;
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

TARGET_END

const mpgemm_kernel planar2_avx512 = {
    PLANAR2_KERNEL,
    .name = "planar2_avx512",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; AVX-512 VNNI",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
