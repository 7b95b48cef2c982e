// cmodel.h: the small trained model that is part of the program, a whole GGUF file.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// The file's bytes, on a boundary of 64, and how many there are.
const void *cmodel_bytes(void);
size_t cmodel_size(void);

#ifdef __cplusplus
}
#endif
