// faults.c: a plug-in of one sound kernel, and of copies of it that each take their process down.
#define _POSIX_C_SOURCE 200809L  // kill
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "sound.h"

#define FAULT(name)                                                                        \
  static void name(const mpgemm_kernel *kernel, const mpgemm_call *call, mpgemm_tile tile, \
                   void *scratch)

FAULT(compute_killed) {
  kill(getpid(), SIGKILL);
  compute(kernel, call, tile, scratch);
}

FAULT(compute_illegal) {
  raise(SIGILL);
  compute(kernel, call, tile, scratch);
}

FAULT(compute_stray) {
  *(volatile float *)sizeof(float) = 0;
  compute(kernel, call, tile, scratch);
}

FAULT(compute_hung) {
  for (volatile int forever = 1; forever;) sleep(1);
  compute(kernel, call, tile, scratch);
}

FAULT(compute_greedy) {
  enum { PIECE = 1 << 20 };
  // Volatile, or the compiler sees that nobody needs the memory and leaves it out.
  for (char *volatile memory = NULL;;) {
    memory = malloc(PIECE);
    if (memory) memset(memory, 1, PIECE);
  }
  compute(kernel, call, tile, scratch);
}

// Right at first, so that it is found right, and later not.
FAULT(compute_late) {
  static int calls;
  if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) > 20) abort();
  compute(kernel, call, tile, scratch);
}

static void pack_stray(const mpgemm_kernel *kernel, size_t m, size_t k, const int8_t *w,
                       void *packed) {
  *(volatile float *)sizeof(float) = 0;
  pack(kernel, m, k, w, packed);
}

MUTANT(packing, EXACT, pack_stray, unpack, plan, prepare, compute, count);
MUTANT(killed, EXACT, pack, unpack, plan, prepare, compute_killed, count);
MUTANT(illegal, EXACT, pack, unpack, plan, prepare, compute_illegal, count);
MUTANT(stray, EXACT, pack, unpack, plan, prepare, compute_stray, count);
MUTANT(hung, EXACT, pack, unpack, plan, prepare, compute_hung, count);
MUTANT(greedy, EXACT, pack, unpack, plan, prepare, compute_greedy, count);
MUTANT(late, EXACT, pack, unpack, plan, prepare, compute_late, count);
MUTANT(sound, EXACT, pack, unpack, plan, prepare, compute, count);

const mpgemm_kernel *const *mpgemm_plugin(uint32_t host_abi);

const mpgemm_kernel *const *mpgemm_plugin(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &packing, &killed, &illegal, &stray, &hung, &greedy, &late, &sound, NULL,
  };
  return host_abi >= MPGEMM_ABI ? kernels : NULL;
}
