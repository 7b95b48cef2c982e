// planar2_sve.c: planar2 in SVE, for vectors of any length.
//
// A line of 64 bytes is read in pieces of a vector's length: four at 128 bits, two at 256, one at
// 512 and, the rest of it idle, at more. A piece is summed over the whole of K before the next one
// starts. Inputs are loaded 16 at a time and repeated over the vector; a dot product picks the four
// inputs of its plane by their lane.
#if defined(__aarch64__)

#include <arm_sve.h>

#include "planar2/planar2.h"
#include "support/target.h"

enum {
  TOKENS = 4,
  N_BEST = 64,
  PREFETCH = 2048,  // bytes ahead of the stream
  // Lines that N = 1 sums before planes are brought to one scale: a sum of plane 2 grows by at most
  // 4 * 2 * 16 * 127 a line, so that 2^16 lines stay below 2^31 / 2.
  CHUNK_LINES = 1 << 16,
};

TARGET_BEGIN("arch=armv8.2-a+sve")

#define INLINE static inline __attribute__((always_inline))

// The codes of one plane as signed bytes. Shifts are of bytes: nothing comes in from a neighbour.
INLINE svint8_t plane_of(svbool_t bytes, svuint8_t codes, uint8_t shift) {
  return svreinterpret_s8_u8(svand_n_u8_x(bytes, svlsr_n_u8_x(bytes, codes, shift), 3));
}

// Adds the products of a piece of a line and one token's 16 inputs. |sum| <= 2 * 127 k.
INLINE svint32_t add_planes(svint32_t sum, svint8_t plane0, svint8_t plane1, svint8_t plane2,
                            svint8_t plane3, const int8_t *x) {
  const svint8_t input = svld1rq_s8(svptrue_b8(), x);
  sum = svdot_lane_s32(sum, plane0, input, 0);
  sum = svdot_lane_s32(sum, plane1, input, 1);
  sum = svdot_lane_s32(sum, plane2, input, 2);
  return svdot_lane_s32(sum, plane3, input, 3);
}

// Writes the sums of a piece's rows, those within the predicate.
INLINE void store(const mpgemm_call *call, size_t i, size_t t, svbool_t rows, svint32_t sum) {
  svfloat32_t scale = svdup_n_f32(1.0f);
  if (call->w_scale && call->w_scale_stride) {
    scale = svld1_f32(rows, call->w_scale + i);
  } else if (call->w_scale) {
    scale = svdup_n_f32(*call->w_scale);
  }
  scale = svmul_n_f32_x(rows, scale, call->input->scale ? call->input->scale[t] : 1.0f);
  const svint32_t exact = svsub_n_s32_x(rows, sum, call->input->sum[t]);
  const svfloat32_t y = svmul_f32_x(rows, svcvt_f32_s32_x(rows, exact), scale);
  svst1_f32(rows, call->y + t * call->ldy + i, y);
}

// One token by one piece: planes 0 to 2 stay in place, as in planar2_dotprod.h.
INLINE svint32_t single(const uint8_t *piece, const int8_t *x, svbool_t bytes, size_t lines) {
  svint32_t ones = svdup_n_s32(0), fours = ones, sixteens = ones, last = ones;
  for (size_t l = 0; l < lines; l++, piece += PLANAR2_LINE, x += PLANAR2_INPUTS) {
    __builtin_prefetch(piece + PREFETCH);
    const svuint8_t codes = svld1_u8(bytes, piece);
    const svint8_t input = svld1rq_s8(svptrue_b8(), x);
    const svuint8_t plane0 = svand_n_u8_x(bytes, codes, 0x03);
    const svuint8_t plane1 = svand_n_u8_x(bytes, codes, 0x0C);
    const svuint8_t plane2 = svand_n_u8_x(bytes, codes, 0x30);
    const svuint8_t plane3 = svlsr_n_u8_x(bytes, codes, 6);
    ones = svdot_lane_s32(ones, svreinterpret_s8_u8(plane0), input, 0);
    fours = svdot_lane_s32(fours, svreinterpret_s8_u8(plane1), input, 1);
    sixteens = svdot_lane_s32(sixteens, svreinterpret_s8_u8(plane2), input, 2);
    last = svdot_lane_s32(last, svreinterpret_s8_u8(plane3), input, 3);
  }
  const svbool_t all = svptrue_b32();
  const svint32_t scaled =
      svadd_s32_x(all, svasr_n_s32_x(all, fours, 2), svasr_n_s32_x(all, sixteens, 4));
  return svadd_s32_x(all, svadd_s32_x(all, ones, last), scaled);
}

