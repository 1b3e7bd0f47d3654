/* SPDX-License-Identifier: MIT */
/* gcthread.h - the collector's own threads.
 * Mark threads, one less than there are procs or processors, sleep until a mark is open and help
 * with it: while the world is stopped the processors are theirs. One background thread sweeps what
 * nobody has needed yet, gives idle pages back to the system, and runs the collections that are due
 * by time; it also changes the number of procs when that of the processors changes. None of them is
 * a worker: they have no proc, run no task, and are never stopped. All signals are blocked in them.
 * Threads: any, unless it says otherwise. */
#ifndef RUNTIME_GCTHREAD_H
#define RUNTIME_GCTHREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the threads unless they run. Not while the world is stopped, and not on the stack of a
 * task, which may be short. */
void gcthread_start(void);

/* Whether someone has started them. Any thread. */
bool gcthread_is_started(void);

/* The number of procs has changed: so does that of the mark threads that help. Not while the world
 * is stopped. */
void gcthread_fit(void);

/* Sends the mark threads to the mark that was just opened. */
void gcthread_wake_markers(void);

/* The same before it is opened, by the thread that is going to: they are kept off its processor. */
void gcthread_call_markers(void);

/* What the background thread is asked to do. */
enum gcthread_work {
    GCTHREAD_SWEEP = 1,
    GCTHREAD_COLLECT = 2, /* because of the time */
    GCTHREAD_CPUS = 4,
    GCTHREAD_SERVE = 8, /* to run the cycles that were asked for */
};
void gcthread_ask(enum gcthread_work work);

/* Threads that run. */
uint32_t gcthread_count(void);

#endif
