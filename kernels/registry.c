// registry.c: the built-in families, in the order of families.h.
#include "mpgemm_registry.h"

// The package says which flags it gave; another build may not.
#ifndef MPGEMM_FLAGS
#define MPGEMM_FLAGS "unknown"
#endif

#define FAMILY(name) mpgemm_family name##_family;
#include "families.h"
#undef FAMILY

static mpgemm_family *const families[] = {
#define FAMILY(name) name##_family,
#include "families.h"
#undef FAMILY
    NULL,
};

size_t mpgemm_family_count(void) {
  return sizeof families / sizeof *families - 1;
}

const mpgemm_kernel *const *mpgemm_family_at(size_t index) {
  return index < mpgemm_family_count() ? families[index](MPGEMM_ABI) : NULL;
}

const char *mpgemm_build_compiler(void) {
  return __VERSION__;
}

const char *mpgemm_build_flags(void) {
  return MPGEMM_FLAGS;
}
