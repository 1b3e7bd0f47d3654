/* SPDX-License-Identifier: MIT */
/* proctime.h - how long each proc has been at what.
 * Counted at the edges, when a proc changes what it is at, never when it goes from task to task: a
 * look at the cycle counter and a few stores. The time of a stopped world is not written there, for
 * who stops the world touches nobody else's proc: one word has the sum of all pauses, and at an
 * edge the part of it that fell into the time just ended is counted as stopped.
 * Cycles become nanoseconds when somebody reads: what has passed by the clock since the last
 * reading is shared out by the cycles of each state. So the states of a proc always add up to the
 * age of the proc, no figure ever falls, and nothing depends on the rate of the counter.
 * Threads: proctime_turn by whoever holds the proc; reading by any. Locks: proctime_read takes
 * PROCTIME. Memory order: a sequence lock, as seqlock.h. */
#ifndef RUNTIME_PROCTIME_H
#define RUNTIME_PROCTIME_H

#include <stdint.h>

#include "base/bits.h"
#include "base/seqlock.h"

/* What a proc is at; in the order of enum page_proc_state. */
enum proctime_state {
    PROCTIME_IDLE,     /* nobody holds it, or a worker is being woken for it */
    PROCTIME_RUNNING,  /* a task */
    PROCTIME_BLOCKING, /* its task is in a blocking section, and nobody has taken it from there */
    PROCTIME_STOPPED,  /* it has a worker, but the world was asked to stop */
    PROCTIME_SPINNING, /* its worker looks for work beyond the run queues of its own */
    PROCTIME_ABSENT,   /* there are fewer procs now */
    PROCTIME_STATES
};

struct proctime {
    uint64_t seq;   /* odd while the rest is written; [owner], read by anyone */
    uint64_t state; /* enum proctime_state, never STOPPED; [owner], read by anyone */
    uint64_t since; /* cycles; [owner], read by anyone */
    uint64_t pause; /* sum of all pauses at that time, cycles; [owner], read by anyone */
    uint64_t spent[PROCTIME_STATES];            /* cycles before that; [owner], read by anyone */
    _Alignas(CACHE_LINE_BYTES) int64_t told_ns; /* when it was last read; [lock:times] */
    uint64_t told_cycles[PROCTIME_STATES];      /* [lock:times] */
    uint64_t told[PROCTIME_STATES];             /* nanoseconds; [lock:times] */
};

/* A proc begins to exist, absent. */
void proctime_init(struct proctime *t);

/* Slow half of proctime_turn. */
void proctime_turn_slow(struct proctime *t, enum proctime_state to);

/* From now on the proc is at TO, which is not STOPPED. The holder of the proc. */
static inline void proctime_turn(struct proctime *t, enum proctime_state to)
{
    if (__atomic_load_n(&t->state, __ATOMIC_RELAXED) != to)
        proctime_turn_slow(t, to);
}

/* The world is asked to stop; it goes on. Who stops the world. */
void proctime_pause_begin(void);
void proctime_pause_end(void);

/* What the proc is at now. Any thread. */
enum proctime_state proctime_now(const struct proctime *t);

/* The nanoseconds that it was in each state so far, the state that lasts included. Any thread. */
void proctime_read(struct proctime *t, uint64_t ns[PROCTIME_STATES]);

#endif
