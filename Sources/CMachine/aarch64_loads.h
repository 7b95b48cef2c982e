// aarch64_loads.h: which AArch64 instructions load, told by their encoding.
#pragma once

#include <stdint.h>

static inline uint32_t aarch64_bits(uint32_t word, int high, int low) {
  return word >> low & ((2u << (high - low)) - 1);
}

// Of SVE's loads and prefetches, whether it is a prefetch; bits 31:29 are 4, or 6 with vectors of
// 64-bit addresses.
static inline int aarch64_is_sve_prefetch(uint32_t word) {
  const uint32_t group = aarch64_bits(word, 31, 29), size = aarch64_bits(word, 24, 23);
  const uint32_t form = aarch64_bits(word, 22, 21), last = aarch64_bits(word, 15, 13);
  if (group != 4 && group != 6) return 0;
  if (group == 4 && aarch64_bits(word, 24, 22) == 7 && last < 4) return 1;  // address and constant
  if (group == 4 && form == 0 && last == 6) return 1;                       // two addresses
  if (form == 0 && last == 7) return 1;  // addresses of a vector, and constant
  return size == 0 && (form & 1) && (last < 4 || (group == 6 && form == 3));  // and a vector
}

// Whether an instruction reads memory into registers: Arm's encoding index, "Loads and Stores" and
// "SVE encodings". Prefetches and stores do not; a load of a register pair is one load.
static inline int aarch64_is_load(uint32_t word) {
  if (aarch64_bits(word, 28, 25) == 2) {  // SVE: bits 31:29 are 4 to 6, and 7 for stores
    const uint32_t group = aarch64_bits(word, 31, 29);
    return group >= 4 && group != 7 && !aarch64_is_sve_prefetch(word);
  }
  if (aarch64_bits(word, 27, 27) != 1 || aarch64_bits(word, 25, 25) != 0) return 0;
  const uint32_t vector = aarch64_bits(word, 26, 26), size = aarch64_bits(word, 31, 30);
  switch (aarch64_bits(word, 29, 28)) {
    case 0:  // exclusive, ordered; vector structures
    case 2:  // pairs
      return (int)aarch64_bits(word, 22, 22);
    case 1:  // literal (size 3 is a prefetch); ordered with unscaled offset
      if (aarch64_bits(word, 24, 24)) return aarch64_bits(word, 23, 22) != 0;
      return vector || size != 3;
    default: {  // one register
      const uint32_t operation = aarch64_bits(word, 23, 22);
      if (vector) return (int)(operation & 1);
      const int is_atomic = !aarch64_bits(word, 24, 24) && aarch64_bits(word, 21, 21) &&
                            aarch64_bits(word, 11, 10) == 0;
      return is_atomic || (operation != 0 && !(size == 3 && operation == 2));  // a prefetch
    }
  }
}
