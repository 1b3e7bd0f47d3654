/* SPDX-License-Identifier: MIT */
/* gcleak.h - tasks that wait for what nothing can give them any more: proven leaks.
 * Some cycles look for them. Their mark leaves out the stacks of the suspects: tasks that wait,
 * without a deadline, for a channel, a select, a lock, a condition, a semaphore or a group. All
 * other roots are marked as ever. A suspect is reached, and searched in its turn, when
 *   - something that it waits on has a mark, or is no object of the heap: on a stack, in static
 *     data, in memory of malloc it may be known to anyone;
 *   - or what is reached refers to its stack (gcleaknote.h);
 * and this is repeated until no other is reached. Those that are left wait for objects that are
 * referred to only by stacks of tasks that are left. They are leaked.
 *
 * Invariant: of what can be reached from all roots but the stacks of those left, everything has a
 * mark, and no such reference leads to one of these stacks, at one moment: in a stop, after all
 * that MARK_LAST does, and all repetitions. Why that proves it: to ready a task, somebody has to
 * name what it waits on. Who runs has roots, so what he can name is marked, and he can get nothing
 * else but by asking the runtime. What that keeps is marked too: handles, cleanups and finalizers
 * with their arguments, what pools keep, timers that are armed, with their channels, tasks in I/O,
 * asleep or with a deadline, with all that their stacks refer to, tasks that are bound to a thread,
 * and the first one. Weak pointers give what they stand for if that lives, and a leaked task keeps
 * it: so once there is a suspect left, what weak pointers stand for counts as reached. What is
 * marked but garbage by now makes for less leaks found, not for more. And as nobody can ready them,
 * nobody ever will: a leaked task stays one, and is not looked at again.
 * What breaks it are references that the collector can't see, in memory of malloc or in a thread
 * that is not attached: a leak is said to be unreachable from scanned memory, and one that goes on
 * after all is told of no more (leaked.h). Of the runtime's own, the parking lot refers to the
 * place of a task in it; that one word is no reference (waitson.h).
 *
 * The order of a cycle, mark beside the program:
 *   1. MARK_BESIDE leaves suspects out (gcstack.h).
 *   2. Repetitions beside the program, before and after written pages are looked at again. Nearly
 *      all that are reached are found here. If none is left, all goes on as in any cycle.
 *   3. A stop: MARK_LAST and repetitions of what they bring; the rest is leaked.
 *   4. Beside the program again, the leaked are searched, for they and all they refer to live on;
 *      written pages; the last stop as ever.
 * In a mark that stops the world all is done in its stop. A task that was left out and comes to run
 * is searched before, as any (gcstack_before_run).
 *
 * When: in a cycle that gort_find_leaks asks for; in one of gort_gc if the last search was a second
 * ago; and in any other after a minute, or ten seconds if the last one had no suspects, for tasks
 * that have been parked for ten seconds then. A program that does nothing is collected every two
 * minutes. So a search costs, about once a minute, a look at each parked task.
 *
 * Threads: the owner of the cycle, unless it says otherwise.
 * Source: Saioc et al., Dynamic Partial Deadlock Detection and Recovery via Garbage Collection
 * (2025), and Go's goroutineleak profile. */
#ifndef RUNTIME_GCLEAK_H
#define RUNTIME_GCLEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "runtime/gc.h"
#include "runtime/world.h"

struct task;

extern _Atomic(uint32_t) gcleak_on;

/* The next cycle is to look for leaks. Any thread. */
void gcleak_want(void);

/* Searches that came to an end. Any thread. */
uint64_t gcleak_searches(void);

/* A cycle begins; whether it looks for leaks. */
bool gcleak_begin(enum gc_trigger trigger);

/* Its mark is over. */
void gcleak_end(void);

/* Leaves suspects out of a mark that stops the world. [stw] */
void gcleak_leave_out_all(void);

/* Step 2: before written pages are looked at again, and after; whether some are left then. WAKE as
 * in mark_run. */
void gcleak_look(void (*wake)(void));
bool gcleak_look_again(void (*wake)(void));

/* Step 3, after MARK_LAST or MARK_ALL. [stw] */
void gcleak_prove(void (*wake)(void));

/* Step 4: searches all that are left. RELEASE_STOPPED: [stw]. */
enum gcleak_release { GCLEAK_RELEASE_BESIDE, GCLEAK_RELEASE_STOPPED };
void gcleak_release(enum gcleak_release how, void (*wake)(void));

/* ---- for markers ---- */

bool gcleak_leaves_out_slow(const struct task *t);

/* Whether T, which does not run meanwhile, is to be left out; if so, that is remembered. */
static inline bool gcleak_leaves_out(const struct task *t)
{
    return UNLIKELY(atomic_load_explicit(&gcleak_on, memory_order_relaxed) != 0) &&
           gcleak_leaves_out_slow(t);
}

/* Pieces of the parts MARK_LEFT and MARK_LEFT_BESIDE. Piece I is the tasks numbered from the result
 * to *END; what else belongs to it is handed to SCAN. */
size_t gcleak_pieces(void);
size_t gcleak_begin_piece(size_t i, size_t *end, world_scan_fn scan, void *ctx);

/* Searches task number K if it is reached; whether it was. */
bool gcleak_scan(size_t k, world_scan_fn scan, void *ctx);

#endif
