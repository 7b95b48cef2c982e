// registry.c: the built-in families, in the order of families.h.
#include "mpgemm_registry.h"

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
