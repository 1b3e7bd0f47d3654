/* SPDX-License-Identifier: MIT */
/* gcpace.h - when to collect, how fast to sweep, what to give back: arithmetic only.
 * After a mark the heap may grow by GORT_GC percent of what has to be searched (live objects,
 * stacks, tasks' records and globals) before the next one; a small heap to 4 MiB at least. A memory
 * limit lowers that goal to what is left of the limit after everything that is not an object, but
 * never so far that the program would do nothing but collect. Threads: pure functions. Source: Go's
 * mgcpacer and its memory limit. */
#ifndef RUNTIME_GCPACE_H
#define RUNTIME_GCPACE_H

#include <stdint.h>

#define PACE_NEVER    UINT64_MAX
#define PACE_NO_LIMIT INT64_MAX
#define PACE_HEAP_MIN ((uint64_t)4 << 20) /* at 100 percent */

struct pace_state {   /* as of the end of a mark; bytes */
    uint64_t live;    /* objects marked */
    uint64_t stacks;  /* searched, and the records of tasks, which are too */
    uint64_t globals; /* searched */
    uint64_t outside; /* memory from the system that holds neither objects nor free pages */
    int percent;      /* growth; negative: off */
    int64_t limit;    /* on all memory, or PACE_NO_LIMIT */
};

/* The heap size, in bytes of objects, that starts the next cycle; PACE_NEVER if nothing does. */
uint64_t pace_goal(const struct pace_state *s);

/* Whether the limit, not the percentage, set that goal. */
int pace_is_limited(const struct pace_state *s);

/* Whether a mark that has to search WORK bytes of heap and stacks, by experience, and GLOBALS,
 * which the last stop of any mark searches, is to be tried in one stop; of a heap of HEAP bytes. */
int pace_is_little(uint64_t work, uint64_t globals, uint64_t heap);

/* ---- a mark beside the program ---- */

/* How much of its time the marker I, from 0, may work beside NPROCS busy procs, in thousandths: all
 * markers together a quarter of the procs' time. */
uint32_t pace_marker_share(uint32_t nprocs, uint32_t i);

/* The heap size at which a cycle has to begin so that the mark ends when GOAL is reached, RUNWAY
 * being the bytes that the program will allocate meanwhile, as far as that is known (0: not). */
uint64_t pace_trigger(uint64_t live, uint64_t goal, uint64_t runway);

/* Who marked, beside a program that had PROCS_NS of its procs' time, from the first stop to now. */
struct pace_effort {
    uint64_t markers_ns; /* beyond their quarter: on procs that were idle */
    uint64_t assists_ns; /* of tasks that allocate */
    uint64_t procs_ns;
};

/* What would have been allocated instead of ALLOCATED if the markers had done all with the quarter
 * of the time that they are meant to take. A mark that began too late has kept the program from
 * allocating: what it did allocate says nothing of what it wanted. Source: Go's endCycle, the ratio
 * of allocation to marking. */
uint64_t pace_unhindered(uint64_t allocated, const struct pace_effort *e);

/* RUNWAY of the next mark, from what was ALLOCATED, unhindered, during the last one and the one
 * BEFORE. A mark that searched WORK bytes had to be expected then, and NEXT_WORK is now. */
uint64_t pace_runway(uint64_t allocated, uint64_t before, uint64_t work, uint64_t next_work);

/* The heap size that no allocation may go beyond before the mark has ended: a tenth above GOAL, or
 * GOAL itself if it is that of the memory limit. */
uint64_t pace_ceiling(const struct pace_state *s, uint64_t goal);

struct pace_mark {     /* a mark under way; bytes */
    uint64_t expected; /* to be searched in all, by experience */
    uint64_t most;     /* to be searched in all, if everything lives */
    uint64_t done;
    uint64_t heap; /* size now */
    uint64_t goal;
    uint64_t ceiling;
    uint64_t brake; /* searched for each KiB allocated at least, of pace_brake; 0: none */
};

/* How many bytes of heap who allocates BYTES has to search for it, so that the mark is over when
 * the heap reaches its goal, or the ceiling if it is beyond that. */
uint64_t pace_debt(const struct pace_mark *m, uint64_t bytes);

/* How many bytes who allocates has to search for each KiB, so that this alone keeps up with the
 * program, which has written WRITTEN bytes of pages while it allocated ALLOCATED bytes. Not 0. */
uint64_t pace_brake(uint64_t written, uint64_t allocated);

/* ---- the sweep, and what to keep ---- */

/* Of TOTAL spans to sweep, how many must be done when ALLOCATED of the ROOM bytes up to the next
 * goal are allocated, so that all are done in time. */
uint64_t pace_sweep_due(uint64_t total, uint64_t allocated, uint64_t room);

/* How many bytes of spans the heap will need until the next goal: INUSE were in use when the mark
 * began at OLD_GOAL. What is idle beyond that can go back to the system. */
uint64_t pace_retain(uint64_t inuse, uint64_t old_goal, uint64_t new_goal);

#endif
