/* SPDX-License-Identifier: MIT */
/* alloclarge.h - objects above 32 KiB, a span each; and the end of memory.
 * Threads: a task in the runtime, without locks; it may be stopped and come back on another worker.
 */
#ifndef RUNTIME_ALLOCLARGE_H
#define RUNTIME_ALLOCLARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/span.h"

/* A zeroed object of BYTES; TYPE is what its elements are if KIND is SPAN_TYPED. */
void *alloc_large(size_t bytes, enum span_kind kind, const gort_type *type, uintptr_t pc);

/* The same at an address that is a multiple of ALIGN_BYTES, a power of two from a page up to
 * LARGE_ALIGN_MAX_BYTES. No type. */
#define LARGE_ALIGN_MAX_BYTES (ARENA_BYTES / 2)
void *alloc_large_aligned(size_t bytes, size_t align_bytes, enum span_kind kind, uintptr_t pc);

/* The object of S is dead: its pages go back, unless somebody sweeps S just now. No mark runs. */
void alloc_large_free(struct span *s);

/* Makes the object of S, without a type, BYTES long where it is, which is more than it has. New
 * bytes that are searched for references are zero. False if that can't be. No mark runs. */
bool alloc_large_grow(struct span *s, size_t bytes, uintptr_t pc);

/* Ends the process: no memory for BYTES, wanted by the code at PC. Names the sites that hold most.
 * Any thread, in the runtime or not. */
_Noreturn void alloc_out_of_memory(size_t bytes, uintptr_t pc);

#endif
