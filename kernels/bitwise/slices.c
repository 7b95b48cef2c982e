// slices.c: the preparations "bit_slices" and "bit_slices_nibbles": codes cut into bit planes.
#include <string.h>

#include "bitwise/bitwise.h"

enum { CODES = 8, HALF_PLANE = PLANE_BYTES };

// Eight codes in the bytes of a word, the first least significant.
static uint64_t gather(const uint8_t *code) {
  uint64_t word = 0;
  for (size_t l = 0; l < CODES; l++) word |= (uint64_t)code[l] << 8 * l;
  return word;
}

// Exchanges bits along and across bytes: bit b of byte l becomes bit l of byte b. Each step swaps
// the off-diagonal quarters of 2 x 2, 4 x 4 and 8 x 8 squares.
static uint64_t transpose(uint64_t word) {
  uint64_t swap = (word ^ word >> 7) & 0x00aa00aa00aa00aa;
  word ^= swap ^ swap << 7;
  swap = (word ^ word >> 14) & 0x0000cccc0000cccc;
  word ^= swap ^ swap << 14;
  swap = (word ^ word >> 28) & 0x00000000f0f0f0f0;
  return word ^ swap ^ swap << 28;
}

void slice_codes(size_t n, size_t k, const mpgemm_input *input, mpgemm_range range,
                 size_t plane_bytes, uint8_t *prepared) {
  (void)n;
  const int8_t *const x = input->x;
  const size_t block_bytes = SLICES * plane_bytes;
  const int nibbles = plane_bytes > PLANE_BYTES;
  for (size_t t = range.n_begin; t < range.n_end; t++) {
    for (size_t j = range.k_begin; j < range.k_end; j += SLICE_BLOCK) {
      uint8_t code[SLICE_BLOCK] = {0};
      memcpy(code, x + t * input->ldx + j, min_size(k - j, SLICE_BLOCK));
      uint8_t *const block = prepared + (t * slice_blocks(k) + j / SLICE_BLOCK) * block_bytes;
      for (size_t l = 0; l < PLANE_BYTES; l++) {
        const uint64_t bits = transpose(gather(code + CODES * l));
        for (size_t b = 0; b < SLICES; b++) {
          const uint8_t byte = (uint8_t)(bits >> 8 * b);
          uint8_t *const plane = block + b * plane_bytes;
          plane[l] = nibbles ? byte & 0x0f : byte;
          if (nibbles) plane[HALF_PLANE + l] = byte >> 4;
        }
      }
    }
  }
}

void slice_plan(mpgemm_shape shape, size_t plane_bytes, mpgemm_plan *plan) {
  plan->prepared_size = shape.n * slice_blocks(shape.k) * SLICES * plane_bytes;
  plan->prepare_n_step = 1;
  plan->prepare_k_step = SLICE_BLOCK;
}

void slice_count(mpgemm_shape shape, size_t plane_bytes, mpgemm_ops *prepare) {
  const uint64_t blocks = (uint64_t)shape.n * slice_blocks(shape.k);
  const uint64_t words = blocks * PLANE_BYTES;
  const uint64_t bytes = words * SLICES;
  prepare->bitop += words * (2 * CODES + 3 * 6);  // gather, transpose
  prepare->bitop += bytes * (plane_bytes > PLANE_BYTES ? 3 : 1);
  prepare->input_bytes += (uint64_t)shape.n * shape.k;
  prepare->prepared_bytes += blocks * SLICES * plane_bytes;
}
