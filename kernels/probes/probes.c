// probes.c: the list of read probes and the portable one.
#include "probes/probes.h"

#include <string.h>

uint64_t read_probe_tail(const void *buffer, size_t begin, size_t bytes) {
  const uint8_t *data = buffer;
  uint64_t sum = 0;
  for (size_t j = begin; j < bytes; j += sizeof sum) {
    uint64_t word = 0;
    memcpy(&word, data + j, bytes - j < sizeof word ? bytes - j : sizeof word);
    sum += word;
  }
  return sum;
}

// Eight sums, so that no addition waits for the one before it.
static inline void sum_line(const uint8_t *line, uint64_t sums[8]) {
  uint64_t words[8];
  memcpy(words, line, sizeof words);
  for (size_t j = 0; j < 8; j++) sums[j] += words[j];
}

static uint64_t read(const void *buffer, size_t bytes, size_t prefetch_distance) {
  const uint8_t *data = buffer;
  const size_t lines_end = bytes / LINE * LINE;
  uint64_t sums[8] = {0};
  if (prefetch_distance == 0) {
    for (size_t j = 0; j < lines_end; j += LINE) sum_line(data + j, sums);
  } else {
    for (size_t j = 0; j < lines_end; j += LINE) {
      __builtin_prefetch(data + j + prefetch_distance);
      sum_line(data + j, sums);
    }
  }
  uint64_t sum = read_probe_tail(buffer, lines_end, bytes);
  for (size_t j = 0; j < 8; j++) sum += sums[j];
  return sum;
}

static const mpgemm_read_probe portable = {.name = "portable", .isa = 0, .read = read};

static const mpgemm_read_probe *const probes[] = {
#if defined(__x86_64__)
    &read_probe_avx2_2streams,
    &read_probe_avx2,
#elif defined(__aarch64__)
    &read_probe_neon,
#endif
    &portable,
    NULL,
};

const mpgemm_read_probe *const *mpgemm_read_probes(void) {
  return probes;
}
