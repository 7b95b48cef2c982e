// tq_blocks.c: packing and unpacking rows of llama.cpp's TQ blocks.
#include "support/tq_blocks.h"

#include <string.h>

#include "support/half.h"

enum { HALF_ZERO = 0, HALF_ONE = 0x3c00 };

void tq_pack(size_t m, size_t k, const int8_t *w, uint8_t *packed, size_t block_bytes,
             tq_pack_block *pack_block) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < k; j += Q8K_BLOCK, packed += block_bytes) {
      const size_t length = min_size(k - j, Q8K_BLOCK);
      uint8_t code[Q8K_BLOCK];
      memset(code, 1, sizeof code);
      uint16_t scale = HALF_ZERO;
      for (size_t l = 0; l < length; l++) {
        const int8_t weight = w[i * k + j + l];
        code[l] = (uint8_t)(weight + 1);
        if (weight) scale = HALF_ONE;
      }
      pack_block(code, scale, packed);
    }
  }
}

void tq_unpack(size_t m, size_t k, const uint8_t *packed, int8_t *w, size_t block_bytes,
               tq_unpack_block *unpack_block) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < k; j += Q8K_BLOCK, packed += block_bytes) {
      const size_t length = min_size(k - j, Q8K_BLOCK);
      uint8_t code[Q8K_BLOCK];
      unpack_block(packed, code);
      for (size_t l = 0; l < length; l++) w[i * k + j + l] = (int8_t)(code[l] - 1);
    }
  }
}

float tq_scale(const uint8_t *half) {
  uint16_t bits;
  memcpy(&bits, half, sizeof bits);
  return half_to_float(bits);
}
