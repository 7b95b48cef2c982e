// trit5.h: five weights a byte, multiplied without being taken apart.
//
// Layout "trit5_16". A line is 64 bytes, one vector register, of 16 rows by 20 inputs:
//   digit = w + 1, so -1, 0, +1 are 0, 1, 2.
//   Dword r of a line is row r of 16. Its byte b holds the digits of inputs b, b + 4, b + 8, b + 12
//   and b + 16, the first one most significant, as a number v of base 3 in 0...242, stored as the
//   fixed-point fraction q = ceil(256 v / 243), which is that of llama.cpp's TQ1_0.
//   Then q is the first digit's q0, and, modulo 256,
//     q1 = 3 q0, q2 = 3 q1, ...   with   digit j = floor(3 qj / 256) = (3 qj - q(j + 1)) / 256.
//   Lines of one block of 16 rows follow one another over the inputs; blocks follow one another.
//   Rows and inputs beyond M and K are zero weights (digit 1). No scale is stored.
//   1.6 bits a weight.
//
// From the right-hand side, sum(digit * x) = (3 sum(qj * x) - sum(q(j + 1) * x)) / 256, exactly: two
// dot products of whole bytes and no digit is ever isolated. Modulo 2^32 the two sums may overflow,
// as long as 256 * sum(digit * x) does not.
//
// sum(digit * x) = sum(w * x) + sum(x), and input->sum holds sum(x). Padding adds nothing because
// the prepared activations there are zero.
#pragma once

#include "mpgemm_kernel.h"
#include "support/rows.h"

enum {
  TRIT5_ROWS = 16,    // rows of a line
  TRIT5_DIGITS = 5,   // of a byte
  TRIT5_GROUP = 4,    // inputs that one dword lane multiplies at once
  TRIT5_INPUTS = 20,  // inputs of a line
  TRIT5_LINE = 64,    // bytes of a line
  TRIT5_VALUES = 243,
  // Lines whose digits are summed together: 256 * 1024 lines * 20 inputs * 2 * 127 < 2^31.
  TRIT5_CHUNK = 1024,
};

static inline size_t trit5_lines(size_t k) {
  return blocks_of(k, TRIT5_INPUTS);
}

// The lines whose inputs all lie within a prepared row; at most one more follows.
static inline size_t trit5_whole_lines(size_t k) {
  return min_size(trit5_lines(k), int8_rows_stride(k) / TRIT5_INPUTS);
}

// The bytes of a prepared row that its lines read; the last line may reach beyond the row.
static inline size_t trit5_prepared_bytes(size_t k) {
  return min_size(trit5_lines(k) * TRIT5_INPUTS, int8_rows_stride(k));
}

// Bytes of a block whose digits have a byte each.
static inline size_t trit5_unpacked_bytes(size_t k) {
  return trit5_lines(k) * TRIT5_DIGITS * TRIT5_LINE;
}

// The first line of the block that row i lies in; i is a multiple of 16.
static inline const uint8_t *trit5_block(const mpgemm_call *call, size_t i) {
  return (const uint8_t *)call->packed + i / TRIT5_ROWS * trit5_lines(call->shape.k) * TRIT5_LINE;
}

size_t trit5_packed_size(const mpgemm_kernel *kernel, size_t m, size_t k);
void trit5_pack(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w, void *packed);
void trit5_unpack(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed, int8_t *w);
void trit5_plan(mpgemm_shape shape, size_t m_best, size_t n_best, mpgemm_plan *plan);

// Packs and unpacks lines whose bytes are what encode makes of the value v of five digits, 0...242;
// decode gives TRIT5_VALUES for a byte that no digits pack to.
void trit5_pack_values(size_t m, size_t k, const int8_t *w, void *packed,
                       uint8_t (*encode)(unsigned value));
void trit5_unpack_values(size_t m, size_t k, const void *packed, int8_t *w,
                         unsigned (*decode)(uint8_t byte));

// Copies the inputs of the last line, where a prepared row ends within them, and zeros after them.
void trit5_tail(const mpgemm_call *call, size_t t, int8_t tail[TRIT5_INPUTS]);

// What all of the family's descriptors share; those of this layout; those that read plain rows.
#define TRIT5_FIELDS                                                                        \
  .abi = MPGEMM_ABI, .size = sizeof(mpgemm_kernel), .family = "trit5", .numerics = "exact", \
  .activation = MPGEMM_ACT_INT8, .weights = MPGEMM_W_TERNARY, .bits_per_weight = 1.6f,      \
  .tolerance = 0, .nmse = 0, .packed_align = TRIT5_LINE, .packed_size = trit5_packed_size
#define TRIT5_LAYOUT TRIT5_FIELDS, .layout = "trit5_16", .pack = trit5_pack, .unpack = trit5_unpack
#define TRIT5_KERNEL TRIT5_LAYOUT, .preparation = "int8_rows", .prepare = int8_rows_prepare

extern const mpgemm_kernel trit5_portable;
#if defined(__x86_64__)
extern const mpgemm_kernel trit5_avx2;
extern const mpgemm_kernel trit5_avxvnni;
extern const mpgemm_kernel trit5_avx512;
extern const mpgemm_kernel trit5_amx;
#elif defined(__aarch64__)
extern const mpgemm_kernel trit5_neon, trit5_dotprod;
#endif
