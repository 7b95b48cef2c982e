// probes.h: what the read probes share.
#pragma once

#include "mpgemm_probes.h"

// Bytes of one cache line, the unit of a prefetch.
enum { LINE = 64 };

// The sum of 64-bit words from buffer + begin to buffer + bytes, the last padded with zeros; begin
// is a multiple of 8. Reads what a probe's unrolled loop leaves.
uint64_t read_probe_tail(const void *buffer, size_t begin, size_t bytes);

#if defined(__x86_64__)
extern const mpgemm_read_probe read_probe_avx2, read_probe_avx2_2streams;
#elif defined(__aarch64__)
extern const mpgemm_read_probe read_probe_neon;
#endif
