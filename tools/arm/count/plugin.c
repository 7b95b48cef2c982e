// plugin.c: a qemu-user plug-in that counts user instructions and loads for the program that it runs.
//
//   clang -O2 -fPIC -shared -ISources/CMachine tools/arm/count/plugin.c -o plugin.so
//   qemu-aarch64 -plugin plugin.so,counts=counts PROGRAM
//
// The counts are two 64-bit words in a file, which the program maps as well: it reads them before and
// after a call, and the difference is what the call executed (ternbench bench --counters plugin).
//
// Debian 12's qemu 7.2 comes without the plug-in's header: what is used of it is declared here.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aarch64_loads.h"

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

static void translated(uint64_t id, qemu_plugin_tb *block) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(block);
  uint64_t loads = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t word;
    memcpy(&word, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(block, i)), sizeof word);
    loads += aarch64_is_load(word) != 0;
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
