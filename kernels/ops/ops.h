// ops.h: what the implementations of the decoder's operations share.
#pragma once

#include "mpgemm_decoder.h"
#include "mpgemm_kernel.h"

#if defined(__x86_64__)
extern const mpgemm_decoder_ops decoder_ops_avx2, decoder_ops_avx512;
#endif
