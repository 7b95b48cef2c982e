// lut_neon.c: T-MAC's lookup in NEON, 16 rows of four inputs a TBL, digits summed in bytes.
//
// A table's digits of +1 weights are added and those of -1 weights subtracted in signed bytes for a
// batch of four groups:
//   low:  each digit is -16...15, a difference at most 31, and 4 * 31 = 124 < 128;
//   high: (|a| + 16) / 32 + (|b| + 16) / 32 for disjoint sums, |a| + |b| <= 508, is less than 17,
//         and 4 * 16 = 64 < 128.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "bitwise/bitwise.h"

enum {
  HALVES = 2,  // of a group: registers of 16 rows
  HALF = STRIP_ROWS / HALVES,
  QUARTERS = 4,  // of a strip: registers of eight int16
  BATCH_BYTES = BATCH * GROUP_BYTES,
  WIDEN_BATCHES = 16,  // |int16 sum| <= 16 batches * 16 inputs * 127 = 32512
  TOKENS = 2,
  M_BEST = 64,
  N_BEST = 16,  // tokens whose tables, 8 k bytes each, stay in the second-level cache
  AHEAD = 2048,
};

#define INLINE static inline __attribute__((always_inline))

INLINE int8x16_t add_digits(int8x16_t sum, const int8_t *digits, uint8x16_t plus,
                            uint8x16_t minus) {
  const int8x16_t table = vld1q_s8(digits);
  sum = vaddq_s8(sum, vqtbl1q_s8(table, plus));
  return vsubq_s8(sum, vqtbl1q_s8(table, minus));
}

// Adds a batch's products with so many tokens, a constant, to the strip's sums, in the order of bytes.
INLINE void add_batch(const uint8_t *w, const int8_t *table, size_t stride, size_t tokens,
                      int16x8_t sum[TOKENS][QUARTERS]) {
  for (size_t h = 0; h < HALVES; h++) {
    int8x16_t low[TOKENS], high[TOKENS];
    for (size_t n = 0; n < tokens; n++) low[n] = high[n] = vdupq_n_s8(0);
#pragma GCC unroll 4
    for (size_t g = 0; g < BATCH; g++) {
      const uint8x16_t byte = vld1q_u8(w + g * GROUP_BYTES + h * HALF);
      const uint8x16_t plus = vandq_u8(byte, vdupq_n_u8(0x0f)), minus = vshrq_n_u8(byte, 4);
      for (size_t n = 0; n < tokens; n++) {
        const int8_t *const digits = table + n * stride + g * GROUP_BYTES;
        low[n] = add_digits(low[n], digits, plus, minus);
        high[n] = add_digits(high[n], digits + TABLE, plus, minus);
      }
    }
    const int8x16_t base = vdupq_n_s8(1 << DIGIT_BITS);
    for (size_t n = 0; n < tokens; n++) {
      int16x8_t *const to = sum[n] + 2 * h;
      to[0] = vaddw_s8(to[0], vget_low_s8(low[n]));
      to[1] = vaddw_high_s8(to[1], low[n]);
      to[0] = vmlal_s8(to[0], vget_low_s8(high[n]), vget_low_s8(base));
      to[1] = vmlal_high_s8(to[1], high[n], base);
    }
  }
}

