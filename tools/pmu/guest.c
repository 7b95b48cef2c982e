// guest.c: process 1 of the emulated machine. Counts kernels' instructions through PAPI, through
// perf_event and by single-stepping, with the code that ternbench itself counts with, and compares.
#define _GNU_SOURCE  // RB_POWER_OFF
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "cmachine.h"
#include "mpgemm_registry.h"
#include "mpgemm_stage.h"

enum { ROWS = 2, TOKENS = 1, INPUTS = 64, PAGE = 4096 };

// What a counter may differ by from the exact count, beside what an empty call shows: the emulator
// takes a timer tick now and then, whose return lands in user code.
enum { SLACK = 16, SHARE = 1000 };

static int failures;

static void fail(const char *what, const char *why) {
  printf("test-pmu: FAILED: %s: %s\n", what, why);
  failures++;
}

static void set_up(void) {
  mount("proc", "/proc", "proc", 0, NULL);
  mount("sysfs", "/sys", "sysfs", 0, NULL);
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  const int file = open("/proc/sys/kernel/perf_event_paranoid", O_WRONLY);
  if (file < 0 || write(file, "-1", 2) != 2) fail("perf_event_paranoid", "cannot be lowered");
  if (file >= 0) close(file);
}

static void finish(void) {
  if (failures == 0) printf("test-pmu: passed, on an emulated PMU\n");
  fflush(stdout);
  sync();
  reboot(RB_POWER_OFF);
}

typedef void function(void *);

// The instructions of a call as PAPI counts them, or -1.
static long long count_papi(const char *event, function *call, void *argument) {
  int set;
  long long value = 0;
  int code = cmachine_papi_create(0, &set);
  if (code == 0) code = cmachine_papi_add(set, event);
  if (code == 0) code = cmachine_papi_start(set);
  if (code == 0) {
    call(argument);
    code = cmachine_papi_stop(set, &value);
  }
  cmachine_papi_destroy(set);
  if (code != 0) printf("%s: %s (%d)\n", event, cmachine_papi_error(code), code);
  return code == 0 ? value : -1;
}

static long long count_perf(function *call, void *argument) {
  int descriptor;
  uint64_t value = 0, enabled, running;
  if (cmachine_perf_open(CMACHINE_PERF_INSTRUCTIONS, 0, &descriptor) != 0) return -1;
  int code = cmachine_perf_start(descriptor);
  call(argument);
  code |= cmachine_perf_stop(descriptor, &value, &enabled, &running);
  cmachine_perf_close(descriptor);
  return code == 0 && running > 0 ? (long long)value : -1;
}

static long long count_steps(function *call, void *argument) {
  cmachine_steps steps;
  cmachine_step(call, argument, NULL, 10000000, 0, &steps);
  cmachine_steps_free(&steps);
  return steps.outcome == CMACHINE_STEPS_DONE ? (long long)steps.instructions : -1;
}

static void *zeros(size_t bytes) {
  const size_t whole = (bytes / PAGE + 1) * PAGE;
  void *memory = aligned_alloc(PAGE, whole);
  return memory != NULL ? memset(memory, 0, whole) : NULL;
}

// Sets one kernel up for the shape; what it allocates lives as long as the machine.
static mpgemm_compute_stage *prepared(const mpgemm_kernel *kernel) {
  const mpgemm_shape shape = {ROWS, TOKENS, INPUTS};
  mpgemm_plan plan;
  kernel->plan(kernel, shape, &plan);
  int8_t *weights = zeros(ROWS * INPUTS);
  for (size_t j = 0; j < ROWS * INPUTS; j++) {
    const int odd = (int)(j * 2654435761u >> 16 & 1);
    weights[j] = (int8_t)(kernel->weights == MPGEMM_W_BINARY ? 2 * odd - 1 : (int)(j % 3) - 1);
  }
  void *packed = zeros(kernel->packed_size(kernel, ROWS, INPUTS));
  kernel->pack(kernel, ROWS, INPUTS, weights, packed);

  static const float one[TOKENS] = {1};
  static const int32_t zero[TOKENS] = {0};
  const int has_codes = kernel->activation != MPGEMM_ACT_FLOAT32;
  mpgemm_input *input = zeros(sizeof *input);
  *input = (mpgemm_input){zeros(TOKENS * INPUTS * sizeof(float)), INPUTS, has_codes ? one : NULL,
                          has_codes ? zero : NULL};
  void *ready = zeros(plan.prepared_size);
  if (plan.prepared_size > 0) {
    mpgemm_prepare_stage stage = {kernel, TOKENS, INPUTS, input, ready};
    mpgemm_run_prepare_stage(&stage);
  }
  mpgemm_call *call = zeros(sizeof *call);
  *call = (mpgemm_call){shape, packed, ready, input, one, 0, zeros(ROWS * sizeof(float)), ROWS};
  mpgemm_compute_stage *stage = zeros(sizeof *stage);
  *stage = (mpgemm_compute_stage){kernel, call, plan.m_best, plan.n_best, zeros(plan.scratch_size)};
  return stage;
}

