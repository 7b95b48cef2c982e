// probes_avx2.c: read probes of 32-byte loads, over one stream or two.
#if defined(__x86_64__)

#include <immintrin.h>

#include "mpgemm_kernel.h"
#include "probes/probes.h"
#include "support/target.h"

TARGET_BEGIN("avx2,fma,f16c")

enum {
  TURN = 4 * LINE,  // bytes of one stream for each turn of the loop: four lines, eight loads
  FAR = 4,          // so many times the distance is fetched from into L2, which has room for more
};

static inline __attribute__((always_inline)) void sum_turn(const uint8_t *data, size_t prefetch,
                                                           __m256i sums[4]) {
  if (prefetch > 0) {
    for (size_t j = 0; j < TURN; j += LINE) {
      _mm_prefetch((const char *)data + j + FAR * prefetch, _MM_HINT_T1);
      _mm_prefetch((const char *)data + j + prefetch, _MM_HINT_T0);
    }
  }
  for (size_t j = 0; j < TURN / sizeof(__m256i); j++) {
    const __m256i words = _mm256_load_si256((const __m256i *)data + j);
    sums[j % 4] = _mm256_add_epi64(sums[j % 4], words);
  }
}

// Reads as many equal parts side by side as there are streams: each is a stream of its own to the
// hardware's prefetchers.
static inline __attribute__((always_inline)) uint64_t read_streams(const void *buffer, size_t bytes,
                                                                   size_t prefetch,
                                                                   size_t streams) {
  const uint8_t *data = buffer;
  const size_t part = bytes / streams / TURN * TURN;
  __m256i sums[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                     _mm256_setzero_si256()};
  for (size_t j = 0; j < part; j += TURN) {
    for (size_t stream = 0; stream < streams; stream++) {
      sum_turn(data + stream * part + j, prefetch, sums);
    }
  }
  const __m256i low = _mm256_add_epi64(sums[0], sums[1]);
  const __m256i high = _mm256_add_epi64(sums[2], sums[3]);
  uint64_t words[4];
  _mm256_storeu_si256((__m256i *)words, _mm256_add_epi64(low, high));
  return words[0] + words[1] + words[2] + words[3] + read_probe_tail(buffer, streams * part, bytes);
}

// Without a distance the loop holds no prefetch instruction at all.
static uint64_t read_1stream(const void *buffer, size_t bytes, size_t prefetch_distance) {
  if (prefetch_distance == 0) return read_streams(buffer, bytes, 0, 1);
  return read_streams(buffer, bytes, prefetch_distance, 1);
}

static uint64_t read_2streams(const void *buffer, size_t bytes, size_t prefetch_distance) {
  if (prefetch_distance == 0) return read_streams(buffer, bytes, 0, 2);
  return read_streams(buffer, bytes, prefetch_distance, 2);
}

const mpgemm_read_probe read_probe_avx2 = {
    .name = "avx2",
    .isa = MPGEMM_ISA_AVX2,
    .read = read_1stream,
};

const mpgemm_read_probe read_probe_avx2_2streams = {
    .name = "avx2_2streams",
    .isa = MPGEMM_ISA_AVX2,
    .read = read_2streams,
};

TARGET_END

#endif
