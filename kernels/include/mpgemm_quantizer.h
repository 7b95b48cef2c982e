// mpgemm_quantizer.h: per-token absmax int8 quantization of activations.
//
//   s = 127 / max(max|x|, 1e-5f)    code = rint(x * s), ties to even    scale = 1 / s
//
// in float32, as in BitNet b1.58 (arXiv 2402.17764 section 2; Hugging Face integrations/bitnet.py).
// One quantizer serves every int8 kernel. All implementations give the same bits.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;  // "portable", "avx2"
  uint64_t isa;      // MPGEMM_ISA_* bits needed

  // Quantizes n tokens of k finite floats, x[t * ldx + j], to codes[t * ldq + j] in -127...127,
  // scale[t], and sum[t], the sum of the token's codes.
  void (*quantize)(size_t n, size_t k, const float *x, size_t ldx, int8_t *codes, size_t ldq,
                   float *scale, int32_t *sum);
} mpgemm_quantizer;

// The implementations of this build, most demanding first, null last; the last is portable.
const mpgemm_quantizer *const *mpgemm_quantizers(void);

#ifdef __cplusplus
}
#endif
