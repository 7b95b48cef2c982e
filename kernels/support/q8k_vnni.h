// q8k_vnni.h: products with "q8k" activations in lines of rows, see q8k_lines.h. Each ISA decodes so
// many rows at a time.
#pragma once

#include "support/q8k.h"

enum { Q8K_AVXVNNI_ROWS = 8, Q8K_AVX512_ROWS = 16 };

void q8k_plan_avxvnni(mpgemm_shape shape, mpgemm_plan *plan);
void q8k_compute_avxvnni(const mpgemm_call *call, mpgemm_tile tile, void *scratch,
                         size_t block_bytes, q8k_decode_lines *decode);
void q8k_count_avxvnni(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *decode,
                       mpgemm_ops *compute);

// Adds what q8k_gemv_avx2 does for each token; eight_dots is what the dots of eight rows' blocks do.
void q8k_count_rows_avxvnni(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *eight_dots,
                            mpgemm_ops *compute);

void q8k_plan_avx512(mpgemm_shape shape, mpgemm_plan *plan);
void q8k_compute_avx512(const mpgemm_call *call, mpgemm_tile tile, void *scratch,
                        size_t block_bytes, q8k_decode_lines *decode);
void q8k_count_avx512(mpgemm_shape shape, size_t block_bytes, q8k_count_decode *decode,
                      mpgemm_ops *compute);