// So many tokens, a constant, by one strip.
INLINE void strip(const mpgemm_call *call, size_t i, size_t t, size_t tokens, size_t m_end) {
  const size_t groups = lut_groups(call->shape.k), batches = groups / BATCH;
  const uint8_t *const w = (const uint8_t *)call->packed + i * groups;
  const int8_t *const table = (const int8_t *)call->prepared + t * groups * GROUP_BYTES;
  int32_t total[TOKENS][STRIP_ROWS];
  memset(total, 0, sizeof total);
  for (size_t begin = 0; begin < batches; begin += WIDEN_BATCHES) {
    int16x8_t sum[TOKENS][QUARTERS];
    for (size_t n = 0; n < tokens; n++) {
      for (size_t q = 0; q < QUARTERS; q++) sum[n][q] = vdupq_n_s16(0);
    }
    for (size_t b = begin; b < min_size(begin + WIDEN_BATCHES, batches); b++) {
      __builtin_prefetch(w + b * BATCH_BYTES + AHEAD);
      __builtin_prefetch(w + b * BATCH_BYTES + AHEAD + BATCH_BYTES / 2);
      add_batch(w + b * BATCH_BYTES, table + b * BATCH_BYTES, groups * GROUP_BYTES, tokens, sum);
    }
    for (size_t n = 0; n < tokens; n++) {
      for (size_t q = 0; q < QUARTERS; q++) {
        int32_t *const rows = total[n] + 8 * q;
        vst1q_s32(rows, vaddw_s16(vld1q_s32(rows), vget_low_s16(sum[n][q])));
        vst1q_s32(rows + 4, vaddw_high_s16(vld1q_s32(rows + 4), sum[n][q]));
      }
    }
  }
  for (size_t n = 0; n < tokens; n++) {
    for (size_t r = 0; r < STRIP_ROWS && i + r < m_end; r++) {
      // Byte 2 l belongs to row l, byte 2 l + 1 to row 16 + l.
      store_exact(call, i + r, t + n, total[n][r % HALF * 2 + r / HALF]);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += STRIP_ROWS) {
    size_t t = tile.n_begin;
    for (; t + TOKENS <= tile.n_end; t += TOKENS) strip(call, i, t, TOKENS, tile.m_end);
    if (t < tile.n_end) strip(call, i, t, 1, tile.m_end);
  }
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  lut_plan_prepare(shape, out);
  out->scratch_size = 0;
  out->m_step = STRIP_ROWS;
  out->n_step = 1;
  out->m_best = M_BEST;
  out->n_best = N_BEST;
}

// Writes the table of four codes: each code doubles the sums that are there.
static void build_table(const int8_t *code, int8_t *table) {
  int16_t entry[TABLE] = {0};
  for (size_t l = 0; l < GROUP; l++) {
    const size_t half = (size_t)1 << l;
    for (size_t e = 0; e < half; e++) entry[half + e] = (int16_t)(entry[e] + code[l]);
  }
  int8x8_t low[2], high[2];
  for (size_t h = 0; h < 2; h++) {
    const int16x8_t entries = vld1q_s16(entry + 8 * h);
    const int16x8_t digit = vrshrq_n_s16(entries, DIGIT_BITS);  // adds half first
    low[h] = vmovn_s16(vsubq_s16(entries, vshlq_n_s16(digit, DIGIT_BITS)));
    high[h] = vmovn_s16(digit);
  }
  vst1q_s8(table, vcombine_s8(low[0], low[1]));
  vst1q_s8(table + TABLE, vcombine_s8(high[0], high[1]));
}

static void prepare(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                    mpgemm_range range, void *prepared) {
  (void)kernel, (void)n;
  const int8_t *const x = input->x;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    int8_t *table = (int8_t *)prepared + (t * lut_groups(k) + range.k_begin / GROUP) * GROUP_BYTES;
    for (size_t j = range.k_begin; j < range.k_end; j += BATCH_INPUTS) {
      int8_t code[BATCH_INPUTS] = {0};
      memcpy(code, x + t * input->ldx + j, min_size(k - j, BATCH_INPUTS));
      for (size_t g = 0; g < BATCH; g++, table += GROUP_BYTES) build_table(code + GROUP * g, table);
    }
  }
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare_ops,
                  mpgemm_ops *ops) {
  (void)kernel;
  const uint64_t groups = lut_groups(shape.k);
  if (prepare_ops) {
    const uint64_t tables = shape.n * groups;
    prepare_ops->add_i16 += tables * (TABLE - 1 + 2 * TABLE);  // entries; rounding, remainder
    prepare_ops->bitop += tables * 2 * TABLE;                  // shifts
    prepare_ops->input_bytes += (uint64_t)shape.n * shape.k;
    prepare_ops->prepared_bytes += tables * GROUP_BYTES;
  }
  if (!ops) return;
  const uint64_t outputs = (uint64_t)shape.m * shape.n;
  const uint64_t strips = blocks_of(shape.m, STRIP_ROWS);
  const uint64_t readings = strips * groups * blocks_of(shape.n, TOKENS);
  const uint64_t products = strips * groups * shape.n;
  const uint64_t widenings = strips * shape.n * blocks_of(groups / BATCH, WIDEN_BATCHES);
  ops->bitop += readings * 2 * STRIP_ROWS;   // a mask, a shift
  ops->lookup += products * 4 * STRIP_ROWS;  // two digits of two planes
  ops->add_i8 += products * 4 * STRIP_ROWS;
  ops->add_i16 += products / BATCH * 2 * STRIP_ROWS;
  ops->mul_i8 += products / BATCH * STRIP_ROWS;
  ops->add_i32 += widenings * STRIP_ROWS;
  ops->convert += outputs;
  ops->mul_f32 += outputs * 2;
  ops->weight_bytes += readings * GROUP_BYTES;
  ops->prepared_bytes += products * GROUP_BYTES;
  ops->output_bytes += outputs * sizeof(float);
}

const mpgemm_kernel bitwise_lut_neon = {
    BITWISE_LUT_FIELDS,
    .name = "bitwise_lut_neon",
    .summary = "T-MAC's bit-wise lookup, lossless, 16 rows of four inputs a TBL",
    .isa = MPGEMM_ISA_NEON,
    .plan = plan,
    .prepare = prepare,
    .compute = compute,
    .count = count,
};

#endif
