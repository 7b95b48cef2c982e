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
__asm__(SYMBOL("cmodel_begin") ":");
__asm__(".incbin \"shakespeare.gguf\"");
__asm__(SYMBOL("cmodel_end") ":");
__asm__(".byte 0");
__asm__(".popsection");

extern const char cmodel_begin[], cmodel_end[];

const void *cmodel_bytes(void) {
  return cmodel_begin;
}

size_t cmodel_size(void) {
  return (size_t)(cmodel_end - cmodel_begin);
}
