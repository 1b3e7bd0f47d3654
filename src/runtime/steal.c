/* SPDX-License-Identifier: MIT */
/* steal.c - taking tasks from the other procs: first those that just wait their turn, then those
 * that are likely to talk to what runs there, then the one that is to run there next; last, if it
 * is worth while, what comes there in a moment.
 * Source: Go's proc.go, runqsteal. */
#include "config.h"

#include "runtime/cycles.h"
#include "runtime/procs.h"
#include "runtime/sched.h"

#define ROUNDS 4u

static struct task *steal_from(struct runq *victim, struct proc *p, enum runq_steal_next next)
{
    struct task *t = runq_steal(&p->runq, victim, next);

    if (t != NULL)
        stat_add(&p->stats.steals, 1);
    return t;
}

/* One round over all procs, in an order of its own. */
static struct task *steal_round(struct proc *p)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    uint32_t at = proc_random(p) % n;
    struct task *t = NULL;

    for (uint32_t i = 0; i < n && t == NULL; i++, at = at + 1 == n ? 0 : at + 1)
        if (sched.procs[at] != p && !runq_is_warm(&sched.procs[at]->runq))
            t = steal_from(&sched.procs[at]->runq, p, STEAL_LEAVE_NEXT);
    return t;
}

/* Whether there is something else to do than to wait for what another proc leaves. */
static bool is_called_off(void)
{
    return atomic_load_explicit(&sched.nglobal, memory_order_relaxed) > 0 ||
           atomic_load_explicit(&sched.stopping, memory_order_relaxed) != 0;
}

/* Not if it is in a blocking section: nobody there comes to what is in its queue. */
static bool is_running(const struct proc *p)
{
    return atomic_load_explicit(&p->status, memory_order_relaxed) == PROC_RUNNING;
}

/* Whether VICTIM has not come to the first of its warm tasks within half a while, or they are not
 * left to it any more. False, too, if there is something else to do. */
static bool is_slow_to_take(const struct proc *victim)
{
    const struct runq *q = &victim->runq;
    uint64_t start = cycles_now();
    uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);

    while (runq_is_warm(q) && is_running(victim) &&
           cycles_now() - start < cycles_in_a_while() / 2) {
        rest_between_looks();
        if (atomic_load_explicit(&q->head, memory_order_relaxed) != head || is_called_off())
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

    for (uint32_t i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
        struct proc *victim = sched.procs[at];

        if (victim != p && runq_is_warm(&victim->runq))
            return is_slow_to_take(victim) ? steal_from(&victim->runq, p, STEAL_LEAVE_NEXT) : NULL;
    }
    return NULL;
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
        if (is_running(victim))
            rest_between_looks();
        t = steal_from(&victim->runq, p, STEAL_NEXT_TOO);
        if (t != NULL)
            return t;
    }
    return NULL;
}

/* ---- staying awake ---- */

/* What is next on one of the other procs, and since when. */
struct front {
    struct proc *of; /* NULL: no queue has anything */
    uint32_t head;
    const struct task *next;
    uint64_t since_cycles;
    bool one_runs; /* some other proc, which may ready something */
};

static struct front look_for_front(struct proc *p)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    uint32_t at = proc_random(p) % n;
    struct front f = {.since_cycles = cycles_now()};

    for (uint32_t i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
        struct proc *other = sched.procs[at];

        if (other == p)
            continue;
        f.one_runs = f.one_runs || is_running(other);
        if (f.of == NULL && runq_count(&other->runq) > 0) {
            f.of = other;
            f.head = atomic_load_explicit(&other->runq.head, memory_order_relaxed);
            f.next = atomic_load_explicit(&other->runq.runnext, memory_order_relaxed);
        }
    }
    return f;
}

static bool has_moved(const struct front *f)
{
    return f->of == NULL ||
           atomic_load_explicit(&f->of->runq.head, memory_order_relaxed) != f->head ||
           atomic_load_explicit(&f->of->runq.runnext, memory_order_relaxed) != f->next;
}

/* Most tasks are come to by their proc within a quarter of a while. */
static bool is_left_alone(const struct front *f)
{
    return !is_running(f->of) || cycles_now() - f->since_cycles >= cycles_in_a_while() / 4;
}

/* Stays awake for half a while as long as other procs run something: less than it takes to sleep
 * and to be woken, and whoever readies a task meanwhile has nobody to wake. For half of that time a
 * task is left to its proc, also one that is neither warm nor next. To take them at once made a
 * contended select take half as much again; to stay awake beside blocking sections, a task that
 * waits for what comes out of one a tenth. */
static struct task *linger(struct proc *p)
{
    uint64_t start = cycles_now();
    struct front front = look_for_front(p);
    struct task *t = NULL;

    while (t == NULL && (front.of != NULL || front.one_runs) && !is_called_off() &&
           cycles_now() - start < cycles_in_a_while() / 2) {
        rest_between_looks();
        if (has_moved(&front))
            front = look_for_front(p);
        else if (is_left_alone(&front))
            t = steal_from(&front.of->runq, p, STEAL_NEXT_TOO);
    }
    return t;
}

struct task *sched_steal(struct worker *w)
{
    struct task *t = NULL;

    for (uint32_t round = 0; round < ROUNDS && t == NULL; round++)
        t = steal_round(w->proc);
    if (t == NULL)
        t = steal_warm(w->proc);
    if (t == NULL)
        t = steal_next(w->proc);
    if (t == NULL && w->lingers)
        t = linger(w->proc);
    return t;
}
