// mpgemm_kernel.h: the contract that every mpGEMM kernel implements.
//
//   y[t][i] = w_scale[i] * x_scale[t] * sum over j of w[i][j] * x[t][j]
//
// for M rows i of weights in {-1, 0, +1}, N tokens t and K inputs j. pack runs once per matrix,
// prepare once per input, compute once per tile. All are pure functions of their arguments.
//
// Memory   The caller owns every buffer: packed on packed_align, the rest on MPGEMM_ALIGN, as large
//          as asked for. Nothing reads past packed or x: both may be mapped files. packed and
//          prepared hold no pointers: they may be moved by memcpy, and a NUMA node can have a copy.
// Shapes   Any m, n, k >= 1. Padding is the kernel's own and adds exactly zero.
// Scales   A layout that holds scales (TQ) packs its reference's for unit weights (1; 0 for an
//          all-zero block) and multiplies by what it finds.
// Threads  The caller cuts prepare into ranges and, when all are done, M x N into tiles, at the
//          plan's steps. compute never cuts K. No bit depends on the cuts: the path taken
//          (AVX2, VNNI, AMX) follows from the shape, never from the tile.
// Sharing  Equal layout: packed is shared. Equal preparation: prepared is shared.
// CPU      isa lies within mpgemm_cpu_isa(). compute sets and releases its own AMX tiles.
// Numbers  x is finite. INT8 codes are -127...127, INT4 -7...7 in a byte. The quantizer:
//          s = 127 / max(max|x|, 1e-5f), code = rint(x * s), scale = 1 / s.
//          tolerance 0: y is (float)sum * (w_scale * x_scale) to the bit, sum being exact.
//          Else |y - exact| <= tolerance * k * max|x| * |w_scale * x_scale| on any data, and the
//          normalised mean square error is at most nmse on random data.
//          Kernels of equal, non-null numerics give equal bits.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MPGEMM_ABI = 1, MPGEMM_ALIGN = 64 };  // ABI: raised when anything is appended

enum { MPGEMM_ACT_FLOAT32 = 0, MPGEMM_ACT_INT8 = 1, MPGEMM_ACT_INT4 = 2 };
enum { MPGEMM_W_TERNARY = 0, MPGEMM_W_BINARY = 1 };  // binary: no zeros to pack

// Instruction sets, as bits. One bit is what one file of a family needs beyond the baseline.
enum {
  MPGEMM_ISA_AVX2 = 1 << 0,    // with FMA and F16C
  MPGEMM_ISA_AVX512 = 1 << 1,  // F, BW, DQ, VL
  MPGEMM_ISA_AVXVNNI = 1 << 2,
  MPGEMM_ISA_AVX512VNNI = 1 << 3,
  MPGEMM_ISA_AVX512VBMI = 1 << 4,
  MPGEMM_ISA_AVX512VPOPCNTDQ = 1 << 5,
  MPGEMM_ISA_AVX512BF16 = 1 << 6,
  MPGEMM_ISA_AMXINT8 = 1 << 7,  // AMX-TILE, AMX-INT8, and the kernel's permission to use them
  MPGEMM_ISA_NEON = 1 << 16,
  MPGEMM_ISA_DOTPROD = 1 << 17,
  MPGEMM_ISA_I8MM = 1 << 18,
  MPGEMM_ISA_SVE = 1 << 19,
};

typedef struct {
  size_t m, n, k;
} mpgemm_shape;

typedef struct {
  size_t m_begin, m_end, n_begin, n_end;
} mpgemm_tile;

typedef struct {
  size_t n_begin, n_end, k_begin, k_end;
} mpgemm_range;

typedef struct {
  const void *x;       // x[t * ldx + j]: float or int8_t, as the kernel's activation says
  size_t ldx;          // elements from one token to the next, >= k
  const float *scale;  // one per token; null: 1
  const int32_t *sum;  // INT8, INT4: the sum of each token's codes; else null
} mpgemm_input;

