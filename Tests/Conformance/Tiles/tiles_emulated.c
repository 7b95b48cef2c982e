// tiles_emulated.c: AMX's tile registers in plain C, and the AMX kernels on them as a plug-in.
//
// After Intel's Software Developer's Manual, volume 2: LDTILECFG, TILERELEASE, TILEZERO, TILELOADD,
// TILESTORED and TDPBSUD, with palette 1. What would raise an exception ends the process.
#include "tiles_emulated.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpgemm_kernel.h"
#include "planar2/planar2.h"
#include "trit5/trit5.h"
#include "trit5/trit5_lut.h"

enum { TILES = 8, ROWS = 16, ROW_BYTES = 64, CONFIG_BYTES = 64 };

typedef struct {
  uint8_t rows;
  uint16_t row_bytes;
  uint8_t data[ROWS][ROW_BYTES];
} tile_register;

// Each thread has registers of its own.
static _Thread_local int configured;
static _Thread_local tile_register tiles[TILES];

static void demand(int condition, const char *rule) {
  if (condition) return;
  fprintf(stderr, "AMX exception: %s\n", rule);
  abort();
}

void emulated_configure(const void *config) {
  const uint8_t *bytes = config;
  demand(bytes[0] == 1, "palette 1");
  demand(bytes[1] == 0, "start row 0");
  for (int i = 2; i < 16; i++) demand(bytes[i] == 0, "reserved bytes are 0");
  for (int t = 0; t < ROWS; t++) {
    uint16_t row_bytes;
    memcpy(&row_bytes, bytes + 16 + 2 * t, sizeof row_bytes);
    const uint8_t rows = bytes[48 + t];
    demand(row_bytes <= ROW_BYTES && rows <= ROWS, "a tile has at most 16 rows of 64 bytes");
    demand((row_bytes == 0) == (rows == 0), "a tile has both rows and bytes or neither");
    demand(t < TILES || rows == 0, "palette 1 has 8 tiles");
    if (t >= TILES) continue;
    tiles[t] = (tile_register){.rows = rows, .row_bytes = row_bytes};
  }
  configured = 1;
}

void emulated_release(void) {
  memset(tiles, 0, sizeof tiles);
  configured = 0;
}

static tile_register *tile_of(int tile) {
  demand(configured, "tiles are configured");
  demand(tile >= 0 && tile < TILES && tiles[tile].rows > 0, "the tile is configured");
  return &tiles[tile];
}

void emulated_zero(int tile) {
  tile_register *to = tile_of(tile);
  memset(to->data, 0, sizeof to->data);
}

void emulated_load(int tile, const void *from, size_t stride) {
  tile_register *to = tile_of(tile);
  memset(to->data, 0, sizeof to->data);
  for (size_t r = 0; r < to->rows; r++) {
    memcpy(to->data[r], (const uint8_t *)from + r * stride, to->row_bytes);
  }
}

void emulated_store(void *to, size_t stride, int tile) {
  const tile_register *from = tile_of(tile);
  for (size_t r = 0; r < from->rows; r++) {
    memcpy((uint8_t *)to + r * stride, from->data[r], from->row_bytes);
  }
}

void emulated_dot(int sum, int codes, int weights) {
  demand(sum != codes && sum != weights && codes != weights, "three different tiles");
  tile_register *c = tile_of(sum);
  const tile_register *a = tile_of(codes), *b = tile_of(weights);
  demand(c->rows == a->rows && c->row_bytes == b->row_bytes, "the sum's shape fits");
  demand(a->row_bytes % 4 == 0 && b->row_bytes % 4 == 0, "rows are dwords");
  demand(a->row_bytes / 4 == b->rows, "the inner dimension fits");
  for (size_t t = 0; t < c->rows; t++) {
    for (size_t i = 0; i < b->row_bytes / 4u; i++) {
      uint32_t total;
      memcpy(&total, &c->data[t][4 * i], sizeof total);
      for (size_t j = 0; j < a->row_bytes; j++) {
        const int code = (int8_t)a->data[t][j], weight = b->data[j / 4][4 * i + j % 4];
        total += (uint32_t)(code * weight);
      }
      memcpy(&c->data[t][4 * i], &total, sizeof total);
    }
  }
}

// Runs a kernel and demands that it leaves no tiles configured.
static void compute(const mpgemm_kernel *real, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  demand(!configured, "no tiles are left from before");
  real->compute(real, call, tile, scratch);
  demand(!configured, "tiles are released");
}

// Defines family_emulated(), the kernel family_amx on these tiles.
#define EMULATED(family)                                                             \
  static void compute_##family(const mpgemm_kernel *kernel, const mpgemm_call *call, \
                               mpgemm_tile tile, void *scratch) {                    \
    (void)kernel;                                                                    \
    compute(&family##_amx, call, tile, scratch);                                     \
  }                                                                                  \
  static mpgemm_kernel family##_emulated(void) {                                     \
    mpgemm_kernel emulated = family##_amx;                                           \
    emulated.name = #family "_emulated_avx512";                                      \
    emulated.isa &= ~(uint64_t)MPGEMM_ISA_AMXINT8;                                   \
    emulated.compute = compute_##family;                                             \
    return emulated;                                                                 \
  }

EMULATED(planar2)
EMULATED(trit5)
EMULATED(trit5_lut)

const mpgemm_kernel *const *mpgemm_plugin(uint32_t host_abi) {
  static mpgemm_kernel planar2, trit5, trit5_lut;
  static const mpgemm_kernel *const kernels[] = {&planar2, &trit5, &trit5_lut, NULL};
  if (host_abi < MPGEMM_ABI) return NULL;
  planar2 = planar2_emulated();
  trit5 = trit5_emulated();
  trit5_lut = trit5_lut_emulated();
  return kernels;
}
