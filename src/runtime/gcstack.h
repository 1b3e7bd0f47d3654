/* SPDX-License-Identifier: MIT */
/* gcstack.h - the stacks of tasks in a mark that runs beside the program.
 * A stack can be searched only while its task does not run. Each task is searched once after the
 * mark has begun and before it runs again, by whoever comes first: a marker that goes through all
 * tasks, or the worker that is about to run it, which just puts the words aside. Those that run
 * when the mark begins are searched then, in the stop. After that a task may run as it likes; it is
 * searched once more, by the last stop or, if there are many, before it while the task waits again.
 *
 * task.marked says how far that is: E being the number of this mark (a multiple of 4),
 *   other       not searched yet; the task has not run since the mark began, so its stack, its
 *               stack pointer and its argument are as they were then.
 *   BUSY        being searched: who wants to run it waits.
 *   E           searched, and has not run since: the last stop looks only at pages of its stack
 *               that others have written (gcparked.h).
 *   E | RUNS    searched, and runs since then, or was born since: all of it has to be searched
 *               again, and it is known to gcparked.h.
 *   E | RAN     as E | RUNS, and does not run now: its worker has let go of it.
 *   LEFT        as other: left out by a mark that looks for leaks (gcleak.h), which sees to it that
 *               it is searched before the end.
 * Invariants: a marker moves other, LEFT or E | RAN to BUSY, by a compare-and-swap, and that to E,
 * LEFT or E | RAN. The owner of the task moves all but BUSY to E | RUNS before it runs, and that to
 * E | RAN when its stack is at rest, before anyone else can find it. A new record is E | RUNS from
 * the start, so what is E | RAN is complete and alive. So a marker never sees a stack that is in
 * use, and at the end of the mark no stack is left in the state other but those of tasks that the
 * markers have not come to, which have not run. A marker is no worker and is never stopped: so
 * nobody waits for long in the state BUSY.
 *
 * Threads: as each function says. Source: the idea of Go's scang, and of its stack barrier. */
#ifndef RUNTIME_GCSTACK_H
#define RUNTIME_GCSTACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "runtime/world.h"

struct task;

/* The number of the mark that runs beside the program: objects are born marked, and tasks are
 * searched before they run. 0: there is none. Changes only while the world is stopped; [atomic]. */
extern _Atomic(uint32_t) gcstack_epoch;

static inline bool gc_marks_beside(void)
{
    return UNLIKELY(atomic_load_explicit(&gcstack_epoch, memory_order_relaxed) != 0);
}

/* A mark begins: searches the tasks that are on workers. [stw] */
void gcstack_begin(world_scan_fn scan, void *ctx);

/* It ends. [stw] */
void gcstack_end(void);

/* Searches the task in slot SLOT unless that is not its turn. Markers. */
void gcstack_scan_parked(size_t slot, world_scan_fn scan, void *ctx);

/* Bytes of stacks of tasks that have been searched, and have not run since. [stw] */
uint64_t gcstack_settled_bytes(void);

/* Whether the task in SLOT is left out so far. [stw], or a guess. */
bool gcstack_is_left_out(size_t slot);

/* Leaves it out. [stw], and no mark runs beside the program. */
void gcstack_leave_out(size_t slot);

/* Searches the task in SLOT if it is left out and REACHED says so of it; whether it was. Meanwhile
 * it does not run. Markers. */
bool gcstack_scan_left(size_t slot, bool (*reached)(const struct task *t), world_scan_fn scan,
                       void *ctx);

/* Searches the task in SLOT again if it has run since and does not now. Markers. */
void gcstack_settle(size_t slot, world_scan_fn scan, void *ctx);

/* T, which belongs to the caller, is about to run while gc_marks_beside. Locks may be held. Takes
 * GCWORK. */
void gcstack_before_run(struct task *t);

/* T, not dead, has been left while gc_marks_beside, and all of it is saved. Who lets go of it. */
void gcstack_after_run(struct task *t);

/* T is a new task. Its maker. */
void gcstack_begin_task(struct task *t);

#endif
