// throughput.c: the list of throughput probes.
#include "probes/throughput.h"

static const mpgemm_throughput_probe *const probes[] = {
#if defined(__x86_64__)
    &throughput_fma_ymm,
    &throughput_maddubs_ymm,
    &throughput_maddubs_maddwd_ymm,
    &throughput_pshufb_ymm,
    &throughput_paddb_ymm,
    &throughput_paddw_ymm,
    &throughput_paddd_ymm,
    &throughput_pand_ymm,
    &throughput_dpbusd_ymm,
    &throughput_fma_zmm,
    &throughput_maddubs_zmm,
    &throughput_pshufb_zmm,
    &throughput_paddb_zmm,
    &throughput_paddw_zmm,
    &throughput_paddd_zmm,
    &throughput_pand_zmm,
    &throughput_dpbusd_zmm,
    &throughput_vpermb_zmm,
    &throughput_popcnt_zmm,
    &throughput_amx,
#elif defined(__aarch64__)
    &throughput_fmla,
    &throughput_tbl,
    &throughput_add_i8,
    &throughput_add_i16,
    &throughput_add_i32,
    &throughput_sdot,
#endif
    NULL,
};

const mpgemm_throughput_probe *const *mpgemm_throughput_probes(void) {
  return probes;
}
