// ops_avx512.c: the decoder's operations in AVX-512, whose registers are 16 lanes each.
#if defined(__x86_64__)

#include <immintrin.h>

#include "ops/lanes.h"
#include "ops/ops.h"
#include "support/target.h"

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")

ALWAYS_INLINE void load_halves(const void *from, size_t at, lanes *to) {
  const __m512 value =
      _mm512_cvtph_ps(_mm256_loadu_si256((const void *)((const uint16_t *)from + at)));
  memcpy(to, &value, sizeof value);
}

enum { KEYS_SIDE = 16, VALUES_SIDE = 8 };

#include "ops/body.h"

TARGET_END

const mpgemm_decoder_ops decoder_ops_avx512 = {
    DECODER_OPS,
    .name = "avx512",
    .isa = MPGEMM_ISA_AVX512,
};

#endif
