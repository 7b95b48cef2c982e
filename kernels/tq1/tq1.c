// tq1.c: TQ1_0 blocks: packing, the portable kernel and the family's list.
#include "tq1/tq1.h"

#include <string.h>

#include "support/tq_blocks.h"

size_t tq1_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * q8k_blocks(k) * TQ1_BLOCK_BYTES;
}

// Packs count codes, stride apart, to a byte.
static uint8_t pack_digits(const uint8_t *code, size_t stride, size_t count) {
  unsigned value = 0;
  for (size_t p = 0; p < TQ1_DIGITS; p++) value = 3 * value + (p < count ? code[p * stride] : 0);
  return (uint8_t)((value * 256 + 242) / 243);
}

static void pack_block(const uint8_t *code, uint16_t scale, uint8_t *block) {
  uint8_t *byte = block;
  for (size_t m = 0; m < TQ1_WIDE; m++) *byte++ = pack_digits(code + m, TQ1_WIDE, TQ1_DIGITS);
  for (size_t m = 0; m < TQ1_NARROW; m++) {
    *byte++ = pack_digits(code + TQ1_NARROW_BEGIN + m, TQ1_NARROW, TQ1_DIGITS);
  }
  for (size_t m = 0; m < TQ1_FOUR; m++) {
    *byte++ = pack_digits(code + TQ1_FOUR_BEGIN + m, TQ1_FOUR, TQ1_DIGITS - 1);
  }
  memcpy(byte, &scale, sizeof scale);
}

// Decodes the first count digits of stride bytes, each digit to stride codes.
static inline void decode_digits(const uint8_t *restrict byte, size_t stride, size_t count,
                                 uint8_t *restrict code) {
  static const uint8_t power[TQ1_DIGITS] = {1, 3, 9, 27, 81};
  for (size_t p = 0; p < count; p++) {
    for (size_t m = 0; m < stride; m++) {
      const uint8_t fraction = (uint8_t)(byte[m] * power[p]);
      code[p * stride + m] = (uint8_t)(fraction * 3 >> 8);
    }
  }
}

static float decode(const uint8_t *restrict block, uint8_t *restrict code) {
  decode_digits(block, TQ1_WIDE, TQ1_DIGITS, code);
  decode_digits(block + TQ1_WIDE, TQ1_NARROW, TQ1_DIGITS, code + TQ1_NARROW_BEGIN);
  decode_digits(block + TQ1_WIDE + TQ1_NARROW, TQ1_FOUR, TQ1_DIGITS - 1, code + TQ1_FOUR_BEGIN);
  return tq_scale(block + TQ1_SCALE);
}

static void count_decode(mpgemm_ops *ops) {
  ops->mul_i8 += 2 * Q8K_BLOCK;  // by the power of 3, by 3
  ops->bitop += Q8K_BLOCK;       // the shift
  ops->convert += 1;             // the scale
}

// Decodes a block, and marks with 3 the codes of bytes that no digits pack to.
static void decode_block(const uint8_t *block, uint8_t *code) {
  decode(block, code);
  for (size_t m = 0; m < TQ1_SCALE; m++) {
    const size_t narrow = m >= TQ1_WIDE, four = m >= TQ1_WIDE + TQ1_NARROW;
    const size_t stride = four ? TQ1_FOUR : narrow ? TQ1_NARROW : TQ1_WIDE;
    const size_t count = four ? TQ1_DIGITS - 1 : TQ1_DIGITS;
    uint8_t *const first = four     ? code + TQ1_FOUR_BEGIN + m - TQ1_WIDE - TQ1_NARROW
                           : narrow ? code + TQ1_NARROW_BEGIN + m - TQ1_WIDE
                                    : code + m;
    if (pack_digits(first, stride, count) == block[m]) continue;
    for (size_t p = 0; p < count; p++) first[p * stride] = 3;
  }
}

void tq1_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  tq_pack(m, k, w, packed, TQ1_BLOCK_BYTES, pack_block);
}

void tq1_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  tq_unpack(m, k, packed, w, TQ1_BLOCK_BYTES, decode_block);
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan(shape, out);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  q8k_compute(call, tile, scratch, TQ1_BLOCK_BYTES, decode);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare(shape, prepare);
  if (out) q8k_count(shape, TQ1_BLOCK_BYTES, count_decode, out);
}

static const mpgemm_kernel portable = {
    TQ1_FIELDS,
    .name = "tq1_portable",
    .summary = "llama.cpp TQ1_0: five ternary digits a byte in blocks of 256 with a scale",
    .plan = plan,
    .prepare = q8k_prepare,
    .compute = compute,
    .count = count,
};

const mpgemm_kernel *const *tq1_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &portable,
#if defined(__x86_64__)
      &tq1_avx2, &tq1_avxvnni, &tq1_avx512,
#elif defined(__aarch64__)
      &tq1_neon,
      &tq1_dotprod,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
