// tiles_emulated.h: stands in for AMX's instructions, included before a kernel's source.
#pragma once

#include <stddef.h>

void emulated_configure(const void *config);
void emulated_release(void);
void emulated_zero(int tile);
void emulated_load(int tile, const void *from, size_t stride);
void emulated_store(void *to, size_t stride, int tile);
void emulated_dot(int sum, int codes, int weights);

#define TILE_CONFIGURE(config) emulated_configure(config)
#define TILE_RELEASE() emulated_release()
#define TILE_ZERO(tile) emulated_zero(tile)
#define TILE_LOAD(tile, from, stride) emulated_load(tile, from, stride)
#define TILE_STORE(to, stride, tile) emulated_store(to, stride, tile)
#define TILE_DOT(sum, codes, weights) emulated_dot(sum, codes, weights)
