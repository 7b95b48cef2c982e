// body.h: the decoder's operations, compiled once an ISA.
//
// The including file opens its target region and defines load_halves and the constants of attention.h
// first. What is written here is plain C: element by element it vectorises as the ISA allows, and sums
// are kept in lanes.

// A last part of a row of floats, filled up with zeros.
ALWAYS_INLINE void load_tail(const float *from, size_t count, lanes *to) {
  float tail[MPGEMM_LANES] = {0};
  memcpy(tail, from, count * sizeof *from);
  memcpy(to, tail, sizeof *to);
}

static void rms_norm(size_t k, const float *x, const float *weight, float epsilon, float *y) {
  lanes sum = {0}, value;
  size_t j = 0;
  for (; j + MPGEMM_LANES <= k; j += MPGEMM_LANES) {
    load_floats(x, j, &value);
    sum += value * value;
  }
  if (j < k) {
    load_tail(x + j, k - j, &value);
    sum += value * value;
  }
  const float mean = total(&sum) / (float)k;
  const float factor = 1.0f / __builtin_sqrtf(mean + epsilon);
  for (j = 0; j < k; j++) {
    const float scaled = x[j] * factor;
    y[j] = scaled * weight[j];
  }
}

static void add(size_t k, const float *restrict y, float *restrict x) {
  for (size_t j = 0; j < k; j++) x[j] += y[j];
}

static void gated_relu2(size_t k, const float *gate, const float *up, float *y) {
  for (size_t j = 0; j < k; j++) {
    const float positive = gate[j] > 0 ? gate[j] : 0;
    y[j] = positive * positive * up[j];
  }
}

// e^x to about 1e-7 of itself: 0 below -87, where floats end, and e^88 from 88 on.
ALWAYS_INLINE float exponential(float x) {
  const float low = x > -87.0f ? x : -87.0f;
  const float inside = low < 88.0f ? low : 88.0f;
  const float shift = 0x1.8p23f;  // adding it rounds to an integer, which is then in the low bits
  const float shifted = inside * 1.44269504088896341f + shift;
  const float n = shifted - shift;
  const float r = inside - n * 0.693359375f - n * -2.12194440e-4f;  // |r| <= ln 2 / 2
  // Cephes' expf: a polynomial of degree 5 in r for (e^r - 1 - r) / r^2.
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float near_1 = p * r * r + r + 1.0f;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127) << 23;  // 2^n; what stands above the integer is shifted out
  float power;
  memcpy(&power, &bits, sizeof power);
  return x < -87.0f ? 0.0f : near_1 * power;
}

static void gated_silu(size_t k, const float *gate, const float *up, float *y) {
  for (size_t j = 0; j < k; j++) {
    const float negative = -gate[j];
    y[j] = gate[j] / (1.0f + exponential(negative)) * up[j];
  }
}

static void rotate(size_t half, const float *restrict cosine, const float *restrict sine,
                   float *restrict x) {
  for (size_t i = 0; i < half; i++) {
    const float a = x[i], b = x[i + half];
    x[i] = a * cosine[i] - b * sine[i];
    x[i + half] = b * cosine[i] + a * sine[i];
  }
}

