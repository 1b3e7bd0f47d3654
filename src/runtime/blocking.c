/* SPDX-License-Identifier: MIT */
/* blocking.c - sections in which a task may block its thread.
 * The worker leaves its proc behind, marked as BLOCKING: if the section is short it takes it back
 * with one compare-and-swap, else sysmon has given it to another worker and the task queues for a
 * proc. The task's callee-saved registers are saved at the entry, and its stack from the caller's
 * frame up is searched by the collector meanwhile. */
#include "config.h"

#include "gort/task.h"

#include <sched.h>
#include <string.h>

#include "runtime/cycles.h"
#include "runtime/fatal.h"
#include "runtime/procs.h"
#include "runtime/sched.h"
#include "runtime/tasktab.h"

/* From now on sysmon does not ask for the proc of W. If it does so at this moment, it finds W in
 * the runtime; to write over its question would let W leave and enter again before it has looked,
 * and both would have the proc. */
static void announce_section(struct worker *w)
{
    uint32_t seen = seize_at_rest();

    while (!atomic_compare_exchange_strong_explicit(&w->seize, &seen, SEIZE_BLOCKING,
                                                    memory_order_relaxed, memory_order_relaxed)) {
        if (seen == SEIZE_FINISHED)
            return;
        DCHECK(seen == SEIZE_ASKING); /* for the length of a membarrier */
        seen = seize_at_rest();
        cpu_relax();
        sched_yield();
    }
}

/* Called by gort_blocking_enter (ctx_*.S) with the registers, stack pointer and address of its
 * caller. */
void blocking_enter(const uintptr_t *reg, void *caller_sp, uintptr_t pc);
void blocking_enter(const uintptr_t *reg, void *caller_sp, uintptr_t pc)
{
    struct worker *w = rt_enter("gort_blocking_enter");
    struct task *t = w->current;
    struct proc *p = w->proc;

    memcpy(t->blocking_regs, reg, sizeof t->blocking_regs);
    t->sp = caller_sp;
    t->wait_pc = pc;
    atomic_store_explicit(&t->state, TASK_BLOCKING, memory_order_relaxed);
    tasktab_update(t, TASK_BLOCKING, atomic_load_explicit(&sched.coarse_ns, memory_order_relaxed));
    stat_add(&p->stats.blocking_entered, 1);
    w->proc = NULL;
    w->left_proc = p;
    announce_section(w);
    proctime_turn(&p->time, PROCTIME_BLOCKING);
    /* Release: whoever takes the proc (sysmon, by CAS with acquire) sees all that this worker did
     * with it. Before the worker is quiet: who stops the world to remove procs finds it. */
    atomic_store_explicit(&p->status, PROC_BLOCKING, memory_order_release);
    worker_become_quiet(w, WORKER_BLOCKING);
}

/* Takes the proc that was left, if nobody else has. */
static void take_back(struct worker *w)
{
    uint32_t blocking = PROC_BLOCKING;
    struct proc *p = w->left_proc;

    /* Acquire: pairs with the release in blocking_enter, of this thread or of a later one that left
     * the same proc. */
    if (atomic_compare_exchange_strong_explicit(&p->status, &blocking, PROC_IDLE,
                                                memory_order_acquire, memory_order_relaxed))
        worker_bind_again(w, p);
}

void gort_blocking_leave(void)
{
    struct worker *w = worker_self();

    uint32_t blocking = SEIZE_BLOCKING;

    if (w == NULL || w->current == NULL ||
        atomic_load_explicit(&w->current->state, memory_order_relaxed) != TASK_BLOCKING)
        gort_fatal("gort_blocking_leave: not in a blocking section");
    worker_become_active(w);
    /* It may say FINISHED by now: rt_enter_slow sees to that. */
    atomic_compare_exchange_strong_explicit(&w->seize, &blocking, seize_at_rest(),
                                            memory_order_relaxed, memory_order_relaxed);
    atomic_store_explicit(&w->current->state, TASK_RUNNING, memory_order_relaxed);
    tasktab_update(w->current, TASK_RUNNING,
                   atomic_load_explicit(&sched.coarse_ns, memory_order_relaxed));
    take_back(w);
    rt_leave(rt_enter_settle(w));
}
