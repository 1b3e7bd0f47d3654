/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/waitq.h"

#include "gort/base.h"
#include "runtime/sched.h"

bool race_win(struct race *r, struct waiter *winner)
{
    uint32_t open = 0;

    /* Nothing is published by it: the winner hands the task on through sched_ready. */
    if (!atomic_compare_exchange_strong_explicit(&r->over, &open, 1, memory_order_relaxed,
                                                 memory_order_relaxed))
        return false;
    r->winner = winner;
    return true;
}

void race_time_out(void *arg)
{
    struct race *r = arg;

    if (race_win(r, NULL))
        sched_ready_last(r->task, GORT_ETIMEDOUT);
}

void waitq_push(struct waitq *q, struct waiter *w)
{
    struct waiter *first = waitq_first(q);

    w->next = NULL;
    w->prev = first == NULL ? NULL : q->last;
    w->queued = true;
    if (first == NULL)
        atomic_store_explicit(&q->first, w, memory_order_relaxed);
    else
        q->last->next = w;
    q->last = w;
}

void waitq_remove(struct waitq *q, struct waiter *w)
{
    if (!w->queued)
        return;
    if (w->prev == NULL)
        atomic_store_explicit(&q->first, w->next, memory_order_relaxed);
    else
        w->prev->next = w->next;
    if (w->next == NULL)
        q->last = w->prev;
    else
        w->next->prev = w->prev;
    w->queued = false;
}

struct waiter *waitq_pop_some(struct waitq *q)
{
    struct waiter *w;

    while ((w = waitq_first(q)) != NULL) {
        waitq_remove(q, w);
        if (w->race == NULL || race_win(w->race, w))
            return w;
    }
    return NULL;
}
