// busy.c: work that every counter must notice.
#include <stdlib.h>

#include "include/cmachine.h"

// More than the second-level caches and the translation buffers hold.
enum { WORDS = 4 << 20, TURNS = 2000000 };

// Random reads of 32 MiB miss every cache but a server's last, and each decides a branch that nobody
// can predict.
uint64_t cmachine_busy(void) {
  uint64_t *words = malloc(WORDS * sizeof *words);
  if (words == NULL) return 0;
  for (size_t j = 0; j < WORDS; j++) words[j] = j * 0x9E3779B97F4A7C15u;
  volatile uint64_t odd = 0;
  uint64_t random = 1, sum = 0;
  for (size_t turn = 0; turn < TURNS; turn++) {
    // George Marsaglia's xorshift; the word read takes part, so that reads wait for each other.
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    sum += words[(random + sum) % WORDS];
    if (sum >> 40 & 1) odd = odd + 1;
  }
  free(words);
  return sum + odd;
}

uint64_t cmachine_spin(uint64_t turns) {
  uint64_t state = 1;
  for (uint64_t turn = 0; turn < turns; turn++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(state));
  }
  return state;
}

void cmachine_read_words(void *argument) {
  static volatile uint64_t words[CMACHINE_READ_WORDS];
  (void)argument;
  for (size_t j = 0; j < CMACHINE_READ_WORDS; j++) (void)words[j];
}

void cmachine_nothing(void *argument) {
  (void)argument;
}
