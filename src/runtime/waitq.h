/* SPDX-License-Identifier: MIT */
/* waitq.h - the tasks that wait on one side of a channel.
 * A waiter lies on the stack of the task that waits; whoever takes it out of its queue owns the
 * parked task until he readies it. A task that waits for more than one thing (a select, a deadline)
 * gives all its waiters one struct race. Who wants to wake it must win the race; a loser goes on to
 * the next waiter. Threads: under the lock of the channel; a race by any of its waiters' channels
 * and by a timer. Source: Go's sudog and chan.go. */
#ifndef RUNTIME_WAITQ_H
#define RUNTIME_WAITQ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task;
struct waiter;

/* Lies on the stack of the task that waits, which does not go on while anyone can still reach
 * it. */
struct race {
    _Atomic(uint32_t) over; /* 1: somebody has won; [atomic] */
    struct task *task;      /* [const] */
    struct waiter *winner;  /* NULL: the deadline; written by who won, read by the woken task */
};

struct waiter {
    struct waiter *next; /* [lock:chan] */
    struct waiter *prev; /* [lock:chan] */
    struct task *task;   /* [const] */
    struct race *race;   /* NULL: waits for nothing else; [const] */
    void *value;         /* receiver: where to, or NULL; sender: where from; [const] */
    bool queued;         /* [lock:chan] */
};

struct waitq {
    _Atomic(struct waiter *) first; /* written under the lock; [atomic] */
    struct waiter *last;            /* [lock:chan] */
};

static inline struct waiter *waitq_first(const struct waitq *q)
{
    return atomic_load_explicit(&q->first, memory_order_relaxed);
}

void waitq_push(struct waitq *q, struct waiter *w);
/* Takes the first waiter that nothing else has woken, or NULL; its task is then the caller's. */
struct waiter *waitq_pop_some(struct waitq *q);
static inline struct waiter *waitq_pop(struct waitq *q)
{
    return waitq_first(q) == NULL ? NULL : waitq_pop_some(q);
}
/* Takes W out, if nobody else has. */
void waitq_remove(struct waitq *q, struct waiter *w);

/* Ends R for WINNER; whether it was not over before. */
bool race_win(struct race *r, struct waiter *winner);

/* The function of a deadline: wakes the task of the race ARG with GORT_ETIMEDOUT. */
void race_time_out(void *arg);

#endif
