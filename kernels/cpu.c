// cpu.c: the one place that asks which instruction sets this CPU and operating system offer.
#define _GNU_SOURCE  // syscall
#include "mpgemm_kernel.h"

#if defined(__x86_64__)

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

uint64_t mpgemm_cpu_isa(void) {
  __builtin_cpu_init();
  uint64_t isa = 0;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("f16c")) {
    isa |= MPGEMM_ISA_AVX2;
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    isa |= MPGEMM_ISA_AVX512;
  }
  if (__builtin_cpu_supports("avxvnni")) isa |= MPGEMM_ISA_AVXVNNI;
  if (__builtin_cpu_supports("avx512vnni")) isa |= MPGEMM_ISA_AVX512VNNI;
  if (__builtin_cpu_supports("avx512vbmi")) isa |= MPGEMM_ISA_AVX512VBMI;
  if (__builtin_cpu_supports("avx512vpopcntdq")) isa |= MPGEMM_ISA_AVX512VPOPCNTDQ;
  if (__builtin_cpu_supports("avx512bf16")) isa |= MPGEMM_ISA_AVX512BF16;
  if (__builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") && amx_permitted()) {
    isa |= MPGEMM_ISA_AMXINT8;
  }
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

#else

uint64_t mpgemm_cpu_isa(void) {
  return 0;
}

#endif
