// probes_neon.c: the read probe of 16-byte loads.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "mpgemm_kernel.h"
#include "probes/probes.h"

// Bytes of the stream for each turn of the loop: four lines, sixteen loads.
enum { TURN = 4 * LINE, SUMS = 8 };

static inline __attribute__((always_inline)) uint64_t read_stream(const void *buffer, size_t bytes,
                                                                  size_t prefetch) {
  const uint8_t *data = buffer;
  const size_t end = bytes / TURN * TURN;
  uint64x2_t sums[SUMS];
  for (size_t s = 0; s < SUMS; s++) sums[s] = vdupq_n_u64(0);
  for (size_t j = 0; j < end; j += TURN) {
    for (size_t l = 0; prefetch > 0 && l < TURN; l += LINE) {
      __builtin_prefetch(data + j + l + prefetch);
    }
    for (size_t v = 0; v < TURN / sizeof(uint64x2_t); v++) {
      const uint8x16_t words = vld1q_u8(data + j + v * sizeof(uint64x2_t));
      sums[v % SUMS] = vaddq_u64(sums[v % SUMS], vreinterpretq_u64_u8(words));
    }
  }
  uint64_t sum = read_probe_tail(buffer, end, bytes);
  for (size_t s = 0; s < SUMS; s++) sum += vaddvq_u64(sums[s]);
  return sum;
}

// Without a distance the loop holds no prefetch instruction at all.
static uint64_t read(const void *buffer, size_t bytes, size_t prefetch_distance) {
  if (prefetch_distance == 0) return read_stream(buffer, bytes, 0);
  return read_stream(buffer, bytes, prefetch_distance);
}

const mpgemm_read_probe read_probe_neon = {
    .name = "neon",
    .isa = MPGEMM_ISA_NEON,
    .read = read,
};

#endif
