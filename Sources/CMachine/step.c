// step.c: counts the instructions of one function call by single-stepping it in a child process.
//
// The child is a fork that runs C alone: it calls the function once unobserved, so that no dynamic
// linking and no first-use set-up is counted, then once more under ptrace. The second call runs on a
// stack that begins at a page, since memcpy and its kin take other paths at other alignments.
#define _GNU_SOURCE  // MAP_ANONYMOUS, PTRACE_O_EXITKILL
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "include/cmachine.h"
#include "step_call.h"
#include "step_histogram.h"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <elf.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// With cmachine_step_call the marks between which the parent steps: what runs before it is reached, and
// only that, can be counted.
extern const char cmachine_step_end[];

#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".globl cmachine_step_call\n"
    ".hidden cmachine_step_call\n"
    ".type cmachine_step_call, @function\n"
    "cmachine_step_call:\n"
    "  pushq %rbp\n"
    "  movq %rsp, %rbp\n"
    "  movq %rdx, %rsp\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rdi\n"
    "  callq *%rax\n"
    ".globl cmachine_step_end\n"
    ".hidden cmachine_step_end\n"
    "cmachine_step_end:\n"
    "  movq %rbp, %rsp\n"
    "  popq %rbp\n"
    "  retq\n"
    ".size cmachine_step_call, . - cmachine_step_call\n");
#else
__asm__(
    ".text\n"
    ".globl cmachine_step_call\n"
    ".hidden cmachine_step_call\n"
    ".type cmachine_step_call, %function\n"
    "cmachine_step_call:\n"
    "  stp x29, x30, [sp, #-16]!\n"
    "  mov x29, sp\n"
    "  mov sp, x2\n"
    "  mov x9, x0\n"
    "  mov x0, x1\n"
    "  blr x9\n"
    ".globl cmachine_step_end\n"
    ".hidden cmachine_step_end\n"
    "cmachine_step_end:\n"
    "  mov sp, x29\n"
    "  ldp x29, x30, [sp], #16\n"
    "  ret\n"
    ".size cmachine_step_call, . - cmachine_step_call\n");
#endif

// Where the child is.
typedef struct {
  uint64_t pc, sp, return_address;
} position;

// The return address is right only at a function's first instruction.
static int read_position(pid_t child, position *at) {
#if defined(__x86_64__)
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0) return errno;
  at->pc = registers.rip;
  at->sp = registers.rsp;
  errno = 0;
  at->return_address = (uint64_t)ptrace(PTRACE_PEEKDATA, child, registers.rsp, NULL);
  return errno;
#else
  struct user_regs_struct registers;
  struct iovec area = {&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &area) != 0) return errno;
  at->pc = registers.pc;
  at->sp = registers.sp;
  at->return_address = registers.regs[30];
  return 0;
#endif
}

static int read_pc(pid_t child, uint64_t *pc) {
#if defined(__x86_64__)
  errno = 0;
  *pc = (uint64_t)ptrace(PTRACE_PEEKUSER, child, offsetof(struct user_regs_struct, rip), NULL);
  return errno;
#else
  position at;
  const int code = read_position(child, &at);
  *pc = at.pc;
  return code;
#endif
}

// Whether the instruction is a string instruction with a repeat prefix, which traps once for each
// repetition. The child shares our code, so it is read here.
static int is_repeated(uint64_t pc) {
#if defined(__x86_64__)
  enum { REPNE = 0xF2, REP = 0xF3, OPERAND_SIZE = 0x66, ADDRESS_SIZE = 0x67, REX = 0x40 };
  const uint8_t *byte = (const uint8_t *)(uintptr_t)pc;
  int repeats = 0;
  for (;; byte++) {
    if (*byte == REP || *byte == REPNE) {
      repeats = 1;
    } else if (*byte != OPERAND_SIZE && *byte != ADDRESS_SIZE && (*byte & 0xF0) != REX) {
      break;
    }
  }
  // INS, OUTS; MOVS, CMPS; STOS, LODS, SCAS: each a byte form and a wide one.
  const int is_string = (*byte >= 0x6C && *byte <= 0x6F) || (*byte >= 0xA4 && *byte <= 0xA7) ||
                        (*byte >= 0xAA && *byte <= 0xAF);
  return repeats && is_string;
#else
  (void)pc;
  return 0;
#endif
}

