// kernels.c: counts what every kernel of this CPU executes for a weight, after it has matched a plain sum.
//
//   kernels FILE M K TOKENS...
//
// On ARM, FILE holds the counts of plugin.c, which must be loaded. On x86-64 the program single-steps
// itself, and FILE lists the addresses of its instructions that load, in hexadecimal and ascending.
// Prints one CSV row a kernel and number of tokens. Instructions and loads are those of one compute as
// one best tile after another, for each product of a weight and an input.
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mpgemm_registry.h"

// A compute of a whole shape.
typedef struct {
  const mpgemm_kernel *kernel;
  const mpgemm_call *call;
  const mpgemm_plan *plan;
  void *scratch;
} job;

static void run(void *of) {
  const job *j = of;
  const mpgemm_shape s = j->call->shape;
  for (size_t t = 0; t < s.n; t += j->plan->n_best) {
    for (size_t i = 0; i < s.m; i += j->plan->m_best) {
      const size_t m_end = i + j->plan->m_best < s.m ? i + j->plan->m_best : s.m;
      const size_t n_end = t + j->plan->n_best < s.n ? t + j->plan->n_best : s.n;
      j->kernel->compute(j->kernel, j->call, (mpgemm_tile){i, m_end, t, n_end}, j->scratch);
    }
  }
}

typedef struct {
  int known;
  uint64_t instructions, loads;
} counts;

#if defined(__x86_64__)

#include "cmachine.h"

enum { MOST_LOADS = 1 << 20, MOST_STEPS = 1 << 20 };  // some ten seconds
static uint64_t load_address[MOST_LOADS];
static size_t load_count;

static int open_counts(const char *path) {
  FILE *file = fopen(path, "r");
  unsigned long long address;
  while (file && load_count < MOST_LOADS && fscanf(file, "%llx", &address) == 1) {
    load_address[load_count++] = address;
  }
  return file && !fclose(file) && load_count > 0;
}

static counts count_run(job *j) {
  cmachine_steps steps;
  cmachine_step(run, j, NULL, MOST_STEPS, 1, &steps);
  counts result = {steps.outcome == CMACHINE_STEPS_DONE, steps.instructions, 0};
  for (size_t a = 0, l = 0; result.known && a < steps.address_count; a++) {
    while (l < load_count && load_address[l] < steps.addresses[a].address) l++;
    if (l == load_count) break;
    if (load_address[l] == steps.addresses[a].address) result.loads += steps.addresses[a].count;
  }
  cmachine_steps_free(&steps);
  run(j);
  return result;
}

#else

static volatile struct {
  uint64_t instructions, loads;
} *plugin;

static int open_counts(const char *path) {
  const int file = open(path, O_RDONLY);
  plugin = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *plugin, PROT_READ, MAP_SHARED, file, 0);
  return plugin != MAP_FAILED;
}

static counts count_run(job *j) {
  const uint64_t instructions = plugin->instructions, loads = plugin->loads;
  run(j);
  return (counts){1, plugin->instructions - instructions, plugin->loads - loads};
}

#endif

typedef struct {
  size_t m, n, k;
  int8_t *w, *codes;
  float *x;  // the codes as floats
  float *y;
  int32_t *sum;
} problem;

static void *allocate(size_t bytes) {
  void *memory =
      aligned_alloc(MPGEMM_ALIGN, (bytes + 2 * MPGEMM_ALIGN) / MPGEMM_ALIGN * MPGEMM_ALIGN);
  if (!memory) exit(1);
  return memory;
}

static uint32_t next_random(void) {
  static uint64_t state = 1;
  state = state * 6364136223846793005 + 1442695040888963407;
  return (uint32_t)(state >> 33);
}

static problem make_problem(size_t m, size_t n, size_t k) {
  problem p = {m,
               n,
               k,
               allocate(m * k),
               allocate(n * k),
               allocate(n * k * 4),
               allocate(n * m * 4),
               allocate(n * 4)};
  for (size_t e = 0; e < m * k; e++) p.w[e] = (int8_t)(next_random() % 3) - 1;
  for (size_t t = 0; t < n; t++) {
    p.sum[t] = 0;
    for (size_t j = 0; j < k; j++) {
      const int8_t code = (int8_t)((int)(next_random() % 255) - 127);
      p.codes[t * k + j] = code;
      p.x[t * k + j] = code;
      p.sum[t] += code;
    }
  }
  return p;
}

// Whether y is within the kernel's tolerance; 127 is the largest input, all scales are 1.
static int is_right(const mpgemm_kernel *kernel, const problem *p) {
  for (size_t t = 0; t < p->n; t++) {
    for (size_t i = 0; i < p->m; i++) {
      int64_t exact = 0;
      for (size_t j = 0; j < p->k; j++) exact += p->w[i * p->k + j] * p->codes[t * p->k + j];
      const double off = fabs(p->y[t * p->m + i] - (double)exact);
      if (off > (double)kernel->tolerance * (double)p->k * 127) return 0;
    }
  }
  return 1;
}

static int count(const mpgemm_kernel *kernel, const problem *p) {
  const mpgemm_shape shape = {p->m, p->n, p->k};
  const int is_float = kernel->activation == MPGEMM_ACT_FLOAT32;
  const mpgemm_input input = {is_float ? (void *)p->x : (void *)p->codes, p->k, NULL,
                              is_float ? NULL : p->sum};
  mpgemm_plan plan;
  memset(&plan, 0, sizeof plan);
  kernel->plan(kernel, shape, &plan);
  void *packed = allocate(kernel->packed_size(kernel, p->m, p->k));
  void *prepared = allocate(plan.prepared_size), *scratch = allocate(plan.scratch_size);
  const mpgemm_call call = {shape, packed, prepared, &input, NULL, 0, p->y, p->m};
  kernel->pack(kernel, p->m, p->k, p->w, packed);
  kernel->prepare(kernel, p->n, p->k, &input, (mpgemm_range){0, p->n, 0, p->k}, prepared);
  memset(p->y, 0, p->n * p->m * sizeof *p->y);
  const counts counted = count_run(&(job){kernel, &call, &plan, scratch});
  const int right = is_right(kernel, p);
  const double products = (double)p->m * (double)p->n * (double)p->k;
  printf("%s,%zu,%s,%.4g,", kernel->name, p->n, right ? "yes" : "NO",
         (double)kernel->bits_per_weight);
  if (counted.known) {
    printf("%.4f,%.4f\n", (double)counted.instructions / products,
           (double)counted.loads / products);
  } else {
    printf(",\n");  // more than MOST_STEPS
  }
  free(packed), free(prepared), free(scratch);
  return right;
}

int main(int argc, char **argv) {
  if (argc < 5 || !open_counts(argv[1])) {
    fprintf(stderr, "kernels FILE M K TOKENS...: see the head of kernels.c\n");
    return 2;
  }
  const size_t m = strtoul(argv[2], NULL, 10), k = strtoul(argv[3], NULL, 10);
  int all_right = 1;
  printf("kernel,tokens,verified,bits_per_weight,instructions,loads\n");
  for (int a = 4; a < argc; a++) {
    const problem p = make_problem(m, strtoul(argv[a], NULL, 10), k);
    for (size_t f = 0; f < mpgemm_family_count(); f++) {
      for (const mpgemm_kernel *const *kernel = mpgemm_family_at(f); *kernel; kernel++) {
        if ((*kernel)->isa & ~mpgemm_cpu_isa()) continue;
        all_right &= count(*kernel, &p);
        fflush(stdout);
      }
    }
  }
  return !all_right;
}
