// tiles.c: what only C can ask of the AMX kernels: permission, tiles that are left behind, tiles
// that survive when a thread loses its CPU. Runs in the emulated machine; see run.sh.
#define _GNU_SOURCE  // RUSAGE_THREAD
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mpgemm_registry.h"
#include "mpgemm_stage.h"

enum { ROWS = 47, TOKENS = 40, INPUTS = 330, PAGE = 4096, THREADS = 3, CALLS = 150, KERNELS = 3 };

static int failures;

static void check(int condition, const char *kernel, const char *what) {
  printf("%-14s %-66s %s\n", kernel, what, condition ? "yes" : "NO");
  fflush(stdout);
  if (!condition) failures++;
}

static void *zeros(size_t bytes) {
  const size_t whole = (bytes / PAGE + 1) * PAGE;
  void *memory = aligned_alloc(PAGE, whole);
  if (memory == NULL) abort();
  return memset(memory, 0, whole);
}

static const mpgemm_kernel *named(const char *name) {
  for (size_t f = 0; f < mpgemm_family_count(); f++) {
    for (const mpgemm_kernel *const *list = mpgemm_family_at(f); *list != NULL; list++) {
      if (strcmp((*list)->name, name) == 0) return *list;
    }
  }
  fprintf(stderr, "tiles: no kernel %s\n", name);
  exit(1);
}

// A whole multiplication of its own memory; what it allocates lives as long as the process.
typedef struct {
  mpgemm_compute_stage stage;
  float *y;
} multiplication;

static multiplication prepared(const mpgemm_kernel *kernel) {
  const mpgemm_shape shape = {ROWS, TOKENS, INPUTS};
  mpgemm_plan plan;
  kernel->plan(kernel, shape, &plan);
  int8_t *weights = zeros(ROWS * INPUTS);
  for (size_t j = 0; j < ROWS * INPUTS; j++) weights[j] = (int8_t)(j * 2654435761u % 3) - 1;
  void *packed = zeros(kernel->packed_size(kernel, ROWS, INPUTS));
  kernel->pack(kernel, ROWS, INPUTS, weights, packed);
  free(weights);

  int8_t *codes = zeros(TOKENS * INPUTS);
  float *scales = zeros(TOKENS * sizeof *scales);
  int32_t *sums = zeros(TOKENS * sizeof *sums);
  for (size_t t = 0; t < TOKENS; t++) {
    scales[t] = 1;
    for (size_t j = 0; j < INPUTS; j++) {
      codes[t * INPUTS + j] = (int8_t)((t * INPUTS + j) * 2246822519u % 255) - 127;
      sums[t] += codes[t * INPUTS + j];
    }
  }
  mpgemm_input *input = zeros(sizeof *input);
  *input = (mpgemm_input){codes, INPUTS, scales, sums};
  void *ready = zeros(plan.prepared_size);
  if (plan.prepared_size > 0) {
    mpgemm_prepare_stage stage = {kernel, TOKENS, INPUTS, input, ready};
    mpgemm_run_prepare_stage(&stage);
  }
  static const float one = 1;
  float *y = zeros(ROWS * TOKENS * sizeof *y);
  mpgemm_call *call = zeros(sizeof *call);
  *call = (mpgemm_call){shape, packed, ready, input, &one, 0, y, ROWS};
  const mpgemm_compute_stage stage = {kernel, call, plan.m_best, plan.n_best,
                                      zeros(plan.scratch_size)};
  return (multiplication){stage, y};
}

// Bits 17 and 18: whether the tiles' configuration and data differ from those at the start.
static unsigned tiles_in_use(void) {
  enum { TILES = 3 << 17 };
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
  return low & TILES;
}

static int is_right(const mpgemm_kernel *kernel, const float *wanted) {
  multiplication m = prepared(kernel);
  mpgemm_run_compute_stage(&m.stage);
  return memcmp(m.y, wanted, ROWS * TOKENS * sizeof *wanted) == 0;
}

// Whether SIGILL ends a child which computes without having asked for permission.
static int is_refused(const mpgemm_kernel *kernel, const float *wanted) {
  const pid_t child = fork();
  if (child == 0) _exit(is_right(kernel, wanted) ? 0 : 1);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) abort();
  const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (number != SIGILL) {
    printf("%s: signal %d, exit code %d\n", kernel->name, number, WEXITSTATUS(status));
  }
  return number == SIGILL;
}

// That xgetbv tells anything: between configuration and release both bits are set.
static int tiles_show(void) {
  static const struct {
    uint8_t palette, rest[15];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } one = {.palette = 1, .row_bytes = {64}, .rows = {16}};
  static uint8_t bytes[1024] = {1};
  __asm__ volatile("ldtilecfg %0\n\ttileloadd (%1,%2,1), %%tmm0"
                   :
                   : "m"(one), "r"(bytes), "r"((size_t)64)
                   : "memory");
  const unsigned in_use = tiles_in_use();
  __asm__ volatile("tilerelease" : : : "memory");
  return in_use == 3 << 17 && tiles_in_use() == 0;
}

static pthread_barrier_t asked;

typedef struct {
  const mpgemm_kernel *kernel;
  const float *wanted;
  int wrong, left;
  long switches;
} worker;

// Begins before the process has permission, and computes against the other threads for the CPU.
static void *work(void *argument) {
  worker *w = argument;
  pthread_barrier_wait(&asked);
  multiplication m = prepared(w->kernel);
  for (int call = 0; call < CALLS; call++) {
    memset(m.y, 0xFF, ROWS * TOKENS * sizeof *m.y);
    mpgemm_run_compute_stage(&m.stage);
    w->wrong += memcmp(m.y, w->wanted, ROWS * TOKENS * sizeof *w->wanted) != 0;
    w->left += tiles_in_use() != 0;
  }
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  w->switches = usage.ru_nivcsw;
  return NULL;
}

int main(void) {
  const mpgemm_kernel *const kernels[] = {named("planar2_amx"), named("trit5_amx"),
                                          named("trit5_lut_amx")};
  multiplication reference = prepared(named("planar2_portable"));
  mpgemm_run_compute_stage(&reference.stage);

  for (int k = 0; k < KERNELS; k++) {
    check(is_refused(kernels[k], reference.y), kernels[k]->name,
          "without permission the process ends by SIGILL");
  }

  pthread_barrier_init(&asked, NULL, THREADS + 1);
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (int t = 0; t < THREADS; t++) {
    workers[t] = (worker){.kernel = kernels[t % KERNELS], .wanted = reference.y};
    if (pthread_create(&threads[t], NULL, work, &workers[t]) != 0) abort();
  }
  const int permitted = (mpgemm_cpu_isa() & MPGEMM_ISA_AMXINT8) != 0;
  check(permitted, "", "AMX is there and permitted");
  if (!permitted) return 1;
  check(tiles_show(), "", "tiles in use show, and released ones do not");
  for (int k = 0; k < KERNELS; k++) {
    check(is_right(kernels[k], reference.y), kernels[k]->name, "bits are planar2_portable's");
    check(tiles_in_use() == 0, kernels[k]->name, "no tile is left in use");
  }

  pthread_barrier_wait(&asked);
  long switches = 0;
  for (int t = 0; t < THREADS; t++) {
    pthread_join(threads[t], NULL);
    check(workers[t].wrong == 0 && workers[t].left == 0, workers[t].kernel->name,
          "a thread older than the permission computes right, leaves none");
    switches += workers[t].switches;
  }
  printf("%d threads, %d calls each, lost their CPU %ld times\n", THREADS, CALLS, switches);
  check(switches > 0, "", "threads were interrupted");
  return failures > 0;
}