static void run_child(void (*function)(void *), void *argument, void *stack_end) {
  // A terminal's Ctrl-C is the parent's business; what the function itself can raise stays open.
  sigset_t blocked;
  sigfillset(&blocked);
  const int faults[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGABRT};
  for (size_t j = 0; j < sizeof faults / sizeof *faults; j++) sigdelset(&blocked, faults[j]);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(errno);
  cmachine_step_call(function, argument, stack_end);
  raise(SIGSTOP);
  cmachine_step_call(function, argument, stack_end);
  _exit(0);
}

// Waits for the child to stop, and says how it did: 0 at the signal that is expected.
static int wait_for_stop(pid_t child, int expected, cmachine_steps *steps) {
  int status = 0;
  pid_t waited;
  do {
    waited = waitpid(child, &status, __WALL);
  } while (waited < 0 && errno == EINTR);
  if (waited < 0) {
    steps->outcome = CMACHINE_STEPS_REFUSED, steps->detail = errno;
  } else if (WIFSTOPPED(status) && WSTOPSIG(status) == expected) {
    return 0;
  } else if (WIFSTOPPED(status)) {
    steps->outcome = CMACHINE_STEPS_SIGNAL, steps->detail = WSTOPSIG(status);
  } else if (WIFSIGNALED(status)) {
    steps->outcome = CMACHINE_STEPS_SIGNAL, steps->detail = WTERMSIG(status);
  } else {
    // Only run_child exits: with an errno before the first stop, or when a stop was lost.
    steps->outcome = CMACHINE_STEPS_REFUSED;
    steps->detail = WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : ECHILD;
  }
  return -1;
}

// What is done with each instruction beside counting it; null or zero: nothing.
typedef struct {
  histogram *addresses;
  cmachine_observer *observe;
  void *context;
} recording;

#if defined(__x86_64__)
static int observe(pid_t child, const recording *to) {
  struct user_regs_struct r;
  if (ptrace(PTRACE_GETREGS, child, NULL, &r) != 0) return errno;
  const cmachine_registers at = {
      .pc = r.rip,
      .general = {r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11,
                  r.r12, r.r13, r.r14, r.r15},
      .process = child,
  };
  return to->observe(to->context, &at) ? 0 : ECANCELED;
}
#else
static int observe(pid_t child, const recording *to) {
  (void)child, (void)to;
  return ENOSYS;
}
#endif

// Steps from the child's stop to the end mark, and counts what runs between entry and its return.
static void step_through(pid_t child, uint64_t entry, uint64_t limit, const recording *to,
                         cmachine_steps *steps) {
  const uint64_t end = (uint64_t)(uintptr_t)cmachine_step_end;
  int inside = 0;
  uint64_t last = 0, return_address = 0, entry_sp = 0;
  steps->outcome = CMACHINE_STEPS_REFUSED;
  for (;;) {
    uint64_t pc;
    if ((steps->detail = read_pc(child, &pc)) != 0) return;
    if (pc == end) break;
    if ((!inside && pc == entry) || (inside && pc == return_address)) {
      position at;
      if ((steps->detail = read_position(child, &at)) != 0) return;
      if (!inside) {
        inside = 1;
        return_address = at.return_address;
        entry_sp = at.sp;
      } else if (at.sp >= entry_sp) {
        inside = 0;
      }
    }
    if (inside && pc == last && is_repeated(pc)) {
      steps->repetitions++;
    } else if (inside) {
      if (steps->instructions == limit) {
        steps->outcome = CMACHINE_STEPS_LIMIT;
        return;
      }
      steps->instructions++;
      // The child shares our code, so it is read here.
      steps->loads += cmachine_is_load((const void *)(uintptr_t)pc) != 0;
      if (to->addresses != NULL && !histogram_add(to->addresses, pc)) {
        steps->detail = ENOMEM;
        return;
      }
    }
    if (inside && to->observe != NULL && (steps->detail = observe(child, to)) != 0) return;
    last = pc;
    if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0) {
      steps->detail = errno;
      return;
    }
    if (wait_for_stop(child, SIGTRAP, steps) != 0) return;
  }
  steps->outcome = CMACHINE_STEPS_DONE;
}

static void step_child(pid_t child, uint64_t entry, uint64_t limit, const recording *to,
                       cmachine_steps *steps) {
  if (wait_for_stop(child, SIGSTOP, steps) != 0) return;
  if (ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL) != 0) {
    steps->outcome = CMACHINE_STEPS_REFUSED, steps->detail = errno;
    return;
  }
  step_through(child, entry, limit, to, steps);
}

