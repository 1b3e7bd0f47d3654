/* SPDX-License-Identifier: MIT */
/* world.h - stopping every task, and looking at where each one stands.
 * Idle procs and procs in blocking sections are simply taken. A worker inside the runtime stops by
 * itself when it leaves or switches; one in C code is sent SIGURG and waits in the handler, on its
 * alternate stack, until the world goes on. Workers that lost their proc are stopped too. A thread
 * in a blocking section runs on, and waits when the section ends. While the world is stopped, the
 * collector must not call libc functions that lock (malloc, stdio): a stopped thread may hold them.
 */
#ifndef RUNTIME_WORLD_H
#define RUNTIME_WORLD_H

#include <stdint.h>

#include "base/clock.h"
#include "runtime/laststop.h"
#include "runtime/proc.h"

struct world_stop {
    int64_t asked_ns;       /* monotonic */
    int64_t stopped_ns;     /* the last thread had stopped */
    int64_t off_cpu_ns;     /* of the time between, that this thread was on no processor */
    struct last_stop *last; /* in: takes who was last to stop; NULL: nobody wants to know */
};

/* Stops all tasks but the caller, which runs on its worker's own stack with its proc
 * (sched_on_worker_stack), or is a thread that is no worker. One at a time. False if not all had
 * stopped after PATIENCE_NS: then world_start has been called. */
bool world_stop(struct world_stop *how, int64_t patience_ns);

#define WORLD_PATIENCE_NS (100 * NS_PER_MS) /* of the first try */

/* After a stop that did not come about in *PATIENCE_NS: doubles that for the next, and waits until
 * it is time for it. Who did not stop may be waiting, with signals blocked, for a lock that a
 * stopped one had. All must go on for as long as it takes to hand it over, on a busy machine not a
 * matter of a moment: so the pauses grow with the tries. Called as world_stop; the caller may be
 * stopped meanwhile. */
void world_stop_later(int64_t *patience_ns);

/* Lets them go on. Tasks readied and timers armed meanwhile have woken nobody: the caller then has
 * to call sched_wake_one, which may start a thread. */
void world_start(void);

/* After world_start, called at STARTED_NS by the clock: when all who were held had run on. Waits
 * for that, but not for long: if somebody is late it is the time of the return. Who started the
 * world can't tell by its own clock: those whom it wakes often run in its place. */
int64_t world_resumed_ns(int64_t started_ns);

/* A piece of memory to be searched for references. */
typedef void (*world_scan_fn)(void *ctx, const void *lo, const void *hi);

/* With the world stopped: the used stack of the task in slot SLOT, its record's own references,
 * and, if it runs, the registers of its thread. The stack of the task that stopped the world is
 * covered too. Any thread; several slots at a time by several threads. */
void world_scan_task(size_t slot, world_scan_fn scan, void *ctx);

/* With the world stopped: stacks and thread-local storage of all workers. */
void world_scan_workers(world_scan_fn scan, void *ctx);

#endif
