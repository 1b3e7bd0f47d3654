/* SPDX-License-Identifier: MIT */
/* laststop.h - the task that was the last to stop, and where it was.
 * Nobody may be made to wait for a long look at it: while the world is stopped only the part of its
 * stack next to its frame is copied; the copy is walked when the world has gone on.
 * Threads: laststop_take by who stopped the world; the rest by whoever owns the record. */
#ifndef RUNTIME_LASTSTOP_H
#define RUNTIME_LASTSTOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/unwind_regs.h"

#define LASTSTOP_STACK_BYTES ((size_t)4096)
#define LASTSTOP_FRAMES      16

struct worker;

/* In the order of enum page_stopped_how. */
enum stopped_how {
    STOPPED_UNKNOWN,
    STOPPED_BY_SIGNAL,   /* in code that is not the runtime's */
    STOPPED_IN_RUNTIME,  /* on leaving it */
    STOPPED_BY_BLOCKING, /* it goes on, in a blocking section */
};

struct last_stop {
    uint64_t task; /* id, 0: none */
    enum stopped_how how;
    uint64_t name[4];   /* of it, 32 bytes, NUL-terminated; "": none */
    uintptr_t leave_pc; /* on leaving the runtime: where the program goes on; else 0 */
    uintptr_t stack_lo; /* where the copy was taken from; 0: it has no stack that could be copied */
    size_t stack_bytes;
    struct unwind_regs regs;
    uint64_t stack[LASTSTOP_STACK_BYTES / sizeof(uint64_t)];
};

/* W is the thread that was last to arrive, or NULL. [stw] */
void laststop_take(struct last_stop *l, const struct worker *w);

/* Walks the copy. Fills PCS, innermost first, and returns how many of them there are. Of one that
 * stopped on leaving the runtime, the first is the return address of the call: there are none of
 * the runtime's own frames inside of it. */
size_t laststop_walk(const struct last_stop *l, uint64_t pcs[LASTSTOP_FRAMES]);

#endif
