// trit5_amx.c: trit5 in AMX where there are many tokens, in AVX-512 VNNI where there are few.
//
// A digit of a line is a row of a tile of weights; see support/panels_amx.h.
#if defined(__x86_64__)

#include "support/panels_amx.h"
#include "trit5/trit5_512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

static void unpack(const mpgemm_call *call, size_t i, uint8_t *unpacked) {
  const size_t lines = trit5_lines(call->shape.k);
  const uint8_t *line = trit5_block(call, i);
  const __m512i mask = _mm512_set1_epi8(3);
  for (size_t l = 0; l < lines; l++) {
    _mm_prefetch((const char *)line + l * TRIT5_LINE + LANE_PREFETCH_SINGLE, _MM_HINT_T0);
    __m512i q = _mm512_loadu_si512(line + l * TRIT5_LINE);
    for (size_t d = 0; d < TRIT5_DIGITS; d++) {
      // Bits of a neighbouring byte come in from above and are masked away.
      const __m512i digit = _mm512_andnot_si512(_mm512_srli_epi16(trit5_complement(q), 6), mask);
      _mm512_storeu_si512(unpacked + (l * TRIT5_DIGITS + d) * TILE_ROW, digit);
      q = trit5_next_fraction(q);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel;
  if (call->shape.n < TILES_TOKENS) {
    trit5_avx512.compute(&trit5_avx512, call, tile, scratch);
  } else {
    panels_compute(call, tile, TRIT5_INPUTS, unpack, scratch);
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  if (shape.n < TILES_TOKENS) {
    trit5_avx512.plan(&trit5_avx512, shape, plan);
  } else {
    panels_plan(shape, TRIT5_INPUTS, plan);
  }
}

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (shape.n < TILES_TOKENS) {
    trit5_avx512.count(&trit5_avx512, shape, prepare, compute);
    return;
  }
  if (prepare) int8_tiles_count(shape, prepare);
  if (!compute) return;
  const uint64_t packed = trit5_packed_size(kernel, shape.m, shape.k);
  const uint64_t passes = panel_passes(shape.n);
  compute->weight_bytes += passes * packed;
  compute->add_i8 += passes * packed * (2 * TRIT5_DIGITS + 2 * (TRIT5_DIGITS - 1));
  compute->bitop += passes * packed * 2 * TRIT5_DIGITS;                // bytes
  compute->bitop += passes * packed / sizeof(int16_t) * TRIT5_DIGITS;  // shifts of 16 bits
  panels_count(shape, trit5_lines(shape.k) * TRIT5_DIGITS * TILE_ROW, compute);
}

const mpgemm_kernel trit5_amx = {
    TRIT5_LAYOUT,
    .name = "trit5_amx",
    .summary = "five weights a byte, 1.6 bits; AMX from 16 tokens on",
    .preparation = "int8_tiles",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI | MPGEMM_ISA_AMXINT8,
    .plan = plan,
    .prepare = int8_tiles_prepare,
    .compute = compute,
    .count = count,
};

#endif
