// mutants.c: a plug-in of one sound kernel, and of copies of it that each have one defect.
//
// The conformance suite must pass the sound one and reject every other for its own defect.
#include "sound.h"

static size_t min_size(size_t a, size_t b) {
  return a < b ? a : b;
}

// Sums 32 blocks of 128 weights in 16 lanes of int16, as bitnet.cpp's I2_S does: a lane then holds
// up to 256 products of a code 0...2 and +-127, and 256 * 2 * 127 > 32767.
static void compute_int16(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                          void *scratch) {
  enum { LANES = 16, CHUNK = 32 * 128 };
  (void)kernel;
  (void)scratch;
  const size_t k = call->shape.k;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++) {
      int32_t sum = 0;
      for (size_t begin = 0; begin < k; begin += CHUNK) {
        uint16_t lanes[LANES] = {0};  // wraps, as SIMD does
        for (size_t j = begin; j < min_size(begin + CHUNK, k); j++)
          lanes[j % LANES] =
              (uint16_t)(lanes[j % LANES] + (weights_of(call, i)[j] + 1) * token_of(call, t)[j]);
        for (size_t lane = 0; lane < LANES; lane++) sum += (int16_t)lanes[lane];
      }
      store(call, i, t, sum - call->input->sum[t]);
    }
}

// Drops what is left of K after whole blocks.
static void compute_tail(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                         void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++)
      store(call, i, t, dot(call, i, t, call->shape.k / BLOCK * BLOCK));
}

// Multiplies every token by token 0's activations, as bitnet.cpp's TL2 does for N > 1.
static void compute_token(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                          void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++)
      store(call, i, t, dot(call, i, 0, call->shape.k));
}

// Multiplies by the scales one after the other: one unit in the last place off, now and then.
static void compute_rounding(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                             void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++)
      call->y[t * call->ldy + i] =
          (float)dot(call, i, t, call->shape.k) * w_scale(call, i) * x_scale(call, t);
}

// Takes one scale for all rows.
static void compute_scale(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                          void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++)
      call->y[t * call->ldy + i] =
          (float)dot(call, i, t, call->shape.k) * (call->w_scale[0] * x_scale(call, t));
}

// Writes four rows at a time, also where the tile has fewer and y has room.
static void compute_outside(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                            void *scratch) {
  compute(kernel, call, tile, scratch);
  const size_t end = min_size((tile.m_end + 3) / 4 * 4, call->shape.m);
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_end; i < end; i++) store(call, i, t, 0);
}

// Has a second path for tiles of four rows and more, which is sound within the tolerance.
static void compute_tiles(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                          void *scratch) {
  (tile.m_end - tile.m_begin < 4 ? compute : compute_rounding)(kernel, call, tile, scratch);
}

// Takes scratch for cleared.
static void compute_scratch(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                            void *scratch) {
  (void)kernel;
  int32_t *sum = scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++) {
      *sum += dot(call, i, t, call->shape.k);
      store(call, i, t, *sum);
      *sum = 0;
    }
}

// Adds to y instead of overwriting it.
static void compute_accumulate(const mpgemm_kernel *kernel, const mpgemm_call *call,
                               mpgemm_tile tile, void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++)
      call->y[t * call->ldy + i] +=
          (float)dot(call, i, t, call->shape.k) * (w_scale(call, i) * x_scale(call, t));
}

// Drops the low three bits of each activation: errors of up to 7 in 127, of one sign.
static void compute_lossy(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                          void *scratch) {
  (void)kernel;
  (void)scratch;
  for (size_t t = tile.n_begin; t < tile.n_end; t++)
    for (size_t i = tile.m_begin; i < tile.m_end; i++) {
      int32_t sum = 0;
      for (size_t j = 0; j < call->shape.k; j++)
        sum += weights_of(call, i)[j] * (token_of(call, t)[j] >> 3);  // rounds down
      store(call, i, t, 8 * sum);
    }
}

// Reads the weights' vector after the last.
static void compute_overread(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                             void *scratch) {
  compute(kernel, call, tile, scratch);
  const volatile int8_t *next = weights_of(call, tile.m_end);
  (void)next[BLOCK];
}

// Leaves the padding of each row as it was.
static void pack_padding(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w,
                         void *packed) {
  (void)kernel;
  for (size_t i = 0; i < m; i++) memcpy((int8_t *)packed + i * row_stride(k), w + i * k, k);
}

