/* SPDX-License-Identifier: MIT */
/* threadlock.c - tasks that are bound to their threads.
 * A worker with a bound task runs no other: when the task waits, or gives way, the worker hands its
 * proc on and sleeps. The task itself lies in queues as any other does. Whoever takes it there
 * hands his proc to the worker that it is bound to. A task is bound only while it runs, so its
 * worker is never in the list of idle ones. On the way from task to task this costs one test: a
 * worker goes to its own context, and there here, if the task that it leaves or the one that it has
 * taken is bound. Threads: the worker's own, in its own context. Source: Go's proc.go, stoplockedm
 * and startlockedm. */
#include "config.h"

#include "gort/task.h"
#include "runtime/procs.h"
#include "runtime/sched.h"

static void requeue(struct task *t)
{
    struct taskq q = {0};

    taskq_push(&q, t);
    sched_put_global(&q);
}

/* T, taken by W for another, is the next task of W's proc again. */
static void put_back(struct worker *w, struct task *t)
{
    struct taskq spill = {0};

    if (!runq_put_next(&w->proc->runq, t, &spill))
        sched_put_global(&spill);
}

static void give_proc_away(struct worker *w)
{
    if (w->proc != NULL)
        proc_hand_off(worker_unbind(w));
}

/* W's bound task, when someone has taken it and handed his proc over. */
static struct task *await_bound(struct worker *w)
{
    give_proc_away(w);
    for (;;) {
        worker_sleep_bound(w);
        if (w->proc != NULL)
            return w->bound;
        requeue(w->bound); /* the proc was removed on the way */
    }
}

static struct task *take_picked(struct worker *w)
{
    struct task *t = w->picked;

    w->picked = NULL;
    return t;
}

struct task *threadlock_find(struct worker *w, enum slice *slice)
{
    for (;;) {
        struct task *t = take_picked(w);

        if (UNLIKELY(w->ends || w->bound != NULL)) {
            if (t != NULL)
                put_back(w, t);
            *slice = SLICE_NEW;
            if (w->bound != NULL)
                return await_bound(w);
            give_proc_away(w);
            return NULL;
        }
        if (t == NULL)
            t = sched_find(w, slice);
        if (LIKELY(t->bound == NULL))
            return t;
        worker_wake_bound(t->bound, worker_unbind(w));
    }
}

void threadlock_buried(struct worker *w, struct task *t)
{
    w->bound = NULL;
    w->ends = true;
    t->bound = NULL;
    t->nlocks = 0;
}

void gort_lock_thread(void)
{
    struct worker *w = rt_enter("gort_lock_thread");
    struct task *t = w->current;

    if (t->nlocks++ == 0) {
        note_clear(&w->note);
        w->bound = t;
        t->bound = w;
    }
    rt_leave(w);
}

void gort_unlock_thread(void)
{
    struct worker *w = rt_enter("gort_unlock_thread");
    struct task *t = w->current;

    if (t->nlocks > 0 && --t->nlocks == 0) {
        w->bound = NULL;
        t->bound = NULL;
    }
    rt_leave(w);
}
