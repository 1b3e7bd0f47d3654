/* SPDX-License-Identifier: MIT */
/* gcowner.h - who runs the collector's cycles, and who waits for them.
 * A cycle has one owner, and there is one at a time; before it begins, its owner finishes the sweep
 * of the cycle before.
 *   stop the world   The owner is the task whose allocation reaches the goal or that calls gort_gc,
 *                    or the background thread when two minutes have gone by without a cycle. Tasks
 *                    that want one meanwhile park.
 *   concurrent       The owner is the background thread, always. Tasks ask it for a cycle by
 * number; who asks because the heap has grown goes on, the others park until the mark of that cycle
 * has ended. One that was under way when they asked does not count: it may have searched already
 * what they have dropped. Threads: as each function says. Lock: GC, held for a few words only,
 * never during a cycle. Source: Go's gcStart and GC. */
#ifndef RUNTIME_GCOWNER_H
#define RUNTIME_GCOWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/gc.h"

/* The heap is due. Tasks in the runtime that hold no lock; may come back on another worker. */
void owner_collect_when_due(uintptr_t pc);

/* Waits until the mark of the cycle that is under way or asked for has ended. Same callers. */
void owner_await_mark(uintptr_t pc);

/* Collects in any case; nothing happens on a worker that runs no task, where one can't wait. After
 * GC_BY_CALL the sweep is done too. Same callers. */
void gc_collect(enum gc_trigger trigger, uintptr_t pc);

struct heap_cache;

/* Runs the cycles that were asked for, C being the background thread's cache. That thread. */
void owner_serve(struct heap_cache *c);

/* Whether a cycle is under way or asked for. A guess; any thread. */
bool owner_is_running(void);

/* A cycle because of the time, unless one is under way. The background thread. */
void owner_collect_by_time(struct heap_cache *c);

#endif
