// mpgemm_probes.h: what no kernel on this machine can exceed: reading memory, and the throughput of
// the instructions that kernels stand on.
//
// A probe reads every byte of a buffer once and does as little else as it can. Which one is fastest
// depends on the CPU: the ceiling is the best of the list, at the best prefetch distance, over the
// same buffer and pages as the weights.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;  // "portable", "avx2", "avx2_2streams": the buffer's halves read side by side
  uint64_t isa;      // MPGEMM_ISA_* bits needed

  // Reads all bytes of buffer, which lies on MPGEMM_ALIGN, or on 32 in a mapped file, and fetches
  // ahead of itself by prefetch_distance bytes, and perhaps from further away into an outer cache
  // (0: leaves all that to the hardware). Returns the sum, modulo 2^64, of the buffer's 64-bit words,
  // its last word padded with zeros; all probes return the same.
  uint64_t (*read)(const void *buffer, size_t bytes, size_t prefetch_distance);
} mpgemm_read_probe;

// The probes of this build, most demanding first, null last; the last is portable.
const mpgemm_read_probe *const *mpgemm_read_probes(void);

typedef struct {
  const char *name;       // of the instruction and its width: "vpmaddubsw_ymm"
  const char *operation;  // what it does, as a field of mpgemm_ops: "mul_i8"; "": none of them
  uint64_t isa;           // MPGEMM_ISA_* bits needed
  uint64_t operations;    // of one turn

  // Executes the instruction turn after turn on registers, with as many chains as hide its latency.
  void (*run)(size_t turns);
} mpgemm_throughput_probe;

// The probes of this build, null last.
const mpgemm_throughput_probe *const *mpgemm_throughput_probes(void);

#ifdef __cplusplus
}
#endif