static int agrees(long long counted, long long empty, long long exact) {
  // An empty call is one instruction, its return, which the exact count has too.
  const long long difference = llabs(counted - (empty - 1) - exact);
  return counted >= 0 && difference <= SLACK + exact / SHARE;
}

static void compare(const mpgemm_kernel *kernel, long long papi_empty, long long perf_empty) {
  mpgemm_compute_stage *stage = prepared(kernel);
  mpgemm_run_compute_stage(stage);
  const long long steps = count_steps(mpgemm_run_compute_stage, stage);
  const long long papi = count_papi("PAPI_TOT_INS", mpgemm_run_compute_stage, stage);
  const long long perf = count_perf(mpgemm_run_compute_stage, stage);
  printf("%-26s %10lld %10lld %10lld\n", kernel->name, steps, papi - (papi_empty - 1),
         perf - (perf_empty - 1));
  if (steps <= 0) fail(kernel->name, "single-stepping has no count");
  if (!agrees(papi, papi_empty, steps)) fail(kernel->name, "PAPI_TOT_INS is not the exact count");
  if (!agrees(perf, perf_empty, steps)) fail(kernel->name, "perf_event is not the exact count");
}

static void busy(void *argument) {
  (void)argument;
  (void)cmachine_busy();
}

// The emulator accepts events that it does not count: they have to be told from those that count 0.
static void try_events(void) {
  const char *const events[] = {"PAPI_TOT_INS", "PAPI_TOT_CYC", "PAPI_L1_DCM",
                                "PAPI_L2_DCM",  "PAPI_BR_MSP",  "PAPI_RES_STL"};
  for (size_t j = 0; j < sizeof events / sizeof *events; j++) {
    const long long value = count_papi(events[j], busy, NULL);
    const char *state = value < 0 ? "not available" : value == 0 ? "not counting" : "counts";
    printf("%-26s %s\n", events[j], state);
    if (j < 2 && value <= 0) fail(events[j], "does not count");
  }
}

int main(void) {
  set_up();
  printf("test-pmu: everything below is counted by an EMULATED PMU (qemu-system-aarch64, PMUv3)\n");
  const cmachine_papi_state state = cmachine_papi_load();
  if (state.status != CMACHINE_PAPI_READY) {
    fail("PAPI", state.reason != NULL ? state.reason : "libpapi cannot be loaded");
    finish();
  }
  printf("PAPI %d.%d\n", state.major, state.minor);
  try_events();
  const long long papi_empty = count_papi("PAPI_TOT_INS", cmachine_nothing, NULL);
  const long long perf_empty = count_perf(cmachine_nothing, NULL);
  printf("%-26s %10s %10s %10s\n", "instructions of a call", "step", "PAPI", "perf_event");
  size_t count = 0;
  for (size_t f = 0; f < mpgemm_family_count(); f++) {
    for (const mpgemm_kernel *const *list = mpgemm_family_at(f); *list != NULL; list++) {
      if (((*list)->isa & ~mpgemm_cpu_isa()) != 0) continue;
      compare(*list, papi_empty, perf_empty);
      count++;
    }
  }
  if (count == 0) fail("kernels", "none can run");
  finish();
}