// Up to TOKENS tokens, from t on, by one piece, whose first row is i.
INLINE void several(const mpgemm_call *call, const uint8_t *piece, svbool_t bytes, svbool_t rows,
                    size_t i, size_t t, size_t tokens) {
  const size_t lines = planar2_lines(call->shape.k), stride = int8_rows_stride(call->shape.k);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  svint32_t sum0 = svdup_n_s32(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (size_t l = 0; l < lines; l++, piece += PLANAR2_LINE, x += PLANAR2_INPUTS) {
    __builtin_prefetch(piece + PREFETCH);
    const svuint8_t codes = svld1_u8(bytes, piece);
    const svint8_t plane0 = svreinterpret_s8_u8(svand_n_u8_x(bytes, codes, 3));
    const svint8_t plane1 = plane_of(bytes, codes, 2), plane2 = plane_of(bytes, codes, 4);
    const svint8_t plane3 = svreinterpret_s8_u8(svlsr_n_u8_x(bytes, codes, 6));
    sum0 = add_planes(sum0, plane0, plane1, plane2, plane3, x);
    if (tokens > 1) sum1 = add_planes(sum1, plane0, plane1, plane2, plane3, x + stride);
    if (tokens > 2) sum2 = add_planes(sum2, plane0, plane1, plane2, plane3, x + 2 * stride);
    if (tokens > 3) sum3 = add_planes(sum3, plane0, plane1, plane2, plane3, x + 3 * stride);
  }
  store(call, i, t, rows, sum0);
  if (tokens > 1) store(call, i, t + 1, rows, sum1);
  if (tokens > 2) store(call, i, t + 2, rows, sum2);
  if (tokens > 3) store(call, i, t + 3, rows, sum3);
}

// One piece by the tile's tokens.
static void multiply(const mpgemm_call *call, const uint8_t *piece, svbool_t bytes, svbool_t rows,
                     size_t i, mpgemm_tile tile) {
  if (call->shape.n == 1) {
    const size_t lines = planar2_lines(call->shape.k);
    svint32_t sum = svdup_n_s32(0);
    for (size_t l = 0; l < lines; l += CHUNK_LINES) {
      const int8_t *x = (const int8_t *)call->prepared + l * PLANAR2_INPUTS;
      const size_t count = min_size(CHUNK_LINES, lines - l);
      sum = svadd_s32_x(rows, sum, single(piece + l * PLANAR2_LINE, x, bytes, count));
    }
    store(call, i, 0, rows, sum);
    return;
  }
  for (size_t t = tile.n_begin; t < tile.n_end; t += TOKENS) {
    switch (tile.n_end - t) {
      case 1:
        several(call, piece, bytes, rows, i, t, 1);
        break;
      case 2:
        several(call, piece, bytes, rows, i, t, 2);
        break;
      case 3:
        several(call, piece, bytes, rows, i, t, 3);
        break;
      default:
        several(call, piece, bytes, rows, i, t, TOKENS);
    }
  }
}

static void compute(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile,
                    void *scratch) {
  (void)kernel, (void)scratch;
  for (size_t i = tile.m_begin; i < tile.m_end; i += PLANAR2_ROWS) {
    const uint8_t *block = planar2_block(call, i);
    for (size_t b = 0; b < PLANAR2_LINE; b += svcntb()) {
      const size_t row = i + b / PLANAR2_GROUP;
      if (row >= tile.m_end) break;
      const size_t row_end = min_size(i + PLANAR2_ROWS, tile.m_end);
      const svbool_t bytes = svwhilelt_b8_u64(b, PLANAR2_LINE);
      multiply(call, block + b, bytes, svwhilelt_b32_u64(row, row_end), row, tile);
    }
  }
}

TARGET_END

static void plan(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_plan *plan) {
  (void)kernel;
  planar2_plan(shape, 4 * PLANAR2_ROWS, N_BEST, plan);
}

// What lanes within a line do, whatever the vector's length; pieces beyond M are not read.
static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  const uint64_t blocks = blocks_of(shape.m, PLANAR2_ROWS), lines = planar2_lines(shape.k);
  const uint64_t outputs = blocks * PLANAR2_ROWS * shape.n, stored = (uint64_t)shape.m * shape.n;
  const uint64_t products = outputs * lines * PLANAR2_INPUTS;
  const uint64_t passes = blocks_of(shape.n, TOKENS);  // over the weights; TOKENS divides N_BEST
  const uint64_t masks = shape.n == 1 ? 4 : 6;
  compute->bitop += passes * blocks * lines * masks * PLANAR2_LINE;
  compute->mul_i8 += products;
  compute->add_i32 += products + stored;
  if (shape.n == 1) {
    const uint64_t chunks = blocks_of(lines, CHUNK_LINES) * outputs;
    compute->bitop += 2 * chunks;
    compute->add_i32 += 4 * chunks;
  }
  compute->convert += stored;
  compute->mul_f32 += 2 * stored;
  compute->weight_bytes += passes * planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += blocks * shape.n * lines * PLANAR2_INPUTS;
  compute->output_bytes += stored * sizeof(float);
}

const mpgemm_kernel planar2_sve = {
    PLANAR2_KERNEL,
    .name = "planar2_sve",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; SVE of any length",
    .isa = MPGEMM_ISA_NEON | MPGEMM_ISA_SVE,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
