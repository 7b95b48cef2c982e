// loads.c: which instructions read memory, told by their encoding.
#include "include/cmachine.h"

#if defined(__aarch64__)

#include <string.h>

#include "aarch64_loads.h"

int cmachine_is_load(const void *instruction) {
  uint32_t word;
  memcpy(&word, instruction, sizeof word);
  return aarch64_is_load(word);
}

#elif defined(__x86_64__)

// The parts of an encoding that tell; Intel SDM, volume 2, chapter 2 and appendix A.
enum { LEGACY, VEX, EVEX };
typedef struct {
  int form;
  int map;     // 0: one byte, 1: 0F, 2: 0F38, 3: 0F3A, 5 and 6: EVEX's for float16
  int prefix;  // 0, 0x66, 0xF3 or 0xF2
  int opcode;
  const uint8_t *modrm;
} encoding;

static int is_prefix(uint8_t byte) {
  return byte == 0x66 || byte == 0x67 || byte == 0xF0 || byte == 0xF2 || byte == 0xF3 ||
         (byte & 0xE7) == 0x26 || byte == 0x64 || byte == 0x65;
}

static encoding decode(const uint8_t *byte) {
  static const int prefixes[] = {0, 0x66, 0xF3, 0xF2};
  switch (*byte) {
    case 0xC5:
      return (encoding){VEX, 1, prefixes[byte[1] & 3], byte[2], byte + 3};
    case 0xC4:
      return (encoding){VEX, byte[1] & 31, prefixes[byte[2] & 3], byte[3], byte + 4};
    case 0x62:
      return (encoding){EVEX, byte[1] & 7, prefixes[byte[2] & 3], byte[4], byte + 5};
  }
  encoding e = {LEGACY, 0, 0, 0, byte};
  for (; is_prefix(*byte); byte++) {
    if (*byte == 0xF2 || *byte == 0xF3 || (*byte == 0x66 && e.prefix == 0)) e.prefix = *byte;
  }
  if ((*byte & 0xF0) == 0x40) byte++;  // REX
  if (*byte == 0x0F) {
    byte++;
    e.map = *byte == 0x38 ? 2 : *byte == 0x3A ? 3 : 1;
    if (e.map > 1) byte++;
  }
  e.opcode = *byte;
  e.modrm = byte + 1;
  return e;
}

typedef struct {
  uint8_t first, last;
} opcodes;

static int is_in(int opcode, const opcodes *ranges, size_t count) {
  for (size_t j = 0; j < count; j++) {
    if (opcode >= ranges[j].first && opcode <= ranges[j].last) return 1;
  }
  return 0;
}

#define IS_IN(opcode, ranges) is_in(opcode, ranges, sizeof(ranges) / sizeof *(ranges))

// Opcodes of one byte.
static int loads_map0(int opcode, int has_memory, int reg) {
  // Pops, returns, leave; moves from a fixed address; string instructions and table look-up.
  static const opcodes always[] = {{0x58, 0x5F}, {0x8F, 0x8F}, {0x9D, 0x9D},
                                   {0xA0, 0xA1}, {0xA4, 0xA7}, {0xAC, 0xAF},
                                   {0xC2, 0xC3}, {0xC9, 0xC9}, {0xD7, 0xD7}};
  // Arithmetic with constants, tests, exchanges, moves, shifts; calls, jumps and pushes.
  static const opcodes operand[] = {{0x63, 0x63}, {0x69, 0x69}, {0x6B, 0x6B}, {0x80, 0x87},
                                    {0x8A, 0x8B}, {0x8E, 0x8E}, {0xC0, 0xC1}, {0xD0, 0xD3},
                                    {0xF6, 0xF7}, {0xFE, 0xFF}};
  if (opcode < 0x40) return (opcode & 7) < 4 && has_memory;  // arithmetic
  if (opcode >= 0xD8 && opcode <= 0xDF) {                    // x87, whose odd opcodes store
    const int stores = reg == 2 || reg == 3 || reg >= 6 || (reg == 1 && opcode != 0xD9);
    return has_memory && !((opcode & 1) && stores);
  }
  return IS_IN(opcode, always) || (has_memory && IS_IN(opcode, operand));
}

