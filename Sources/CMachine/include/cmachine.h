// cmachine.h: what Linux offers only behind _GNU_SOURCE, which Swift's view of the C library lacks.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Bit cpu % 64 of word cpu / 64 stands for a CPU. Both act on the calling thread, and return 0 or an
// errno (ENOSYS on another system than Linux). cmachine_get_affinity writes every word.
int cmachine_set_affinity(const uint64_t *mask, size_t words);
int cmachine_get_affinity(uint64_t *mask, size_t words);

// How often an instruction at an address was executed.
typedef struct {
  uint64_t address, count;
} cmachine_address_count;

enum {
  CMACHINE_STEPS_DONE = 0,     // the counts are complete
  CMACHINE_STEPS_REFUSED = 1,  // detail: the errno of what the system refuses
  CMACHINE_STEPS_SIGNAL = 2,   // detail: the signal that the function raised
  CMACHINE_STEPS_LIMIT = 3,    // more instructions than were allowed
};

typedef struct {
  int outcome, detail;
  uint64_t instructions;              // a repeated string instruction counts once
  uint64_t loads;                     // those of them that read memory
  uint64_t repetitions;               // its repetitions after the first
  cmachine_address_count *addresses;  // ascending; null unless asked for
  size_t address_count;
} cmachine_steps;

// Calls function(argument) in a forked child, twice: as it is, then single-stepped. Counts the user
// instructions from each arrival at entry (null: at function) to its return, that return included.
// The child's writes are lost, but for those to shared mappings.
void cmachine_step(void (*function)(void *), void *argument, const void *entry, uint64_t limit,
                   int records_addresses, cmachine_steps *steps);

// Whether the instruction at an address, of this program's own processor, reads memory: pops and returns
// of x86 do, prefetches do not.
int cmachine_is_load(const void *instruction);

// The state in which a stepped process is about to execute an instruction.
typedef struct {
  uint64_t pc;
  uint64_t general[16];  // x86-64: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 ... r15
  int process;
} cmachine_registers;

// Told of each instruction before it is executed, in this process; returns 0 to give up.
typedef int cmachine_observer(void *context, const cmachine_registers *at);

// The same, for an observer; x86-64 alone. Repetitions of a string instruction are each told.
void cmachine_observe(void (*function)(void *), void *argument, const void *entry, uint64_t limit,
                      cmachine_observer *observe, void *context, cmachine_steps *steps);

// The masks k0 to k7, and eight 32-bit lanes of one of the first 16 vector registers, for an observer.
// Each returns 0 or an errno.
int cmachine_read_masks(const cmachine_registers *at, uint64_t masks[8]);
int cmachine_read_vector(const cmachine_registers *at, int number, uint32_t lanes[8]);

// Frees what cmachine_step allocated.
void cmachine_steps_free(cmachine_steps *steps);

// The file that an address of this process was loaded from, and the address where it begins. Returns
// 0 for an address in no file.
int cmachine_locate(uint64_t address, const char **path, uint64_t *base);

// The descriptor on which a spawned process finds its socket.
enum { CMACHINE_CONTROL = 3 };

// Starts a program in a process group of its own, which a terminal's interrupt does not reach, with
// signals as new, nothing to read, output on our standard error and `descriptor` as CMACHINE_CONTROL.
// Returns 0 or an errno.
int cmachine_spawn(const char *path, char *const *arguments, int descriptor, int *pid);

// fork(2), which Swift hides. Returns the child's number, 0 in the child, or a negative errno. For
// processes of one thread: in a child of more, the locks of the others stay locked.
int cmachine_fork(void);

// Has the system kill this process when its parent ends. Returns 0, or an errno: ESRCH if the parent
// is no longer `parent`.
int cmachine_die_with_parent(int parent);

// Has a crash leave no file: of a process with a large pool it would take minutes. Returns 0 or an errno.
int cmachine_forbid_core_files(void);

