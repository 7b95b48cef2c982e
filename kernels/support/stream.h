// stream.h: fetching packed weights ahead of the kernel that reads them once, from end to end.
//
// A core has room for few lines on their way to L1 and for some three times as many on their way to
// L2. So a line is asked for twice: from far ahead into L2, where the time that memory takes is
// spent, and from nearby into L1. Only the second would keep a stream from memory below 85 % of what
// Golden Cove reads. Where weights lie in L2 or L3 the first is for nothing: it costs up to 11 % there.
// So kernels that their own arithmetic keeps below the pace of memory fetch into L1 alone.
#pragma once

enum { STREAM_FAR = 8192, STREAM_NEAR = 2048 };  // bytes ahead

#if defined(__x86_64__)

#include <immintrin.h>

// Fetches ahead of the line that is read at from; both may lie beyond the end.
static inline __attribute__((always_inline)) void stream_ahead(const void *from) {
  _mm_prefetch((const char *)from + STREAM_FAR, _MM_HINT_T1);
  _mm_prefetch((const char *)from + STREAM_NEAR, _MM_HINT_T0);
}

#endif
