// mpgemm_spin.h: the CPU's hint that a thread is waiting in a loop.
#pragma once

static inline void mpgemm_spin_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}
