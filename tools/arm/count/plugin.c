// plugin.c: a qemu-user plug-in that counts user instructions and loads for the program that it runs.
//
//   qemu-aarch64 -plugin plugin.so,counts=counts PROGRAM
//
// The counts are two 64-bit words in a file, which the program maps as well: it reads them before and
// after a call, and the difference is what the call executed. Loads are AArch64's, told by their
// encoding; prefetches and stores are none, a load of a register pair is one.
//
// Debian 12's qemu 7.2 comes without the plug-in's header: what is used of it is declared here.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct qemu_plugin_tb qemu_plugin_tb;
typedef struct qemu_plugin_insn qemu_plugin_insn;
typedef void translation(uint64_t id, qemu_plugin_tb *block);
enum { ADD_U64 = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translation *callback);
extern void qemu_plugin_register_vcpu_tb_exec_inline(qemu_plugin_tb *block, int operation,
                                                     void *word, uint64_t amount);
extern size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb *block);
extern qemu_plugin_insn *qemu_plugin_tb_get_insn(const qemu_plugin_tb *block, size_t index);
extern const void *qemu_plugin_insn_data(const qemu_plugin_insn *instruction);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;

static struct {
  uint64_t instructions, loads;
} *counts;

static uint32_t bits(uint32_t word, int high, int low) {
  return word >> low & ((2u << (high - low)) - 1);
}

// Whether an instruction reads memory into registers: Arm's encoding index, "Loads and Stores" and
// "SVE encodings".
static int is_load(uint32_t word) {
  if (bits(word, 28, 25) ==
      2) {  // SVE: bits 31:29 are 4, 5, 6 for loads and prefetches, 7 for stores
    const uint32_t group = bits(word, 31, 29);
    if (group < 4 || group == 7) return 0;
    const uint32_t prefetch_contiguous =
        group == 4 && bits(word, 24, 22) == 7 && !bits(word, 15, 15);
    return !prefetch_contiguous;
  }
  if (bits(word, 27, 27) != 1 || bits(word, 25, 25) != 0) return 0;
  const uint32_t vector = bits(word, 26, 26), size = bits(word, 31, 30);
  switch (bits(word, 29, 28)) {
    case 0:  // exclusive, ordered; vector structures
    case 2:  // pairs
      return (int)bits(word, 22, 22);
    case 1:  // literal (size 3 is a prefetch); ordered with unscaled offset
      if (bits(word, 24, 24)) return bits(word, 23, 22) != 0;
      return vector || size != 3;
    default: {  // one register
      const uint32_t operation = bits(word, 23, 22);
      if (vector) return (int)(operation & 1);
      return operation != 0 && !(size == 3 && operation == 2);  // which is a prefetch
    }
  }
}

static void translated(uint64_t id, qemu_plugin_tb *block) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(block);
  uint64_t loads = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t word;
    memcpy(&word, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(block, i)), sizeof word);
    loads += is_load(word) != 0;
  }
  qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &counts->instructions, count);
  if (loads) qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &counts->loads, loads);
}

EXPORTED int qemu_plugin_install(uint64_t id, const void *information, int argc, char **argv) {
  (void)information;
  const char *file = argc == 1 && strncmp(argv[0], "counts=", 7) == 0 ? argv[0] + 7 : NULL;
  const int descriptor = file ? open(file, O_RDWR | O_CREAT, 0600) : -1;
  if (descriptor < 0 || ftruncate(descriptor, sizeof *counts) != 0) {
    fprintf(stderr, "plugin: -plugin plugin.so,counts=FILE, a file that can be written\n");
    return 1;
  }
  counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (counts == MAP_FAILED) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
