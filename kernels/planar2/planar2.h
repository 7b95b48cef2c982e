// planar2.h: two bits a weight in lines of 16 rows by 16 inputs, made for dot products of bytes.
//
// Layout "planar2_16". A line is 64 bytes, one vector register:
//   code = w + 1, so -1, 0, +1 are 0, 1, 2; 3 does not occur.
//   Dword r of a line is row r of 16. Its byte b holds four inputs, in planes of two bits:
//     bits 1:0  input b      bits 3:2  input b + 4
//     bits 5:4  input b + 8  bits 7:6  input b + 12
//   so that plane p of the whole line, isolated by a mask, is what a dot product of bytes wants: in
//   each dword four weights of one row, to be multiplied by the four inputs 4 p to 4 p + 3, which
//   all rows share. Sums stay in the row's lane; nothing is ever added across lanes.
//   Lines of one block of 16 rows follow one another over the inputs; blocks follow one another.
//   Rows and inputs beyond M and K are zero weights (code 1). No scale is stored.
//
// With codes instead of weights, sum(code * x) = sum(w * x) + sum(x), and input->sum holds sum(x).
// Padding adds nothing because the prepared activations there are zero.
#pragma once

#include "mpgemm_kernel.h"
#include "support/rows.h"

enum {
  PLANAR2_ROWS = 16,    // rows of a line
  PLANAR2_INPUTS = 16,  // inputs of a line
  PLANAR2_PLANES = 4,
  PLANAR2_LINE = 64,  // bytes of a line
  PLANAR2_GROUP = 4,  // inputs of a plane: what one dword lane multiplies at once
};

// The lines of one block of 16 rows.
static inline size_t planar2_lines(size_t k) {
  return blocks_of(k, PLANAR2_INPUTS);
}

// Bytes of a block whose codes have a byte each.
static inline size_t planar2_unpacked_bytes(size_t k) {
  return planar2_lines(k) * PLANAR2_PLANES * PLANAR2_LINE;
}

// The first line of the block that row i lies in; i is a multiple of 16.
static inline const uint8_t *planar2_block(const mpgemm_call *call, size_t i) {
  const size_t block = i / PLANAR2_ROWS;
  return (const uint8_t *)call->packed + block * planar2_lines(call->shape.k) * PLANAR2_LINE;
}

size_t planar2_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void planar2_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void planar2_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);

// The plan of every kernel of the family, given its best tile.
void planar2_plan(mpgemm_shape shape, size_t m_best, size_t n_best, mpgemm_plan *plan);

// What all of the family's descriptors share, and those of them that read plain activation rows.
#define PLANAR2_LAYOUT                                                                           \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "planar2", .layout = "planar2_16", \
  .numerics = "exact", .activation = MPGEMM_ACT_INT8, .weights = MPGEMM_W_TERNARY,               \
  .bits_per_weight = 2, .tolerance = 0, .nmse = 0, .packed_align = PLANAR2_LINE,                 \
  .packed_size = planar2_packed_size, .pack = planar2_pack, .unpack = planar2_unpack
#define PLANAR2_KERNEL PLANAR2_LAYOUT, .preparation = "int8_rows", .prepare = int8_rows_prepare

extern const mpgemm_kernel planar2_portable;
#if defined(__x86_64__)
extern const mpgemm_kernel planar2_avx2;
extern const mpgemm_kernel planar2_avxvnni;
extern const mpgemm_kernel planar2_avx512;
extern const mpgemm_kernel planar2_amx;
#elif defined(__aarch64__)
extern const mpgemm_kernel planar2_neon, planar2_dotprod, planar2_i8mm, planar2_sve;
#endif
