// tiles.h: AMX's instructions on tile registers, as statements.
//
// A tile is 16 rows of 64 bytes. TILE_DOT adds to each int32 of sum, at row t and dword i, the
// products of row t of codes, 64 signed bytes, with dword i of the 16 rows of weights, unsigned.
// Register numbers are constants from 0 to 7.
//
// Not the compilers' intrinsics: GCC 12's do not say that they touch memory, and lose the stores
// before them. A test on a CPU without AMX defines these names first, as functions of its own.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
  TILE_ROWS = 16,
  TILE_ROW = 64,  // bytes of a row
  TILE_BYTES = TILE_ROWS * TILE_ROW,
};

// What configures the tiles: 64 bytes, as ldtilecfg reads them.
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_config;

#if !defined(TILE_CONFIGURE)

#define TILE_CONFIGURE(config) __asm__ volatile("ldtilecfg %0" : : "m"(*(config)) : "memory")

#define TILE_RELEASE() __asm__ volatile("tilerelease" : : : "memory")

#define TILE_ZERO(tile) __asm__ volatile("tilezero %%tmm%c0" : : "i"(tile))

#define TILE_LOAD(tile, from, stride)                            \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2"               \
                   :                                             \
                   : "r"(from), "r"((size_t)(stride)), "i"(tile) \
                   : "memory")

#define TILE_STORE(to, stride, tile)                           \
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)"            \
                   :                                           \
                   : "r"(to), "r"((size_t)(stride)), "i"(tile) \
                   : "memory")

#define TILE_DOT(sum, codes, weights) \
  __asm__ volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(codes), "i"(weights))

#endif
