// throughput_amx.c: products of int8 tiles, four sums side by side.
#if defined(__x86_64__)

#include <immintrin.h>

#include "probes/throughput.h"
#include "support/target.h"

TARGET_BEGIN("amx-int8,amx-tile,avx512f")

enum { TILES = 4, TILE_ROWS = 16, TILE_BYTES = 64, TILE_PRODUCTS = 16 * 16 * 64 };

// Palette 1, eight tiles of 16 rows of 64 bytes: four sums, two factors each of A and B.
static void configure(void) {
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t column_bytes[16];
    uint8_t rows[16];
  } __attribute__((aligned(64))) tiles = {.palette = 1};
  for (size_t j = 0; j < 8; j++) {
    tiles.column_bytes[j] = TILE_BYTES;
    tiles.rows[j] = TILE_ROWS;
  }
  _tile_loadconfig(&tiles);
}

static void run(size_t turns) {
  configure();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (size_t turn = 0; turn < turns; turn++) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
}

const mpgemm_throughput_probe throughput_amx = {
    .name = "tdpbusd",
    .operation = "mul_i8",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AMXINT8,
    .operations = TILES * TILE_PRODUCTS,
    .run = run,
};

TARGET_END

#endif
