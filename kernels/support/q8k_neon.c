// q8k_neon.c: the preparation "q8k" in NEON.
#if defined(__aarch64__)

#include "support/q8k_neon.h"

#include "support/codes_neon.h"

static float quantize_block(const float *x, int8_t *code, int32_t *sum) {
  const q8k_factors by = q8k_factors_of(neon_largest_magnitude(x, Q8K_BLOCK));
  int32x4_t total = vdupq_n_s32(0);  // |sum of lanes| <= 256 * 127
  for (size_t j = 0; j < Q8K_BLOCK; j += CODES_STEP) {
    const int8x16_t codes = neon_codes(x + j, by.boost, by.factor);
    vst1q_s8(code + j, codes);
    total = vpadalq_s16(total, vpaddlq_s8(codes));
  }
  *sum = vaddvq_s32(total);
  return by.scale;
}

void q8k_prepare_neon(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared) {
  (void)kernel;
  q8k_prepare_with(quantize_block, n, k, input, range, prepared);
}

void q8k_count_prepare_neon(mpgemm_shape shape, mpgemm_ops *prepare) {
  const uint64_t blocks = (uint64_t)shape.n * q8k_blocks(shape.k);
  const uint64_t inputs = blocks * Q8K_BLOCK;
  prepare->bitop += inputs;                        // the sign is dropped
  prepare->add_f32 += inputs + blocks * (12 + 3);  // maximum: four vectors, then lanes
  prepare->add_i16 += inputs / 2;                  // sum, of pairs
  prepare->add_i32 += inputs / 2 + blocks * 3;     // of pairs of these and to the total, of lanes
  prepare->mul_f32 += 2 * inputs + 4 * blocks;     // as the portable one
  prepare->convert += inputs;
  prepare->input_bytes += (uint64_t)shape.n * shape.k * sizeof(float);
  prepare->prepared_bytes += blocks * (Q8K_BLOCK + sizeof(float) + sizeof(int32_t));
}

#endif
