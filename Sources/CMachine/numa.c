// numa.c: on which memory nodes pages are to lie, and do lie. System calls, so that no library is needed.
#define _GNU_SOURCE  // syscall
#include <errno.h>

#include "include/cmachine.h"

#if defined(__linux__)

#include <sys/syscall.h>
#include <unistd.h>

enum { BITS = 64, MODE_BIND = 2, MODE_INTERLEAVE = 3 };  // of linux/mempolicy.h

int cmachine_place_memory(uint64_t address, size_t bytes, int interleaves, const uint64_t *nodes,
                          size_t words) {
  const int mode = interleaves ? MODE_INTERLEAVE : MODE_BIND;
  // The kernel reads one bit less than it is told of.
  const long result = syscall(SYS_mbind, address, bytes, mode, nodes, words * BITS + 1, 0);
  return result == 0 ? 0 : errno;
}

int cmachine_memory_nodes(void **pages, size_t count, int *nodes) {
  return syscall(SYS_move_pages, 0, count, pages, 0, nodes, 0) < 0 ? errno : 0;
}

#else

int cmachine_place_memory(uint64_t address, size_t bytes, int interleaves, const uint64_t *nodes,
                          size_t words) {
  (void)address, (void)bytes, (void)interleaves, (void)nodes, (void)words;
  return ENOSYS;
}

int cmachine_memory_nodes(void **pages, size_t count, int *nodes) {
  (void)pages, (void)count, (void)nodes;
  return ENOSYS;
}

#endif
