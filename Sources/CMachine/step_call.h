// step_call.h: a call on a stack whose alignment is always the same; Linux on x86-64 and aarch64.
#pragma once

enum { STACK_BYTES = 8 << 20 };

// Calls function(argument) on another stack, which ends at a multiple of 16.
void cmachine_step_call(void (*function)(void *), void *argument, void *stack_end);
