// planar2_avx512.c: planar2 in AVX-512 VNNI: a line is a register, a plane one dot product.
//
//   N = 1   planes stay where they are in the byte: masks, no shifts. Plane p's sums are 4^p times
//           too large and are divided, exactly, at the end. A line costs 1 load, 4 masks and 4 dot
//           products whose inputs are broadcast by the load itself.
//   N > 1   planes are shifted down, so that a token needs one sum for all four; LANE_BLOCKS
//           blocks of 16 rows by up to LANE_TOKENS tokens are summed in registers.
//   more    from PLANAR2_PANEL_TOKENS on: the same, but for all tokens planes are shifted once.
#if defined(__x86_64__)

#include "planar2/planar2_512.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

// One token. Blocks are read one after another: a single stream, which memory likes best. Lines
// alternate between two sets of sums, so that none waits for the product before.
static void single(const mpgemm_call *call, size_t i, size_t t, size_t m_end) {
  const size_t lines = planar2_lines(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * int8_rows_stride(call->shape.k);
  const __m512i mask[PLANAR2_PLANES] = {_mm512_set1_epi8(0x03), _mm512_set1_epi8(0x0C),
                                        _mm512_set1_epi8(0x30), _mm512_set1_epi8((char)0xC0)};
  __m512i total = _mm512_setzero_si512();
  for (size_t begin = 0; begin < lines; begin += LANE_PLANE_LINES) {
    const size_t end = min_size(begin + LANE_PLANE_LINES, lines);
    __m512i sum[2][PLANAR2_PLANES];
    for (size_t p = 0; p < PLANAR2_PLANES; p++) {
      sum[0][p] = sum[1][p] = _mm512_setzero_si512();
    }
    for (size_t l = begin; l < end; l += 2) {
      for (size_t s = 0; s < 2 && l + s < end; s++) {
        const uint8_t *from = line + (l + s) * PLANAR2_LINE;
        stream_ahead(from);
        const __m512i codes = _mm512_loadu_si512(from);
        for (size_t p = 0; p < PLANAR2_PLANES; p++) {
          const __m512i input = lanes_broadcast(x + (l + s) * PLANAR2_INPUTS + p * PLANAR2_GROUP);
          const __m512i plane = _mm512_and_si512(codes, mask[p]);
          sum[s][p] = _mm512_dpbusd_epi32(sum[s][p], plane, input);
        }
      }
    }
    __m512i both[PLANAR2_PLANES];
    for (size_t p = 0; p < PLANAR2_PLANES; p++) both[p] = _mm512_add_epi32(sum[0][p], sum[1][p]);
    total = _mm512_add_epi32(total, lanes_add_planes(both));
  }
  lanes_store(call, i, t, m_end, total);
}

// So many blocks and tokens, both constants: every weight is loaded once for all the tokens. Few
// tokens have several partial sums each, since a sum can take a new product only every 4 cycles.
LANES_INLINE void several(const mpgemm_call *call, const uint8_t *unpacked, size_t i, size_t t,
                          size_t blocks, size_t tokens, size_t m_end) {
  (void)unpacked;
  const size_t parts = lanes_parts(tokens);
  const size_t lines = planar2_lines(call->shape.k), stride = int8_rows_stride(call->shape.k);
  const uint8_t *line = planar2_block(call, i);
  const int8_t *x = (const int8_t *)call->prepared + t * stride;
  lanes_sums sums;  // |sum| <= 2 * 127 k
  lanes_clear(&sums, blocks, tokens, parts);
  for (size_t l = 0; l < lines; l++) {
    __m512i plane[PLANAR2_PLANES][LANE_BLOCKS];
    for (size_t b = 0; b < blocks; b++) {
      const uint8_t *from = line + (b * lines + l) * PLANAR2_LINE;
      // The next blocks: 64 bytes of them for each 64 of these.
      _mm_prefetch((const char *)from + blocks * lines * PLANAR2_LINE, _MM_HINT_T0);
      const __m512i codes = _mm512_loadu_si512(from);
#pragma GCC unroll 4
      for (size_t p = 0; p < PLANAR2_PLANES; p++) plane[p][b] = planar2_plane(codes, p);
    }
#pragma GCC unroll 4
    for (size_t p = 0; p < PLANAR2_PLANES; p++) {
      lanes_multiply(plane[p], x + l * PLANAR2_INPUTS + p * PLANAR2_GROUP, stride, blocks, tokens,
                     p % parts, &sums);
    }
  }
  lanes_store_all(call, i, t, blocks, tokens, parts, m_end, &sums);
}

LANES_KERNEL(single, several, LANE_TOKENS, planar2_unpack_block, PLANAR2_PANEL_TOKENS, planar2_plan)

static void count(const mpgemm_kernel *kernel, mpgemm_shape shape, mpgemm_ops *prepare,
                  mpgemm_ops *compute) {
  if (prepare) int8_rows_count(shape, prepare);
  if (!compute) return;
  if (shape.n >= PLANAR2_PANEL_TOKENS) {
    planar2_count_unpack(shape, panel_passes(shape.n), compute);
    panels_lanes_count(shape, planar2_unpacked_bytes(shape.k), compute);
    return;
  }
  const uint64_t blocks = blocks_of(shape.m, PLANAR2_ROWS), lines = planar2_lines(shape.k);
  const uint64_t outputs = blocks * PLANAR2_ROWS * shape.n;
  const uint64_t products = outputs * lines * PLANAR2_INPUTS;
  const lanes_work work = lanes_work_of(shape.n, LANE_TOKENS);
  compute->mul_i8 += products;
  compute->add_i32 += products + outputs;  // the last: less the sum of the codes
  if (shape.n == 1) {
    const uint64_t chunks = blocks_of(lines, LANE_PLANE_LINES);
    compute->bitop += blocks * lines * PLANAR2_PLANES * PLANAR2_LINE;
    // Two sets of sums, and planes to a total.
    compute->add_i32 += 2 * PLANAR2_PLANES * chunks * outputs;
    compute->bitop += (PLANAR2_PLANES - 1) * chunks * outputs;
  } else {
    // Masks of bytes, shifts of dwords.
    compute->bitop += work.passes * blocks * lines *
                      (PLANAR2_PLANES * PLANAR2_LINE + (PLANAR2_PLANES - 1) * PLANAR2_ROWS);
    compute->add_i32 += work.additions * blocks * PLANAR2_ROWS;
  }
  compute->mul_f32 += 2 * outputs;
  compute->convert += outputs;
  compute->weight_bytes += work.passes * planar2_packed_size(kernel, shape.m, shape.k);
  compute->prepared_bytes += lanes_inputs(work, shape.n, blocks) * lines * PLANAR2_INPUTS;
  compute->output_bytes += shape.m * shape.n * sizeof(float);
}

TARGET_END

const mpgemm_kernel planar2_avx512 = {
    PLANAR2_KERNEL,
    .name = "planar2_avx512",
    .summary = "2-bit codes in lines of 16 rows by 16 inputs; AVX-512 VNNI",
    .isa = MPGEMM_ISA_AVX512 | MPGEMM_ISA_AVX512VNNI,
    .plan = plan,
    .compute = compute,
    .count = count,
};

#endif
