// throughput.h: what the throughput probes share.
#pragma once

#include "mpgemm_kernel.h"
#include "mpgemm_probes.h"

// Chains that run side by side: two instructions a cycle of six cycles' latency still fill a core.
enum { CHAINS = 12 };

#if defined(__x86_64__)
extern const mpgemm_throughput_probe throughput_fma_ymm, throughput_maddubs_ymm,
    throughput_maddubs_maddwd_ymm, throughput_pshufb_ymm, throughput_paddb_ymm,
    throughput_paddw_ymm, throughput_paddd_ymm, throughput_pand_ymm, throughput_dpbusd_ymm,
    throughput_fma_zmm, throughput_maddubs_zmm, throughput_pshufb_zmm, throughput_paddb_zmm,
    throughput_paddw_zmm, throughput_paddd_zmm, throughput_pand_zmm, throughput_dpbusd_zmm,
    throughput_vpermb_zmm, throughput_popcnt_zmm, throughput_amx;
#elif defined(__aarch64__)
extern const mpgemm_throughput_probe throughput_fmla, throughput_tbl, throughput_add_i8,
    throughput_add_i16, throughput_add_i32, throughput_sdot;
#endif

// A register that the compiler can no longer see through, at no cost: without it, it would compute
// each chain once, or all of them at compile time.
#if defined(__x86_64__)
#define OPAQUE(vector) __asm__ volatile("" : "+v"(vector))
#define OPAQUE_YMM(vector) __asm__ volatile("" : "+x"(vector))
#elif defined(__aarch64__)
#define OPAQUE(vector) __asm__ volatile("" : "+w"(vector))
#endif

// Defines a probe: CHAINS sums of a vector type that start at `zero`, each of which `step` moves on
// by one instruction from `sum`, `a` and `b`.
#define THROUGHPUT_PROBE(symbol, label, counted, bits, lanes, vector, zero, step, opaque) \
  static void run_##symbol(size_t turns) {                                                \
    vector sums[CHAINS];                                                                  \
    vector a = zero, b = zero;                                                            \
    opaque(a);                                                                            \
    opaque(b);                                                                            \
    for (size_t j = 0; j < CHAINS; j++) {                                                 \
      sums[j] = zero;                                                                     \
      opaque(sums[j]);                                                                    \
    }                                                                                     \
    for (size_t turn = 0; turn < turns; turn++) {                                         \
      _Pragma("GCC unroll 12") for (size_t j = 0; j < CHAINS; j++) {                      \
        vector sum = sums[j];                                                             \
        sums[j] = step;                                                                   \
        opaque(sums[j]);                                                                  \
      }                                                                                   \
      opaque(a);                                                                          \
    }                                                                                     \
  }                                                                                       \
  const mpgemm_throughput_probe symbol = {                                                \
      .name = label,                                                                      \
      .operation = counted,                                                               \
      .isa = bits,                                                                        \
      .operations = (uint64_t)CHAINS * (lanes),                                           \
      .run = run_##symbol,                                                                \
  }
