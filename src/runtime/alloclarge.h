/* SPDX-License-Identifier: MIT */
/* alloclarge.h - objects above 32 KiB, a span each; and the end of memory.
 * Threads: a task in the runtime, without locks; it may be stopped and come back on another worker.
 */
#ifndef RUNTIME_ALLOCLARGE_H
#define RUNTIME_ALLOCLARGE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/span.h"

/* A zeroed object of BYTES; TYPE is what its elements are if KIND is SPAN_TYPED. */
void *alloc_large(size_t bytes, enum span_kind kind, const gort_type *type, uintptr_t pc);

/* Ends the process: no memory for BYTES, wanted by the code at PC. Names the sites that hold most.
 */
_Noreturn void alloc_out_of_memory(size_t bytes, uintptr_t pc);

#endif
