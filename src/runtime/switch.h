/* SPDX-License-Identifier: MIT */
/* switch.h - leaving a task, and coming back to it.
 * The processor predicts returns by a stack of its own, which tells of the task that ran before: of
 * the returns between the switch and the program every one is mispredicted. So what stands around
 * the switch is inlined into the public functions, and all that is done before and after it are
 * calls that have returned by then.
 * Threads: a task, inside the runtime. */
#ifndef RUNTIME_SWITCH_H
#define RUNTIME_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/ctx.h"
#include "runtime/proc.h"
#include "runtime/san.h"

/* Where to go from a task: the next one, or the worker's own context. */
struct departure {
    void *sp;
    struct san_fiber *san;
};

/* Picks what follows the current task T of W, whose state and W->commit are set, and makes it
 * current. */
struct departure sched_depart(struct worker *w, struct task *t);

/* First thing on a task's stack after a switch to it: lets go of the task that was left. */
void sched_arrive(void);

/* Switches from T, the current task of W, and comes back when it is run again, perhaps on another
 * worker. */
__attribute__((always_inline)) static inline void sched_switch(struct worker *w, struct task *t)
{
    struct departure to = sched_depart(w, t);

    san_switch_begin(&t->san, to.san, SAN_COMES_BACK);
    ctx_switch(&t->sp, to.sp);
    sched_arrive();
}

/* Parks the current task with its address of wait PC (the public function's caller). Afterwards
 * COMMIT(task, ARG) is called on another context: it releases the lock that protects what the task
 * waits for and returns true, or returns false if the task is to go on at once. Returns the
 * wake_value that whoever readied it had set. May come back on another worker. */
__attribute__((always_inline)) static inline int32_t
sched_park(enum wait_reason why, uintptr_t pc, bool (*commit)(struct task *t, void *arg), void *arg)
{
    struct worker *w = worker_self();
    struct task *t = w->current;

    t->reason = (uint8_t)why;
    t->wait_pc = pc;
    atomic_store_explicit(&t->state, TASK_WAITING, memory_order_relaxed);
    stat_add(&w->proc->stats.parks, 1);
    w->commit = commit;
    w->commit_arg = arg;
    sched_switch(w, t);
    return t->wake_value;
}

/* The usual COMMIT: ARG is the lock. */
bool sched_commit_release(struct task *t, void *arg);

/* As sched_park where all that must be done is to release L. */
__attribute__((always_inline)) static inline int32_t
sched_park_release(enum wait_reason why, uintptr_t pc, struct lock *l)
{
    return sched_park(why, pc, sched_commit_release, l);
}

#endif
