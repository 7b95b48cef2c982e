// perf.c: counters of the operating system itself, through perf_event_open.
#define _GNU_SOURCE  // syscall
#include <errno.h>
#include <string.h>

#include "include/cmachine.h"

#if defined(__linux__)

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
  uint32_t type;
  uint64_t config;
} events[] = {
    [CMACHINE_PERF_TASK_CLOCK] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    [CMACHINE_PERF_PAGE_FAULTS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    [CMACHINE_PERF_SWITCHES] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    [CMACHINE_PERF_MIGRATIONS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    [CMACHINE_PERF_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    [CMACHINE_PERF_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
};

int cmachine_perf_open(int event, int counts_kernel, int *descriptor) {
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = events[event].type;
  attributes.config = events[event].config;
  attributes.disabled = 1;
  attributes.exclude_kernel = counts_kernel ? 0 : 1;
  attributes.exclude_hv = 1;
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  const long opened = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  *descriptor = (int)opened;
  return opened >= 0 ? 0 : errno;
}

int cmachine_perf_start(int descriptor) {
  if (ioctl(descriptor, PERF_EVENT_IOC_RESET, 0) != 0) return errno;
  return ioctl(descriptor, PERF_EVENT_IOC_ENABLE, 0) == 0 ? 0 : errno;
}

int cmachine_perf_stop(int descriptor, uint64_t *value, uint64_t *enabled, uint64_t *running) {
  if (ioctl(descriptor, PERF_EVENT_IOC_DISABLE, 0) != 0) return errno;
  uint64_t words[3];
  const ssize_t bytes = read(descriptor, words, sizeof words);
  if (bytes != (ssize_t)sizeof words) return bytes < 0 ? errno : EIO;
  *value = words[0];
  *enabled = words[1];
  *running = words[2];
  return 0;
}

void cmachine_perf_close(int descriptor) {
  close(descriptor);
}

#else

int cmachine_perf_open(int event, int counts_kernel, int *descriptor) {
  (void)event, (void)counts_kernel;
  *descriptor = -1;
  return ENOSYS;
}

int cmachine_perf_start(int descriptor) {
  (void)descriptor;
  return ENOSYS;
}

int cmachine_perf_stop(int descriptor, uint64_t *value, uint64_t *enabled, uint64_t *running) {
  (void)descriptor, (void)value, (void)enabled, (void)running;
  return ENOSYS;
}

void cmachine_perf_close(int descriptor) {
  (void)descriptor;
}

#endif
