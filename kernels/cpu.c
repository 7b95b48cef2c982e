// cpu.c: the one place that asks which instruction sets this CPU and operating system offer.
#define _GNU_SOURCE  // syscall
#include "mpgemm_kernel.h"

#if defined(__x86_64__)

#include <cpuid.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

// Linux gives AMX tile data to a process that asks once; threads already running get it too.
static int amx_permitted(void) {
#if defined(__linux__)
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
  return 0;
#endif
}

// Features that __builtin_cpu_supports does not know by name in clang 17, Debian 13's Swift compiler.
typedef struct {
  int f16c, avxvnni, amx_int8;
} unnamed_features;

// Whether the operating system saves tiles: XCR0's bits for their configuration and their data.
static int tiles_are_saved(void) {
  enum { OSXSAVE = 1 << 27, TILES = 3 << 17 };
  unsigned a, b, c, d;
  if (!__get_cpuid_count(1, 0, &a, &b, &c, &d) || !(c & OSXSAVE)) return 0;
  __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  return (a & TILES) == TILES;
}

static unnamed_features ask_cpuid(void) {
  enum { F16C = 1 << 29, AVXVNNI = 1 << 4, AMX_TILE = 1 << 24, AMX_INT8 = 1 << 25 };
  unsigned a, b, c, d;
  unnamed_features features = {0, 0, 0};
  if (__get_cpuid_count(1, 0, &a, &b, &c, &d)) features.f16c = (c & F16C) != 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    features.amx_int8 = (d & AMX_TILE) && (d & AMX_INT8);
    // Leaf 7 says in a how many further pages it has; beyond them bits mean nothing.
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) features.avxvnni = (a & AVXVNNI) != 0;
  }
  return features;
}

uint64_t mpgemm_cpu_isa(void) {
  __builtin_cpu_init();
  const unnamed_features unnamed = ask_cpuid();
  // The builtin also asks whether the operating system keeps the wide registers; cpuid does not.
  const int avx2 = __builtin_cpu_supports("avx2");
  uint64_t isa = 0;
  if (avx2 && __builtin_cpu_supports("fma") && unnamed.f16c) isa |= MPGEMM_ISA_AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    isa |= MPGEMM_ISA_AVX512;
  }
  if (avx2 && unnamed.avxvnni) isa |= MPGEMM_ISA_AVXVNNI;
  if (__builtin_cpu_supports("avx512vnni")) isa |= MPGEMM_ISA_AVX512VNNI;
  if (__builtin_cpu_supports("avx512vbmi")) isa |= MPGEMM_ISA_AVX512VBMI;
  if (__builtin_cpu_supports("avx512vpopcntdq")) isa |= MPGEMM_ISA_AVX512VPOPCNTDQ;
  if (__builtin_cpu_supports("avx512bf16")) isa |= MPGEMM_ISA_AVX512BF16;
  if (unnamed.amx_int8 && tiles_are_saved() && amx_permitted()) isa |= MPGEMM_ISA_AMXINT8;
  return isa;
}

#elif defined(__aarch64__) && defined(__linux__)

#include <sys/auxv.h>

uint64_t mpgemm_cpu_isa(void) {
  // Linux's asm/hwcap.h, spelled here because older headers lack the newer bits.
  enum { CAP_ASIMDDP = 1 << 20, CAP_SVE = 1 << 22, CAP2_I8MM = 1 << 13 };
  const unsigned long cap = getauxval(AT_HWCAP);
  const unsigned long cap2 = getauxval(AT_HWCAP2);
  uint64_t isa = MPGEMM_ISA_NEON;
  if (cap & CAP_ASIMDDP) isa |= MPGEMM_ISA_DOTPROD;
  if (cap2 & CAP2_I8MM) isa |= MPGEMM_ISA_I8MM;
  if (cap & CAP_SVE) isa |= MPGEMM_ISA_SVE;
  return isa;
}

#elif defined(__aarch64__) && defined(__APPLE__)

#include <sys/sysctl.h>

static int has(const char *feature) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(feature, &value, &size, NULL, 0) == 0 && value;
}

uint64_t mpgemm_cpu_isa(void) {
  uint64_t isa = MPGEMM_ISA_NEON;
  if (has("hw.optional.arm.FEAT_DotProd")) isa |= MPGEMM_ISA_DOTPROD;
  if (has("hw.optional.arm.FEAT_I8MM")) isa |= MPGEMM_ISA_I8MM;
  return isa;  // SVE exists there only in a streaming mode, which no kernel enters
}

#elif defined(__aarch64__)

uint64_t mpgemm_cpu_isa(void) {
  return MPGEMM_ISA_NEON;
}

#else

uint64_t mpgemm_cpu_isa(void) {
  return 0;
}

#endif
