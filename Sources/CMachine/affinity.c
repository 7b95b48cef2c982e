// affinity.c: the CPU mask of the calling thread.
#define _GNU_SOURCE  // sched_setaffinity
#include <errno.h>

#include "include/cmachine.h"

#if defined(__linux__)

#include <sched.h>
#include <string.h>

int cmachine_set_affinity(const uint64_t *mask, size_t words) {
  return sched_setaffinity(0, words * sizeof *mask, (const cpu_set_t *)mask) == 0 ? 0 : errno;
}

int cmachine_get_affinity(uint64_t *mask, size_t words) {
  // The kernel fills as many bytes as it has CPUs for, and leaves the rest.
  memset(mask, 0, words * sizeof *mask);
  return sched_getaffinity(0, words * sizeof *mask, (cpu_set_t *)mask) == 0 ? 0 : errno;
}

#else

int cmachine_set_affinity(const uint64_t *mask, size_t words) {
  (void)mask, (void)words;
  return ENOSYS;
}

int cmachine_get_affinity(uint64_t *mask, size_t words) {
  (void)mask, (void)words;
  return ENOSYS;
}

#endif
