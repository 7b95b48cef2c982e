// mpgemm_registry.h: every kernel that this build holds, and what it was built with.
#pragma once

#include "mpgemm_kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

// The number of built-in families, and family number index (null beyond the last).
size_t mpgemm_family_count(void);
const mpgemm_kernel *const *mpgemm_family_at(size_t index);

// The C compiler's own version text, and the flags that the package gave it.
const char *mpgemm_build_compiler(void);
const char *mpgemm_build_flags(void);

#ifdef __cplusplus
}
#endif
