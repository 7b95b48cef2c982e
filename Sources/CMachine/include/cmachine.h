// cmachine.h: what Linux offers only behind _GNU_SOURCE, which Swift's view of the C library lacks.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Bit cpu % 64 of word cpu / 64 stands for a CPU. Both act on the calling thread, and return 0 or an
// errno (ENOSYS on another system than Linux). cmachine_get_affinity writes every word.
int cmachine_set_affinity(const uint64_t *mask, size_t words);
int cmachine_get_affinity(uint64_t *mask, size_t words);