// One multiplication; its tiles share this.
typedef struct {
  mpgemm_shape shape;
  const void *packed;
  const void *prepared;
  const mpgemm_input *input;  // what prepared was made from
  const float *w_scale;       // row i: w_scale[i * w_scale_stride]; null: 1
  size_t w_scale_stride;      // 0: one scale per tensor, 1: one per row
  float *y;                   // y[t * ldy + i], overwritten, only inside the tile
  size_t ldy;                 // floats from one token to the next, >= m
} mpgemm_call;

// What a shape needs. prepare_* and prepared_size ignore m.
typedef struct {
  size_t prepared_size;
  size_t prepare_n_step, prepare_k_step;  // ranges start at multiples of these; 0: stays whole
  size_t scratch_size;                    // for one thread; contents need no initialisation
  size_t m_step, n_step;                  // tiles start at multiples of these
  size_t m_best, n_best;                  // the tile to aim for, multiples of the steps
} mpgemm_plan;

// For one prepare and for one whole compute: scalar operations and bytes moved, padding included.
typedef struct {
  uint64_t add_i8, add_i16, add_i32, mul_i8, add_f16, mul_f16, add_f32, mul_f32;
  uint64_t bitop, lookup, convert;
  uint64_t weight_bytes, input_bytes, prepared_bytes, scratch_bytes, output_bytes;
} mpgemm_ops;

typedef struct mpgemm_kernel mpgemm_kernel;

struct mpgemm_kernel {                  // Static and const. Append fields, never reorder.
  uint32_t abi, size;                   // MPGEMM_ABI, sizeof(mpgemm_kernel)
  const char *name, *family, *summary;  // name: family[_variant]_isa, "tl2_lossy_avx2"
  const char *layout;                   // of packed: "i2s_128"
  const char *preparation;              // of prepared: "int8_rows"
  const char *numerics;                 // "exact", "tq_q8k"; null: float sums in any order
  uint64_t isa;                         // MPGEMM_ISA_* bits needed; 0: any CPU
  uint32_t activation, weights;         // MPGEMM_ACT_*, MPGEMM_W_*
  float bits_per_weight;                // of a whole block: 8 * packed_size / (m * k) in the limit
  float tolerance, nmse;                // 0, 0: lossless
  size_t packed_align;                  // 32 where a GGUF tensor may be mapped

  size_t (*packed_size)(const mpgemm_kernel *, size_t m, size_t k);

  // Packs w[i * k + j], each in {-1, 0, +1}. Every byte of packed is written.
  void (*pack)(const mpgemm_kernel *, size_t m, size_t k, const int8_t *w, void *packed);

  // Writes w[i * k + j] back; 2 marks a code that no weight packs to.
  void (*unpack)(const mpgemm_kernel *, size_t m, size_t k, const void *packed, int8_t *w);

  void (*plan)(const mpgemm_kernel *, mpgemm_shape, mpgemm_plan *);

  // Prepares the range's part of prepared; ranges that cover n x k fill it wholly.
  void (*prepare)(const mpgemm_kernel *, size_t n, size_t k, const mpgemm_input *, mpgemm_range,
                  void *prepared);

  void (*compute)(const mpgemm_kernel *, const mpgemm_call *, mpgemm_tile, void *scratch);

  // Counts for one prepare of n x k, and for one compute of the whole of shape as one best tile
  // after another. Either may be null.
  void (*count)(const mpgemm_kernel *, mpgemm_shape, mpgemm_ops *prepare, mpgemm_ops *compute);
};

// The bits usable now: CPU and operating system. Asks Linux for AMX permission (idempotent).
uint64_t mpgemm_cpu_isa(void);

// A family's kernels, null last. A plug-in exports one as mpgemm_plugin, and returns null to a host
// whose ABI is older than its own.
typedef const mpgemm_kernel *const *mpgemm_family(uint32_t host_abi);
mpgemm_family mpgemm_plugin;

#ifdef __cplusplus
}
#endif