static void step(void (*function)(void *), void *argument, const void *entry, uint64_t limit,
                 const recording *to, cmachine_steps *steps) {
  memset(steps, 0, sizeof *steps);
  steps->outcome = CMACHINE_STEPS_REFUSED;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (stack == MAP_FAILED) {
    steps->detail = errno;
    return;
  }
  const pid_t child = fork();
  if (child == 0) run_child(function, argument, (char *)stack + STACK_BYTES);
  if (child < 0) {
    steps->detail = errno;
  } else {
    const void *first = entry != NULL ? entry : (const void *)(uintptr_t)function;
    step_child(child, (uint64_t)(uintptr_t)first, limit, to, steps);
    kill(child, SIGKILL);
    while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR) {
    }
  }
  munmap(stack, STACK_BYTES);
}

void cmachine_step(void (*function)(void *), void *argument, const void *entry, uint64_t limit,
                   int records_addresses, cmachine_steps *steps) {
  histogram addresses = {NULL, 0, 0};
  const recording to = {.addresses = records_addresses ? &addresses : NULL};
  step(function, argument, entry, limit, &to, steps);
  steps->addresses = histogram_take(&addresses, &steps->address_count);
}

void cmachine_observe(void (*function)(void *), void *argument, const void *entry, uint64_t limit,
                      cmachine_observer *observe, void *context, cmachine_steps *steps) {
  const recording to = {.observe = observe, .context = context};
  step(function, argument, entry, limit, &to, steps);
}

#if defined(__x86_64__)

// Where the XSAVE area holds a component of the state, in the form that ptrace gives.
static size_t place_of(uint32_t component) {
  uint32_t bytes = 0, offset = 0, flags = 0, reserved = 0;
  __get_cpuid_count(0xD, component, &bytes, &offset, &flags, &reserved);
  return offset;
}

static int read_state(int child, uint8_t state[static 4096]) {
  struct iovec area = {state, 4096};
  return ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &area) == 0 ? 0 : errno;
}

int cmachine_read_masks(const cmachine_registers *at, uint64_t masks[8]) {
  enum { OPMASK = 5 };
  uint8_t state[4096] = {0};
  const int code = read_state(at->process, state);
  if (code == 0) memcpy(masks, state + place_of(OPMASK), 8 * sizeof *masks);
  return code;
}

int cmachine_read_vector(const cmachine_registers *at, int number, uint32_t lanes[8]) {
  enum { LEGACY = 160, HALF = 16, AVX = 2 };
  uint8_t state[4096] = {0};
  const int code = read_state(at->process, state);
  memcpy(lanes, state + LEGACY + HALF * number, HALF);
  memcpy(lanes + 4, state + place_of(AVX) + HALF * number, HALF);
  return code;
}

#else

int cmachine_read_masks(const cmachine_registers *at, uint64_t masks[8]) {
  (void)at, (void)masks;
  return ENOSYS;
}

int cmachine_read_vector(const cmachine_registers *at, int number, uint32_t lanes[8]) {
  (void)at, (void)number, (void)lanes;
  return ENOSYS;
}

#endif

#else

void cmachine_observe(void (*function)(void *), void *argument, const void *entry, uint64_t limit,
                      cmachine_observer *observe, void *context, cmachine_steps *steps) {
  (void)observe, (void)context;
  cmachine_step(function, argument, entry, limit, 0, steps);
}

int cmachine_read_masks(const cmachine_registers *at, uint64_t masks[8]) {
  (void)at, (void)masks;
  return ENOSYS;
}

int cmachine_read_vector(const cmachine_registers *at, int number, uint32_t lanes[8]) {
  (void)at, (void)number, (void)lanes;
  return ENOSYS;
}

void cmachine_step(void (*function)(void *), void *argument, const void *entry, uint64_t limit,
                   int records_addresses, cmachine_steps *steps) {
  (void)function, (void)argument, (void)entry, (void)limit, (void)records_addresses;
  memset(steps, 0, sizeof *steps);
  steps->outcome = CMACHINE_STEPS_REFUSED;
  steps->detail = ENOSYS;
}

#endif

void cmachine_steps_free(cmachine_steps *steps) {
  free(steps->addresses);
  steps->addresses = NULL;
  steps->address_count = 0;
}