// Reads the last row back one place off.
static void unpack_shifted(const mpgemm_kernel *kernel, size_t m, size_t k, const void *packed,
                           int8_t *w) {
  unpack(kernel, m, k, packed, w);
  memcpy(w + (m - 1) * k, (const int8_t *)packed + (m - 1) * row_stride(k) + 1, k - 1);
}

// Pads at the end of every range, not only of the last.
static void prepare_ranges(const mpgemm_kernel *kernel, size_t n, size_t k,
                           const mpgemm_input *input, mpgemm_range range, void *prepared) {
  prepare(kernel, n, k, input, range, prepared);
  for (size_t t = range.n_begin; t < range.n_end; t++)
    memset((int8_t *)prepared + t * row_stride(k) + range.k_end, 0, row_stride(k) - range.k_end);
}

// Takes the activations for contiguous.
static void prepare_stride(const mpgemm_kernel *kernel, size_t n, size_t k,
                           const mpgemm_input *input, mpgemm_range range, void *prepared) {
  mpgemm_input contiguous = *input;
  contiguous.ldx = k;
  prepare(kernel, n, k, &contiguous, range, prepared);
}

// Aims for a tile that is no multiple of its steps.
static void plan_best(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *p) {
  plan(kernel, shape, p);
  p->m_step = 4;
  p->m_best = 6;
}

// Declares that no weights are read.
static void count_nothing(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                          mpgemm_ops *compute) {
  count(kernel, shape, prepare, compute);
  if (compute) compute->weight_bytes = 0;
}

MUTANT(sound, EXACT, pack, unpack, plan, prepare, compute, count);
MUTANT(int16, EXACT, pack, unpack, plan, prepare, compute_int16, count);
MUTANT(tail, EXACT, pack, unpack, plan, prepare, compute_tail, count);
MUTANT(token, EXACT, pack, unpack, plan, prepare, compute_token, count);
MUTANT(rounding, EXACT, pack, unpack, plan, prepare, compute_rounding, count);
MUTANT(scale, EXACT, pack, unpack, plan, prepare, compute_scale, count);
MUTANT(outside, EXACT, pack, unpack, plan, prepare, compute_outside, count);
MUTANT(scratch, EXACT, pack, unpack, plan, prepare, compute_scratch, count);
MUTANT(accumulate, EXACT, pack, unpack, plan, prepare, compute_accumulate, count);
MUTANT(padding, EXACT, pack_padding, unpack, plan, prepare, compute, count);
MUTANT(unpacked, EXACT, pack, unpack_shifted, plan, prepare, compute, count);
MUTANT(ranges, EXACT, pack, unpack, plan, prepare_ranges, compute, count);
MUTANT(stride, EXACT, pack, unpack, plan, prepare_stride, compute, count);
MUTANT(best, EXACT, pack, unpack, plan_best, prepare, compute, count);
MUTANT(counts, EXACT, pack, unpack, plan, prepare, compute, count_nothing);
MUTANT(bits, .bits_per_weight = 7, pack, unpack, plan, prepare, compute, count);
MUTANT(tiles, LOSSY(NULL, 1e-6f, 1e-9f), pack, unpack, plan, prepare, compute_tiles, count);
MUTANT(tolerance, LOSSY(NULL, 0.01f, 0.1f), pack, unpack, plan, prepare, compute_lossy, count);
MUTANT(nmse, LOSSY(NULL, 1, 1e-9f), pack, unpack, plan, prepare, compute_lossy, count);
// These two declare equal bits, and differ.
MUTANT(numerics, LOSSY("mutant", 1, 0.1f), pack, unpack, plan, prepare, compute_lossy, count);
MUTANT(peer, LOSSY("mutant", 1, 0.1f), pack, unpack, plan, prepare, compute, count);
// Ends the process.
MUTANT(overread, EXACT, pack, unpack, plan, prepare, compute_overread, count);

const mpgemm_kernel *const *mpgemm_plugin(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &sound,      &int16,     &tail,     &token,    &rounding, &scale,    &outside, &scratch,
      &accumulate, &padding,   &unpacked, &ranges,   &stride,   &best,     &counts,  &bits,
      &tiles,      &tolerance, &nmse,     &numerics, &peer,     &overread, NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
