/* SPDX-License-Identifier: MIT */
/* gcpace.h - when to collect, how fast to sweep, what to give back: arithmetic only.
 * After a mark the heap may grow by GORT_GC percent of what has to be searched (live objects,
 * stacks and globals) before the next one; a small heap to 4 MiB at least. A memory limit lowers
 * that goal to what is left of the limit after everything that is not an object, but never so far
 * that the program would do nothing but collect. Threads: pure functions. Source: Go's mgcpacer and
 * its memory limit. */
#ifndef RUNTIME_GCPACE_H
#define RUNTIME_GCPACE_H

#include <stdint.h>

#define PACE_NEVER    UINT64_MAX
#define PACE_NO_LIMIT INT64_MAX
#define PACE_HEAP_MIN ((uint64_t)4 << 20) /* at 100 percent */

struct pace_state {   /* as of the end of a mark; bytes */
    uint64_t live;    /* objects marked */
    uint64_t stacks;  /* searched */
    uint64_t globals; /* searched */
    uint64_t outside; /* memory from the system that holds neither objects nor free pages */
    int percent;      /* growth; negative: off */
    int64_t limit;    /* on all memory, or PACE_NO_LIMIT */
};

/* The heap size, in bytes of objects, that starts the next cycle; PACE_NEVER if nothing does. */
uint64_t pace_goal(const struct pace_state *s);

/* Whether the limit, not the percentage, set that goal. */
int pace_is_limited(const struct pace_state *s);

/* Of TOTAL spans to sweep, how many must be done when ALLOCATED of the ROOM bytes up to the next
 * goal are allocated, so that all are done in time. */
uint64_t pace_sweep_due(uint64_t total, uint64_t allocated, uint64_t room);

/* How many bytes of spans the heap will need until the next goal: INUSE were in use when the mark
 * began at OLD_GOAL. What is idle beyond that can go back to the system. */
uint64_t pace_retain(uint64_t inuse, uint64_t old_goal, uint64_t new_goal);

#endif
