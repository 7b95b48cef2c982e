// step_histogram.c: how often each address was reached.
#include "step_histogram.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

static cmachine_address_count *slot_of(cmachine_address_count *slots, size_t capacity,
                                       uint64_t address) {
  // Fibonacci hashing: neighbouring addresses are far apart.
  size_t index = (size_t)((address * 0x9E3779B97F4A7C15u) >> 32) & (capacity - 1);
  while (slots[index].count != 0 && slots[index].address != address) {
    index = (index + 1) & (capacity - 1);
  }
  return &slots[index];
}

static int grow(histogram *table) {
  const size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : 2 * table->capacity;
  cmachine_address_count *slots = calloc(capacity, sizeof *slots);
  if (slots == NULL) return 0;
  for (size_t j = 0; j < table->capacity; j++) {
    if (table->slots[j].count == 0) continue;
    *slot_of(slots, capacity, table->slots[j].address) = table->slots[j];
  }
  free(table->slots);
  table->slots = slots;
  table->capacity = capacity;
  return 1;
}

int histogram_add(histogram *table, uint64_t address) {
  if (2 * table->used >= table->capacity && !grow(table)) return 0;
  cmachine_address_count *slot = slot_of(table->slots, table->capacity, address);
  if (slot->count == 0) table->used++;
  slot->address = address;
  slot->count++;
  return 1;
}

static int by_address(const void *left, const void *right) {
  const uint64_t a = ((const cmachine_address_count *)left)->address;
  const uint64_t b = ((const cmachine_address_count *)right)->address;
  return (a > b) - (a < b);
}

cmachine_address_count *histogram_take(histogram *table, size_t *count) {
  cmachine_address_count *slots = table->slots;
  size_t used = 0;
  for (size_t j = 0; j < table->capacity; j++) {
    if (slots[j].count != 0) slots[used++] = slots[j];
  }
  if (used > 0) qsort(slots, used, sizeof *slots, by_address);
  table->slots = NULL;
  table->capacity = table->used = 0;
  *count = used;
  return slots;
}
