// tq2.c: TQ2_0 blocks: packing, the portable kernel and the family's list.
#include "tq2/tq2.h"

#include <string.h>

#include "support/tq_blocks.h"

size_t tq2_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k) {
  (void)kernel;
  return m * q8k_blocks(k) * TQ2_BLOCK_BYTES;
}

static void pack_block(const uint8_t *code, uint16_t scale, uint8_t *block) {
  for (size_t m = 0; m < TQ2_CODES; m++) {
    const uint8_t *const four = code + m / TQ2_HALF * 128 + m % TQ2_HALF;
    block[m] = (uint8_t)(four[0] | four[32] << 2 | four[64] << 4 | four[96] << 6);
  }
  memcpy(block + TQ2_SCALE, &scale, sizeof scale);
}

static float decode(const uint8_t *restrict block, uint8_t *restrict code) {
  for (size_t h = 0; h < 2; h++) {
    for (size_t p = 0; p < 4; p++) {
      for (size_t m = 0; m < TQ2_HALF; m++) {
        code[128 * h + 32 * p + m] = block[TQ2_HALF * h + m] >> 2 * p & 3;
      }
    }
  }
  return tq_scale(block + TQ2_SCALE);
}

static void count_decode(mpgemm_ops *ops) {
  ops->bitop += 2 * Q8K_BLOCK;  // a shift and a mask a weight
  ops->convert += 1;            // the scale
}

static void decode_block(const uint8_t *block, uint8_t *code) {
  decode(block, code);  // code 3 becomes weight 2, which marks what no weight packs to
}

void tq2_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed) {
  (void)kernel;
  tq_pack(m, k, w, packed, TQ2_BLOCK_BYTES, pack_block);
}

void tq2_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w) {
  (void)kernel;
  tq_unpack(m, k, packed, w, TQ2_BLOCK_BYTES, decode_block);
}

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *out) {
  (void)kernel;
  q8k_plan(shape, out);
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  q8k_compute(call, tile, scratch, TQ2_BLOCK_BYTES, decode);
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *out) {
  (void)kernel;
  if (prepare) q8k_count_prepare(shape, prepare);
  if (out) q8k_count(shape, TQ2_BLOCK_BYTES, count_decode, out);
}

static const mpgemm_kernel portable = {
    TQ2_FIELDS,
    .name = "tq2_portable",
    .summary = "llama.cpp TQ2_0: 2-bit codes in blocks of 256 with a scale, int8 dot",
    .plan = plan,
    .prepare = q8k_prepare,
    .compute = compute,
    .count = count,
};

const mpgemm_kernel *const *tq2_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &portable,
#if defined(__x86_64__)
      &tq2_avx2, &tq2_avxvnni, &tq2_avx512,
#elif defined(__aarch64__)
      &tq2_neon,
      &tq2_dotprod,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
