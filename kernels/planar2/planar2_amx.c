// planar2_amx.c: planar2 in AMX where there are many tokens, in AVX-512 VNNI where there are few.
//
// A plane of a line, shifted down, is a row of a tile of weights; see support/panels_amx.h.
#if defined(__x86_64__)

#include "planar2/planar2.h"
#include "support/panels_amx.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

static void unpack(const mpgemm_call *call, size_t i, uint8_t *unpacked) {
  const size_t lines = planar2_lines(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const __m512i mask = _mm512_set1_epi8(3);
  for (size_t l = 0; l < lines; l++) {
    const __m512i codes = _mm512_loadu_si512(line + l * PLANAR2_LINE);
    _mm_prefetch((const char *)line + l * PLANAR2_LINE + LANE_PREFETCH_SINGLE, _MM_HINT_T0);
    __m512i *plane = (__m512i *)(unpacked + l * PLANAR2_PLANES * TILE_ROW);
    // Bits of a neighbouring byte come in from above and are masked away.
    _mm512_storeu_si512(plane + 0, _mm512_and_si512(codes, mask));
    _mm512_storeu_si512(plane + 1, _mm512_and_si512(_mm512_srli_epi32(codes, 2), mask));
    _mm512_storeu_si512(plane + 2, _mm512_and_si512(_mm512_srli_epi32(codes, 4), mask));
    _mm512_storeu_si512(plane + 3, _mm512_and_si512(_mm512_srli_epi32(codes, 6), mask));
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n < TILES_TOKENS) {
    planar2_avx512.compute(&planar2_avx512, call, tile, scratch);
  } else {
    panels_compute(call, tile, PLANAR2_INPUTS, unpack, scratch);
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  if (shape.n < TILES_TOKENS) {
    planar2_avx512.plan(&planar2_avx512, shape, plan);
  } else {
    panels_plan(shape, PLANAR2_INPUTS, plan);
  }
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (shape.n < TILES_TOKENS) {
    planar2_avx512.count(&planar2_avx512, shape, prepare, compute);
    return;
  }
  if (prepare) int8_tiles_count(shape, prepare);
  if (!compute) return;
  const uint64_t packed = planar2_packed_size(kernel, shape.m, shape.k);
  const uint64_t passes = panel_passes(shape.n);
  compute->weight_bytes += passes * packed;
  // Masks of bytes, shifts of 32 bits.
  compute->bitop += passes * packed * PLANAR2_PLANES;
  compute->bitop += passes * packed / sizeof(int32_t) * (PLANAR2_PLANES - 1);
  panels_count(shape, planar2_lines(shape.k) * PLANAR2_PLANES * TILE_ROW, compute);
}

const mpgemm_kernel planar2_amx = {
    PLANAR2_LAYOUT,
    .name = "planar2_amx",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; AMX from 16 tokens on",
    .preparation = "int8_tiles",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI | MPGEMM_ISA_AMXINT8,
    .plan = plan,
    .prepare = int8_tiles_prepare,
    .compute = compute,
    .count = count,
};

#endif
