/* SPDX-License-Identifier: MIT */
/* runq.h - queues of runnable tasks.
 * struct runq is the queue of one proc: a fixed ring, first in first out, and a runnext slot in
 * front of it for the task that was just readied, so that two tasks that talk to each other run
 * back to back. Its owner puts at the tail and takes at the head, a thief takes half from the head
 * with one compare-and-swap, and a full ring spills half to the global queue. struct taskq is a
 * plain chain, for the global queue and for batches. Threads: put and take by the owner only, steal
 * by anyone; no lock. A taskq is protected by its owner. Source: Vyukov, Scalable Go Scheduler
 * Design (2012). */
#ifndef RUNTIME_RUNQ_H
#define RUNTIME_RUNQ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "runtime/task.h"

#define RUNQ_CAPACITY 256u
#define RUNQ_AHEAD    2u
#define RUNQ_WARM_MAX 2u

struct taskq {
    struct task *head;
    struct task *tail;
    size_t count;
};

void taskq_push(struct taskq *q, struct task *t);
struct task *taskq_pop(struct taskq *q);
/* Moves all of FROM behind Q. */
void taskq_append(struct taskq *q, struct taskq *from);

struct runq {
    _Atomic(uint32_t) head;         /* next to take; moved by owner and thieves */
    _Atomic(uint32_t) tail;         /* next free; written by the owner */
    _Atomic(uint32_t) warm_from;    /* what lies there and behind is warm; written by the owner */
    _Atomic(struct task *) runnext; /* taken by the owner, rarely by a thief */
    _Atomic(struct task *) ring[RUNQ_CAPACITY];
};

/* Whether a task was readied by one that runs on the queue's proc: they are likely to talk. */
enum runq_heat { RUNQ_COLD, RUNQ_WARM };

/* Puts T at the tail. False if the ring is full. */
static inline bool runq_try_put(struct runq *q, struct task *t, enum runq_heat heat)
{
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    /* Acquire: pairs with the thieves' release, so that their reads of a slot come before it is
     * used again. */
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);

    if (UNLIKELY(tail - head >= RUNQ_CAPACITY))
        return false;
    atomic_store_explicit(&q->ring[tail % RUNQ_CAPACITY], t, memory_order_relaxed);
    if (heat == RUNQ_COLD)
        atomic_store_explicit(&q->warm_from, tail + 1, memory_order_relaxed);
    atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
    return true;
}

/* Slow half of runq_put: the ring was full. */
bool runq_put_full(struct runq *q, struct task *t, struct taskq *spill);

/* Puts T at the tail. False if the ring is full: then *SPILL holds half of it and T, to be put on
 * the global queue. */
static inline bool runq_put(struct runq *q, struct task *t, struct taskq *spill)
{
    return LIKELY(runq_try_put(q, t, RUNQ_COLD)) || runq_put_full(q, t, spill);
}

/* Whether a few tasks are in the ring, all of them warm; a guess if the caller is not the owner. */
static inline bool runq_is_warm(const struct runq *q)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    uint32_t n = atomic_load_explicit(&q->tail, memory_order_relaxed) - head;
    uint32_t from = atomic_load_explicit(&q->warm_from, memory_order_relaxed);

    return n != 0 && n <= RUNQ_WARM_MAX && (int32_t)(from - head) <= 0;
}

/* How many the owner can put before the ring is full; thieves can only make it more. */
static inline uint32_t runq_room(const struct runq *q)
{
    return RUNQ_CAPACITY - (atomic_load_explicit(&q->tail, memory_order_relaxed) -
                            atomic_load_explicit(&q->head, memory_order_acquire));
}

/* Puts T into runnext; returns the task that was there, which belongs at the tail, or NULL. */
static inline struct task *runq_swap_next(struct runq *q, struct task *t)
{
    /* Sequential consistency: the put comes before the look for spinning workers, see find.c. */
    return atomic_exchange_explicit(&q->runnext, t, memory_order_seq_cst);
}

/* Puts T into runnext, and the task that was there at the tail; as runq_put. */
static inline bool runq_put_next(struct runq *q, struct task *t, struct taskq *spill)
{
    struct task *old = runq_swap_next(q, t);

    return old == NULL || runq_put(q, old, spill);
}

/* The task in runnext, or NULL. */
static inline struct task *runq_take_next(struct runq *q)
{
    struct task *t = atomic_load_explicit(&q->runnext, memory_order_relaxed);

    if (t != NULL && atomic_compare_exchange_strong_explicit(
                         &q->runnext, &t, NULL, memory_order_acquire, memory_order_relaxed))
        return t;
    return NULL;
}

/* Whatever lies in a slot of the ring: a task, perhaps one of the past, or NULL. */
static inline struct task *runq_peek(struct runq *q, uint32_t i)
{
    return atomic_load_explicit(&q->ring[i % RUNQ_CAPACITY], memory_order_relaxed);
}

/* The oldest task in the ring, or NULL. */
static inline struct task *runq_take_oldest(struct runq *q)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);

    while (head != atomic_load_explicit(&q->tail, memory_order_relaxed)) {
        struct task *t = runq_peek(q, head);

        /* Those soon to come, whose records may have left the caches. */
        task_fetch(runq_peek(q, head + 2 * RUNQ_AHEAD));
        task_fetch_row(runq_peek(q, head + RUNQ_AHEAD));
        if (atomic_compare_exchange_weak_explicit(&q->head, &head, head + 1, memory_order_acq_rel,
                                                  memory_order_acquire))
            return t;
    }
    return NULL;
}

/* The next task, or NULL. *INHERIT says that it came from runnext and inherits the time slice. */
static inline struct task *runq_take(struct runq *q, bool *inherit)
{
    struct task *t = runq_take_next(q);

    *inherit = t != NULL;
    return t != NULL ? t : runq_take_oldest(q);
}

/* How a thief treats the victim's runnext. */
enum runq_steal_next { STEAL_LEAVE_NEXT, STEAL_NEXT_TOO };

/* Takes up to half of VICTIM's tasks, one of which is returned, the others put into DST, which is
 * empty and the caller's. NULL if there was nothing to take. */
struct task *runq_steal(struct runq *dst, struct runq *victim, enum runq_steal_next next);

/* Whether there is nothing to take as of now; a guess if the caller is not the owner. */
static inline bool runq_is_empty(const struct runq *q)
{
    return atomic_load_explicit(&q->head, memory_order_relaxed) ==
               atomic_load_explicit(&q->tail, memory_order_relaxed) &&
           atomic_load_explicit(&q->runnext, memory_order_relaxed) == NULL;
}

/* Tasks in Q as of now, runnext included; a guess if the caller is not the owner. */
uint32_t runq_count(const struct runq *q);

#endif
