// ops_avx2.c: the decoder's operations in AVX2: 16 lanes are two registers, and halves are converted by F16C.
#if defined(__x86_64__)

#include <immintrin.h>

#include "ops/lanes.h"
#include "ops/ops.h"
#include "support/target.h"

// FMA stays off: with it the compiler could not fuse either, but nothing here may depend on that.
TARGET_BEGIN("avx2,f16c")

ALWAYS_INLINE void load_halves(const void *from, size_t at, lanes *to) {
  const __m128i *half = (const __m128i *)((const uint16_t *)from + at);
  const __m256 low = _mm256_cvtph_ps(_mm_loadu_si128(half));
  const __m256 high = _mm256_cvtph_ps(_mm_loadu_si128(half + 1));
  memcpy(to, &low, sizeof low);
  memcpy((char *)to + sizeof low, &high, sizeof high);
}

enum { KEYS_SIDE = 4, VALUES_SIDE = 4 };

#include "ops/body.h"

TARGET_END

const mpgemm_decoder_ops decoder_ops_avx2 = {DECODER_OPS, .name = "avx2", .isa = MPGEMM_ISA_AVX2};

#endif
