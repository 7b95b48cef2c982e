// locate.c: the file that an address was loaded from.
#define _GNU_SOURCE  // dladdr
#include <dlfcn.h>

#include "include/cmachine.h"

int cmachine_locate(uint64_t address, const char **path, uint64_t *base) {
  Dl_info info;
  if (dladdr((const void *)(uintptr_t)address, &info) == 0 || info.dli_fname == NULL) return 0;
  *path = info.dli_fname;
  *base = (uint64_t)(uintptr_t)info.dli_fbase;
  return 1;
}
