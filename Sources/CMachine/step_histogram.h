// step_histogram.h: how often each address was reached.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "include/cmachine.h"

// An open hash table; an empty slot has count 0. Zeros are an empty table.
typedef struct {
  cmachine_address_count *slots;
  size_t capacity;  // a power of two, or 0
  size_t used;
} histogram;

// Adds one; returns 0 if there is no memory.
int histogram_add(histogram *table, uint64_t address);

// Gives the counts in ascending order of address, to be freed by the caller, and empties the table.
cmachine_address_count *histogram_take(histogram *table, size_t *count);