// Hands an open descriptor over a Unix socket. Returns 0 or an errno.
int cmachine_send_descriptor(int socket, int descriptor);

// Takes a descriptor that was handed over. Returns it, or a negative errno.
int cmachine_receive_descriptor(int socket);

// Has the first SIGINT only print `text` and be remembered; a second one kills. Returns 0 or an errno.
int cmachine_catch_interrupt(const char *text);

// Whether there has been a SIGINT since it is caught.
int cmachine_interrupted(void);

// Orders memory that has not been touched to come from some nodes: page by page from each in turn, or
// from any of them. `address` begins a page; bit n % 64 of word n / 64 stands for node n. Returns 0 or
// an errno.
int cmachine_place_memory(uint64_t address, size_t bytes, int interleaves, const uint64_t *nodes,
                          size_t words);

// Asks on which node each page lies; a negative number is the errno of why it lies on none. Returns 0 or
// an errno.
int cmachine_memory_nodes(void **pages, size_t count, int *nodes);

// What an emulator's plug-in has counted so far, in a file that both map.
typedef struct {
  uint64_t instructions, loads;
} cmachine_plugin_counts;

// Maps a plug-in's file for reading. Returns 0 or an errno: ENODATA if it is too short.
int cmachine_plugin_open(const char *path, const cmachine_plugin_counts **counts);

// Calls function(argument) on a stack that begins at a page, and says by how much the counts rose, the
// call and the reading themselves included. Returns 0 or an errno.
int cmachine_plugin_count(const cmachine_plugin_counts *counts, void (*function)(void *),
                          void *argument, cmachine_plugin_counts *rise);

// Reads each of CMACHINE_READ_WORDS words of memory once; the argument is ignored.
enum { CMACHINE_READ_WORDS = 1000 };
void cmachine_read_words(void *argument);

enum {
  CMACHINE_PAPI_READY = 0,
  CMACHINE_PAPI_ABSENT = 1,   // no library of that name is found
  CMACHINE_PAPI_UNKNOWN = 2,  // it lacks a function that we call
  CMACHINE_PAPI_REFUSED = 3,  // it does not start, for the reason given
};

typedef struct {
  int status, major, minor, can_multiplex;
  const char *reason;
} cmachine_papi_state;

// Loads PAPI at the first call. Only when it is ready may the functions below be called; each returns
// 0 or PAPI's error code. An event set belongs to the thread that creates it.
cmachine_papi_state cmachine_papi_load(void);
const char *cmachine_papi_error(int code);
int cmachine_papi_create(int multiplexed, int *set);
int cmachine_papi_add(int set, const char *event);
int cmachine_papi_start(int set);
int cmachine_papi_read(int set, long long *values);
int cmachine_papi_stop(int set, long long *values);
void cmachine_papi_destroy(int set);

enum {
  CMACHINE_PERF_TASK_CLOCK,  // nanoseconds
  CMACHINE_PERF_PAGE_FAULTS,
  CMACHINE_PERF_SWITCHES,
  CMACHINE_PERF_MIGRATIONS,
  CMACHINE_PERF_CYCLES,
  CMACHINE_PERF_INSTRUCTIONS,
};

// A counter of the calling thread. Each returns 0 or an errno. A counter that had to share the
// hardware ran for only a part of the time that it was enabled, in nanoseconds.
int cmachine_perf_open(int event, int counts_kernel, int *descriptor);
int cmachine_perf_start(int descriptor);
int cmachine_perf_stop(int descriptor, uint64_t *value, uint64_t *enabled, uint64_t *running);
void cmachine_perf_close(int descriptor);

// Some tens of milliseconds of work with cycles, instructions, cache misses and mispredicted branches.
uint64_t cmachine_busy(void);

// A chain of multiplications, each waiting for the one before, that touches no memory.
uint64_t cmachine_spin(uint64_t turns);

// Returns.
void cmachine_nothing(void *argument);
