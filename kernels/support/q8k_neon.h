// q8k_neon.h: the preparation "q8k" in NEON. Include only where __aarch64__ is defined.
#pragma once

#include "support/q8k.h"

// The prepare function in NEON; the bits are the portable one's.
void q8k_prepare_neon(const mpgemm_kernel *kernel, size_t n, size_t k, const mpgemm_input *input,
                      mpgemm_range range, void *prepared);

// Adds what one prepare of n x k does in NEON.
void q8k_count_prepare_neon(mpgemm_shape shape, mpgemm_ops *prepare);