static void store_half(size_t k, const float *restrict x, uint16_t *restrict y) {
  for (size_t j = 0; j < k; j++) {
    const float low = x[j] > -65504.0f ? x[j] : -65504.0f;
    const float inside = low < 65504.0f ? low : 65504.0f;
    uint32_t bits, small;
    memcpy(&bits, &inside, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    // Thirteen bits fall off: add just under half of their unit, a whole half if the rest is odd.
    const uint32_t normal = (bits - ((uint32_t)112 << 23) + 0x0fff + (bits >> 13 & 1)) >> 13;
    // Below 2^-14 halves are multiples of 2^-24, and so are floats from 0.5 to 1.
    float sum;
    memcpy(&sum, &bits, sizeof sum);
    sum += 0.5f;
    memcpy(&small, &sum, sizeof small);
    small -= 0x3f000000;
    y[j] = (uint16_t)(sign | (bits < 0x38800000 ? small : normal));
  }
}

static void store_int8(size_t k, const float *restrict x, int8_t *restrict y, float *scale) {
  float largest = 0;
  for (size_t j = 0; j < k; j++) {
    const float magnitude = x[j] < 0 ? -x[j] : x[j];
    largest = magnitude > largest ? magnitude : largest;
  }
  largest = largest < 0x1p127f ? largest : 0x1p127f;
  const int is_tiny = largest < 0x1p-100f;  // whose inverse would be beyond floats
  const float inverse = is_tiny ? 0.0f : 127.0f / largest;
  *scale = is_tiny ? 0.0f : largest / 127.0f;
  for (size_t j = 0; j < k; j++) {
    const float code = x[j] * inverse;
    const float low = code > -127.0f ? code : -127.0f;
    const float inside = low < 127.0f ? low : 127.0f;
    const float shift = 0x1.8p23f;  // adding it rounds to an integer, which is then in the low bits
    const float shifted = inside + shift;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    y[j] = (int8_t)(uint8_t)bits;
  }
}

#include "ops/attention.h"

// Rows multiplied side by side, each in lanes of its own, because the additions of one row wait for
// each other. Where a row's bytes keep memory busy at that pace one is enough, and one stream of
// memory is fetched faster than several; int8 rows need four.
enum { MOST_HEAD_ROWS = 4, HEAD_LINE = 64, HEAD_NEAR = 512 };

// Fetches what follows far ahead of a step's bytes into L2 and what follows nearby into L1, as
// support/stream.h says; a line that holds several steps, once.
ALWAYS_INLINE void head_fetch(const char *from, size_t offset, size_t step, size_t far,
                              size_t near) {
  if (offset % HEAD_LINE >= step) return;
  for (size_t line = 0; line < step; line += HEAD_LINE) {
    __builtin_prefetch(from + line + far, 0, 2);
    __builtin_prefetch(from + line + near, 0, 3);
  }
}

// Defines head_TYPE: dot products of side rows at a time with one token after another.
#define HEAD_DOTS(type, load, bytes, side)                                                    \
  ALWAYS_INLINE void add_##type(const char *row, size_t rows, size_t stride, const float *x,  \
                                size_t j, lanes *sum) {                                       \
    lanes input, value;                                                                       \
    load_floats(x, j, &input);                                                                \
    for (size_t r = 0; r < rows; r++) {                                                       \
      load(row + r * bytes(stride), j, &value);                                               \
      sum[r] += value * input;                                                                \
    }                                                                                         \
  }                                                                                           \
  ALWAYS_INLINE void dots_##type(const char *row, size_t rows, size_t stride, const float *x, \
                                 float *dot) {                                                \
    const size_t step = bytes(2 * MPGEMM_LANES);                                              \
    const size_t far = (side) == 1 ? STREAM_FAR : (side) * bytes(stride);                     \
    const size_t near = (side) == 1 ? STREAM_NEAR : HEAD_NEAR;                                \
    lanes sum[MOST_HEAD_ROWS] = {{0}};                                                        \
    size_t j = 0;                                                                             \
    for (; j + 2 * MPGEMM_LANES <= stride; j += 2 * MPGEMM_LANES) {                           \
      for (size_t r = 0; r < rows; r++) {                                                     \
        head_fetch(row + bytes(r * stride + j), bytes(j), step, far, near);                   \
      }                                                                                       \
      add_##type(row, rows, stride, x, j, sum);                                               \
      add_##type(row, rows, stride, x, j + MPGEMM_LANES, sum);                                \
    }                                                                                         \
    if (j < stride) add_##type(row, rows, stride, x, j, sum);                                 \
    for (size_t r = 0; r < rows; r++) dot[r] = total(&sum[r]);                                \
  }                                                                                           \
  static void head_##type(const mpgemm_head *head, size_t begin, size_t end, size_t n,        \
                          const float *x, float *y, size_t ldy) {                             \
    const size_t stride = head->stride;                                                       \
    float dot[MOST_HEAD_ROWS];                                                                \
    for (size_t i = begin; i < end; i += (side)) {                                            \
      const size_t rows = end - i < (side) ? end - i : (side);                                \
      const char *row = (const char *)head->rows + i * bytes(stride);                         \
      for (size_t t = 0; t < n; t++) {                                                        \
        if (rows == (side)) {                                                                 \
          dots_##type(row, (side), stride, x + t * stride, dot);                              \
        } else {                                                                              \
          dots_##type(row, rows, stride, x + t * stride, dot);                                \
        }                                                                                     \
        for (size_t r = 0; r < rows; r++) {                                                   \
          y[t * ldy + i + r] = head->scale ? dot[r] * head->scale[i + r] : dot[r];            \
        }                                                                                     \
      }                                                                                       \
    }                                                                                         \
  }

// Bytes of so many elements of a row.
#define BYTES_F32(count) ((count) * sizeof(float))
#define BYTES_16(count) ((count) * sizeof(uint16_t))
#define BYTES_INT8(count) (count)
#define BYTES_Q6K(count) ((count) * Q6K_BLOCK_BYTES / Q6K_BLOCK)

HEAD_DOTS(f32, load_floats, BYTES_F32, 1)
HEAD_DOTS(f16, load_halves, BYTES_16, 1)
HEAD_DOTS(bf16, load_brains, BYTES_16, 1)
HEAD_DOTS(int8, load_bytes, BYTES_INT8, 4)
HEAD_DOTS(q6k, load_q6k, BYTES_Q6K, 1)

static void head(const mpgemm_head *head, size_t begin, size_t end, size_t n, const float *x,
                 float *y, size_t ldy) {
  switch (head->type) {
    case MPGEMM_HEAD_F32:
      head_f32(head, begin, end, n, x, y, ldy);
      break;
    case MPGEMM_HEAD_F16:
      head_f16(head, begin, end, n, x, y, ldy);
      break;
    case MPGEMM_HEAD_BF16:
      head_bf16(head, begin, end, n, x, y, ldy);
      break;
    case MPGEMM_HEAD_INT8:
      head_int8(head, begin, end, n, x, y, ldy);
      break;
    default:
      head_q6k(head, begin, end, n, x, y, ldy);
  }
}

#define DECODER_OPS                                                                       \
  .rms_norm = rms_norm, .add = add, .gated_relu2 = gated_relu2, .gated_silu = gated_silu, \
  .rotate = rotate, .store_half = store_half, .store_int8 = store_int8, .attend = attend, \
  .head = head
