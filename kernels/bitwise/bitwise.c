// bitwise.c: the family's list.
#include "bitwise/bitwise.h"

const mpgemm_kernel *const *bitwise_family(uint32_t host_abi) {
  static const mpgemm_kernel *const kernels[] = {
      &bitwise_popcount_portable,
      &bitwise_lut_portable,
#if defined(__x86_64__)
      &bitwise_popcount_avx2,
      &bitwise_popcount_avx512,
      &bitwise_lut_avx2,
      &bitwise_lut_avx512,
#elif defined(__aarch64__)
      &bitwise_popcount_neon,
      &bitwise_lut_neon,
#endif
      NULL,
  };
  return host_abi < MPGEMM_ABI ? NULL : kernels;
}
