// i2s_avx2.h: what the two halves of the AVX2 kernel, few tokens and many, know of each other.
#pragma once

#include "i2s/i2s.h"

// Up to this many tokens are multiplied straight from the packed bytes; more, from expanded codes.
enum { I2S_AVX2_FEW = 4 };

void i2s_avx2_many_plan(mpgemm_plan *plan);
void i2s_avx2_many_compute(const mpgemm_call *call, mpgemm_tile tile, void *scratch);
void i2s_avx2_many_count(mpgemm_shape shape, mpgemm_ops *compute);
