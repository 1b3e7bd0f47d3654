/* SPDX-License-Identifier: MIT */
/* steal.c - taking tasks from the other procs: first those that just wait their turn, then those
 * that are likely to talk to what runs there, last the one that is to run there next.
 * Source: Go's proc.go, runqsteal. */
#include "config.h"

#include <sched.h>

#include "runtime/cycles.h"
#include "runtime/procs.h"
#include "runtime/sched.h"

#define ROUNDS            4u
#define PAUSES_PER_GLANCE 8u

/* One round over all procs, in an order of its own. */
static struct task *steal_round(struct proc *p)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    uint32_t at = proc_random(p) % n;

    for (uint32_t i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
        struct task *t;

        if (sched.procs[at] == p || runq_is_warm(&sched.procs[at]->runq))
            continue;
        t = runq_steal(&p->runq, &sched.procs[at]->runq, STEAL_LEAVE_NEXT);
        if (t != NULL) {
            stat_add(&p->stats.steals, 1);
            return t;
        }
    }
    return NULL;
}

/* Whether VICTIM has not come to the first of its warm tasks within half a while, or they are not
 * left to it any more. False, too, if there is something else to do. */
static bool is_slow_to_take(struct runq *victim)
{
    uint64_t start = cycles_now();
    uint32_t head = atomic_load_explicit(&victim->head, memory_order_relaxed);

    while (runq_is_warm(victim) && cycles_now() - start < cycles_in_a_while() / 2) {
        for (unsigned i = 0; i < PAUSES_PER_GLANCE; i++)
            cpu_relax();
        if (atomic_load_explicit(&victim->head, memory_order_relaxed) != head ||
            atomic_load_explicit(&sched.nglobal, memory_order_relaxed) > 0 ||
            atomic_load_explicit(&sched.stopping, memory_order_relaxed) != 0)
            return false;
    }
    return true;
}

/* One that was readied by what runs on another proc is likely to talk to it: together they get more
 * done on one proc than on two, between which the lines of their channels then go to and fro (three
 * times as much, of three channels in a select). So it is left there for a moment, of the first
 * such queue. Source: the idea is that of task_hot in Linux, where the moment is 500 us. */
static struct task *steal_warm(struct proc *p)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    uint32_t at = proc_random(p) % n;
    struct task *t = NULL;

    for (uint32_t i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
        struct runq *victim = &sched.procs[at]->runq;

        if (sched.procs[at] == p || !runq_is_warm(victim))
            continue;
        if (is_slow_to_take(victim))
            t = runq_steal(&p->runq, victim, STEAL_LEAVE_NEXT);
        break;
    }
    if (t != NULL)
        stat_add(&p->stats.steals, 1);
    return t;
}

/* The task that another proc was about to run next: only if it seems stuck with it, for to pull it
 * away costs both. */
static struct task *steal_next(struct proc *p)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);

    for (uint32_t i = 0; i < n; i++) {
        struct proc *victim = sched.procs[i];
        struct task *t;

        if (victim == p || runq_is_warm(&victim->runq) ||
            atomic_load_explicit(&victim->runq.runnext, memory_order_relaxed) == NULL)
            continue;
        sched_yield();
        t = runq_steal(&p->runq, &victim->runq, STEAL_NEXT_TOO);
        if (t != NULL) {
            stat_add(&p->stats.steals, 1);
            return t;
        }
    }
    return NULL;
}

struct task *sched_steal(struct worker *w)
{
    struct task *t = NULL;

    for (uint32_t round = 0; round < ROUNDS && t == NULL; round++)
        t = steal_round(w->proc);
    if (t == NULL)
        t = steal_warm(w->proc);
    return t != NULL ? t : steal_next(w->proc);
}
