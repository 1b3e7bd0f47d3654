/* SPDX-License-Identifier: MIT */
/* sched.h - park, ready, spawn, yield: what the rest of the runtime asks of the scheduler.
 * A task that parks saves its context, and only then, on the context that follows, is what it parks
 * on let go of: nobody can ready it before it can be resumed. The next task is switched to
 * directly; a worker goes to its own stack only when its proc has nothing to run, and there looks
 * in the global queue, the poller, the timers and other procs before it sleeps. Threads: all of it
 * inside the runtime, between rt_enter and rt_leave, unless it says otherwise. */
#ifndef RUNTIME_SCHED_H
#define RUNTIME_SCHED_H

#include "runtime/proc.h"
#include "runtime/switch.h"

/* The task that runs; never NULL between rt_enter and rt_leave. */
static inline struct task *task_self(void)
{
    return worker_self()->current;
}

/* Makes T, which is parked and belongs to the caller, runnable: it runs next on this proc.
 * WAKE_VALUE is what its sched_park returns. Callable with locks held up to rank TIMERS. */
void sched_ready(struct task *t, int32_t wake_value);

/* As sched_ready, but behind the tasks of this proc: for what a timer wakes, so that sleepers go on
 * in the order of their deadlines. */
void sched_ready_last(struct task *t, int32_t wake_value);

/* As sched_ready_last of a batch whose wake_value is set, by who looks into this proc's queue next;
 * HELP: and wakes somebody to steal from it. */
void sched_ready_own(struct taskq *q, bool help);

/* Makes a batch runnable, through the global queue: from any thread, also without a proc.
 * wake_value must be set. */
void sched_ready_batch(struct taskq *q);

/* Around what a thread that is no worker does to make tasks ready: meanwhile they are not all
 * asleep, whatever it looks like. Any thread, no lock held. */
void sched_outside_begin(void);
void sched_outside_end(void);

/* Puts the current task behind the others. */
void sched_yield_task(void);

/* Lets all others run that are ready, or now become so by their descriptors, and comes back after
 * them: for a task that works for long inside the runtime. May come back on another worker. */
void sched_give_way(void);

/* Spawns, as gort_go. ATTR fields may be 0 / NULL. */
void sched_spawn(void (*fn)(void *arg), void *arg, const char *name, size_t stack_bytes,
                 uintptr_t pc);

/* Spawns from any thread, also without a proc; the caller holds no lock. The task has to call
 * sched_count_birth first of all. */
void sched_spawn_outside(void (*fn)(void *arg), void *arg, const char *name);

/* Counts the calling task as spawned on the proc that it is on. */
void sched_count_birth(void);

/* Ends the current task. */
_Noreturn void sched_exit(void);

/* Runs FN(ARG) on the worker's own stack, with the current task's registers saved on its stack, and
 * comes back. FN may stop the world; it must not park. */
void sched_on_worker_stack(void (*fn)(void *arg), void *arg);

/* Slow half of the next. */
void sched_wake_one_slow(void);

/* Wakes a worker if there is an idle proc and nobody looks for work. */
static inline void sched_wake_one(void)
{
    /* Sequential consistency: the task was published before; pairs with last_look in find.c. */
    if (atomic_load_explicit(&sched.nidle_procs, memory_order_seq_cst) != 0 &&
        atomic_load_explicit(&sched.nspinning, memory_order_seq_cst) == 0)
        sched_wake_one_slow();
}

/* Sets the limit on workers, unless MAX is 0, and returns the former one. Ends the process if there
 * are more. Any thread. Lock: takes SCHED. */
uint32_t workers_set_max(uint32_t max);

/* Tells the poller's sleeper, if there is one, that WHEN_NS is now the earliest timer. */
void sched_timer_moved(int64_t when_ns);

#endif
