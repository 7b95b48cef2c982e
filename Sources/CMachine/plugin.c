// plugin.c: reads around a call what the plug-in of an emulator counts.
//
// The emulator writes the file's two words between any two instructions of ours, hence volatile. It
// adds a block's instructions when the block begins, so a rise holds those around the call as well:
// the same for every call, which the caller subtracts.
#define _GNU_SOURCE  // MAP_ANONYMOUS
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/cmachine.h"
#include "step_call.h"

int cmachine_plugin_open(const char *path, const cmachine_plugin_counts **counts) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  struct stat status;
  int code = fstat(file, &status) == 0 ? 0 : errno;
  if (code == 0 && status.st_size < (off_t)sizeof **counts) code = ENODATA;
  if (code == 0) {
    void *mapped = mmap(NULL, sizeof **counts, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED)
      code = errno;
    else
      *counts = mapped;
  }
  close(file);
  return code;
}

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

int cmachine_plugin_count(const cmachine_plugin_counts *counts, void (*function)(void *),
                          void *argument, cmachine_plugin_counts *rise) {
  const volatile cmachine_plugin_counts *now = counts;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (stack == MAP_FAILED) return errno;
  const uint64_t instructions = now->instructions, loads = now->loads;
  cmachine_step_call(function, argument, stack + STACK_BYTES);
  rise->instructions = now->instructions - instructions;
  rise->loads = now->loads - loads;
  munmap(stack, STACK_BYTES);
  return 0;
}

#else

int cmachine_plugin_count(const cmachine_plugin_counts *counts, void (*function)(void *),
                          void *argument, cmachine_plugin_counts *rise) {
  (void)counts, (void)function, (void)argument, (void)rise;
  return ENOSYS;
}

#endif
