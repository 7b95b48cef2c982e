// mpgemm_decoder.h: what a decoder does between its linear layers, in float32.
//
// All implementations give the same bits: sums run in 16 lanes that are added in one fixed order at
// the end, nothing is fused, and exp, sin and cos are our own. No bit depends on how many tokens,
// queries or rows a call has, so neither on how the caller cuts its work.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Floats and halves of keys, values and head rows are read in whole lanes: a row's stride is a
// multiple of this, and zeros fill it up.
enum { MPGEMM_LANES = 16, MPGEMM_LARGEST_HEAD_DIM = 512 };

// How keys and values are remembered.
enum { MPGEMM_MEMORY_F16 = 0, MPGEMM_MEMORY_F32 = 1, MPGEMM_MEMORY_INT8 = 2 };

// The keys and values of one head in one layer: position p's at element p * stride, finite.
typedef struct {
  const void *keys, *values;
  const float *key_scale, *value_scale;  // INT8: one a position, what codes are multiplied by
  uint32_t type;                         // MPGEMM_MEMORY_*
  size_t head_dim;                       // at most MPGEMM_LARGEST_HEAD_DIM
  size_t stride;                         // head_dim rounded up to MPGEMM_LANES
} mpgemm_memory;

// Queries that share one key/value head: of each token, as many as the model groups.
typedef struct {
  const float *queries;  // token t's query g at t * ld + g * head_dim
  float *out;            // the same, overwritten
  size_t ld;
  size_t tokens, group;
  size_t visible;  // how many positions the first token sees; each further one sees one more
  float scale;     // of the queries, 1 / sqrt(head_dim)
} mpgemm_queries;

// How a row of the language model's head is stored.
enum {
  MPGEMM_HEAD_F32 = 0,
  MPGEMM_HEAD_F16 = 1,
  MPGEMM_HEAD_BF16 = 2,
  MPGEMM_HEAD_INT8 = 3,
  // llama.cpp's blocks of 256 weights in 210 bytes: four low bits of each, two high bits, a signed
  // scale for each 16, and a half that all scales are multiplied by. k is a multiple of 256.
  MPGEMM_HEAD_Q6K = 4,
};

typedef struct {
  uint32_t type;       // MPGEMM_HEAD_*
  const void *rows;    // row i at i * stride elements, finite
  const float *scale;  // INT8: one a row; else null
  size_t k, stride;    // stride: k rounded up to MPGEMM_LANES
} mpgemm_head;

typedef struct {
  const char *name;  // "portable", "avx2", "avx512"
  uint64_t isa;      // MPGEMM_ISA_* bits needed

  // y[j] = x[j] / sqrt(mean of squares of x + epsilon) * weight[j]; y may be x.
  void (*rms_norm)(size_t k, const float *x, const float *weight, float epsilon, float *y);

  // x[j] += y[j]
  void (*add)(size_t k, const float *y, float *x);

  // y[j] = max(gate[j], 0)^2 * up[j], and gate[j] / (1 + exp(-gate[j])) * up[j]; y may be gate.
  void (*gated_relu2)(size_t k, const float *gate, const float *up, float *y);
  void (*gated_silu)(size_t k, const float *gate, const float *up, float *y);

  // Rotates x[i] and x[i + half] by the angle whose cosine and sine are cos[i] and sin[i].
  void (*rotate)(size_t half, const float *cosine, const float *sine, float *x);

  // Rounds to binary16, ties to even; what is beyond the largest half becomes that.
  void (*store_half)(size_t k, const float *x, uint16_t *y);

  // y[j] = x[j] / scale rounded, ties to even, where *scale = max |x| / 127; all 0 where that is tiny.
  void (*store_int8)(size_t k, const float *x, int8_t *y, float *scale);

  // softmax(queries * keys) * values. scratch: mpgemm_attend_scratch() floats, on MPGEMM_ALIGN.
  // The memory holds as many positions as the last token sees, rounded up to MPGEMM_LANES.
  void (*attend)(const mpgemm_memory *memory, const mpgemm_queries *queries, float *scratch);

  // y[t * ldy + i] = row i of the head times x[t], for rows begin <= i < end and n tokens; x[t]
  // begins at t * head->stride and is filled up with zeros.
  void (*head)(const mpgemm_head *head, size_t begin, size_t end, size_t n, const float *x,
               float *y, size_t ldy);
} mpgemm_decoder_ops;

// The implementations of this build, most demanding first, null last; the last is portable.
const mpgemm_decoder_ops *const *mpgemm_decoder_ops_list(void);

// Floats of scratch for one call of attend.
size_t mpgemm_attend_scratch(size_t queries, size_t stride, size_t positions);

// y = a row of k weights in blocks of MPGEMM_HEAD_Q6K.
void mpgemm_q6k_row(size_t k, const void *row, float *y);

// cosine and sine[p * half + i] of p * theta^(-i / half), over factor[i] unless factor is null, for
// positions p from 0. Computed in double.
void mpgemm_rotary_table(size_t half, size_t positions, double theta, const float *factor,
                         float *cosine, float *sine);

#ifdef __cplusplus
}
#endif
