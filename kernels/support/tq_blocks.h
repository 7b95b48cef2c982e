// tq_blocks.h: packing and unpacking rows of llama.cpp's TQ blocks, 256 weights and a half each.
#pragma once

#include "support/q8k.h"

// Packs 256 codes w + 1 and a scale, a half's bits, to one block.
typedef void tq_pack_block(const uint8_t *code, uint16_t scale, uint8_t *block);

// Writes a block's 256 codes w + 1; 3 where the bytes encode no weight.
typedef void tq_unpack_block(const uint8_t *block, uint8_t *code);

void tq_pack(size_t m, size_t k, const int8_t *w, uint8_t *packed, size_t block_bytes,
             tq_pack_block *pack_block);

void tq_unpack(size_t m, size_t k, const uint8_t *packed, int8_t *w, size_t block_bytes,
               tq_unpack_block *unpack_block);

// The scale in a block, wherever it lies.
float tq_scale(const uint8_t *half);
