// shakespeare.c: the file shakespeare.gguf as part of the program, taken in by the assembler.
//
// A compiler would read two million numbers for it. The assembler looks for the file where headers are looked for,
// which is this folder wherever the build runs. A build does not see that the file alone has changed: change this one
// too, or build from clean. Until then the tests that hold the model's bits fail.
#include "cmodel.h"

#if defined(__APPLE__)
#define SECTION "__TEXT,__const"
#define SYMBOL(name) "_" name
#else
#define SECTION ".rodata,\"a\""
#define SYMBOL(name) name
#endif

__asm__(".pushsection " SECTION);
__asm__(".balign 64");
__asm__(".globl " SYMBOL("cmodel_begin"));
__asm__(".globl " SYMBOL("cmodel_end"));
__asm__(SYMBOL("cmodel_begin") ":");
__asm__(".incbin \"shakespeare.gguf\"");
__asm__(SYMBOL("cmodel_end") ":");
__asm__(".byte 0");
__asm__(".popsection");

// Hidden, and so reached without a table of addresses: clang 17 makes wrong entries of it for labels on aarch64.
extern const char cmodel_begin[] __attribute__((visibility("hidden")));
extern const char cmodel_end[] __attribute__((visibility("hidden")));

const void *cmodel_bytes(void) {
  return cmodel_begin;
}

size_t cmodel_size(void) {
  return (size_t)(cmodel_end - cmodel_begin);
}