// Behind 0F: whether an operand in memory is read, rather than written or only named.
static int loads_map1(const encoding *e, int reg) {
  static const opcodes stores[] = {{0x11, 0x11}, {0x13, 0x13}, {0x17, 0x17}, {0x29, 0x29},
                                   {0x2B, 0x2B}, {0x7F, 0x7F}, {0xD6, 0xD6}, {0xE7, 0xE7}};
  // System calls, prefetches, no operations, jumps, cpuid, bswap: of most the next byte is no ModRM.
  static const opcodes others[] = {{0x05, 0x05}, {0x0B, 0x0B}, {0x0D, 0x0D}, {0x18, 0x1F},
                                   {0x31, 0x31}, {0x77, 0x77}, {0x80, 0x8F}, {0xA0, 0xA2},
                                   {0xA8, 0xAA}, {0xC8, 0xCF}};
  if (IS_IN(e->opcode, stores) || IS_IN(e->opcode, others)) return 0;
  if (e->opcode == 0x7E) return e->prefix == 0xF3;                      // movq; else movd to memory
  if (e->opcode >> 4 == 9) return e->form == VEX && e->opcode == 0x90;  // kmov; else setcc
  if (e->opcode == 0xAE) return reg == 1 || reg == 2 || reg == 5;       // fxrstor, ldmxcsr, xrstor
  return e->opcode != 0xC3 || e->form != LEGACY;                        // movnti
}

static int loads_map2(const encoding *e) {
  // Moves that narrow, of prefix F3; masked stores; compress, scatter and prefetch.
  static const opcodes narrowing[] = {{0x10, 0x15}, {0x20, 0x25}, {0x30, 0x35}};
  static const opcodes vex[] = {{0x2E, 0x2F}, {0x8E, 0x8E}};
  static const opcodes evex[] = {{0x63, 0x63}, {0x8A, 0x8B}, {0xA0, 0xA3}, {0xC6, 0xC7}};
  switch (e->form) {
    case EVEX:
      return !IS_IN(e->opcode, evex) && !(e->prefix == 0xF3 && IS_IN(e->opcode, narrowing));
    case VEX:
      if (e->opcode == 0x49) return e->prefix != 0x66;  // sttilecfg
      if (e->opcode == 0x4B) return e->prefix != 0xF3;  // tilestored
      return !IS_IN(e->opcode, vex);
    default:
      if (e->opcode == 0xF1) return e->prefix == 0xF2;  // crc32; else movbe to memory
      return e->opcode != 0xF9;                         // movdiri
  }
}

static int loads_map3(int opcode) {
  static const opcodes stores[] = {{0x14, 0x17}, {0x19, 0x19}, {0x1B, 0x1B},
                                   {0x1D, 0x1D}, {0x39, 0x39}, {0x3B, 0x3B}};  // extract, narrow
  return !IS_IN(opcode, stores);
}

int cmachine_is_load(const void *instruction) {
  const encoding e = decode(instruction);
  const int reg = *e.modrm >> 3 & 7, has_memory = *e.modrm >> 6 != 3;
  if (e.map == 0) return loads_map0(e.opcode, has_memory, reg);
  if (!has_memory) return 0;
  switch (e.map) {
    case 1:
      return loads_map1(&e, reg);
    case 2:
      return loads_map2(&e);
    case 3:
      return loads_map3(e.opcode);
    default:
      return e.opcode != 0x11 && e.opcode != 0x7E;
  }
}

#else

int cmachine_is_load(const void *instruction) {
  (void)instruction;
  return 0;
}

#endif
