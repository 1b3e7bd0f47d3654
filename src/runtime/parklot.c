/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/parklot.h"

#include "base/check.h"
#include "gort/base.h"
#include "runtime/cycles.h"
#include "runtime/sleep.h"

#define NBUCKETS  256u
#define SPINS_MAX 4u

static struct lot_bucket buckets[NBUCKETS];

void lots_init(void)
{
    for (size_t i = 0; i < NBUCKETS; i++)
        lock_init(&buckets[i].lock, RANK_SEMA);
}

struct lot_bucket *lot_bucket(const void *addr)
{
    return &buckets[lot_hash(addr) >> 56];
}

struct lot_bucket *lot_lock(const void *addr)
{
    struct lot_bucket *b = lot_bucket(addr);

    lock_take(&b->lock);
    return b;
}

struct lot_bucket *lot_try_lock(const void *addr)
{
    struct lot_bucket *b = lot_bucket(addr);

    return lock_try(&b->lock) ? b : NULL;
}

void lot_unlock(struct lot_bucket *b)
{
    lock_release(&b->lock);
}

bool lot_spin(unsigned *spins)
{
    uint32_t nprocs = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    uint32_t nlazy = atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed) +
                     atomic_load_explicit(&sched.nspinning, memory_order_relaxed);

    if (*spins == SPINS_MAX || nprocs <= nlazy + 1 || runq_count(&worker_self()->proc->runq) > 0)
        return false;
    ++*spins;
    rest_between_looks();
    return true;
}

struct lot_waiter *lot_first(struct lot_bucket *b, const void *addr)
{
    DCHECK(lock_is_held(&b->lock));
    return waittree_first(&b->root, addr);
}

struct lot_waiter *lot_first_of(struct lot_bucket *b, const void *addr, enum lot_kind kind)
{
    struct lot_waiter *w = lot_first(b, addr);

    if (w == NULL || atomic_load_explicit(&w->task->lot_word, memory_order_relaxed) !=
                         ((uintptr_t)addr | (uintptr_t)kind))
        return NULL;
    return w;
}

struct lot_waiter *lot_take(struct lot_bucket *b, const void *addr, bool *more)
{
    struct lot_waiter *w;

    DCHECK(lock_is_held(&b->lock));
    w = waittree_take(&b->root, addr, more);
    if (w != NULL)
        atomic_store_explicit(&w->task->lot_word, 0, memory_order_relaxed);
    return w;
}

bool lot_remove(struct lot_bucket *b, struct lot_waiter *w)
{
    DCHECK(lock_is_held(&b->lock));
    if (!w->queued)
        return false;
    waittree_remove(&b->root, w);
    atomic_store_explicit(&w->task->lot_word, 0, memory_order_relaxed);
    return true;
}

static void lot_time_out(void *arg)
{
    struct lot_waiter *w = arg;
    struct lot_bucket *b = lot_lock(w->addr);
    bool was_queued = lot_remove(b, w);

    lot_unlock(b);
    if (was_queued)
        sched_ready_last(w->task, GORT_ETIMEDOUT);
}

void lot_queue(struct lot_bucket *b, struct lot_waiter *w, enum lot_end end)
{
    DCHECK(lock_is_held(&b->lock));
    w->parked = false;
    waittree_put(&b->root, w, end);
}

int32_t lot_park_queued(struct lot_bucket *b, struct lot_waiter *w,
                        const struct lot_parking *parking)
{
    struct deadline d = {.at_ns = parking->deadline_ns, .fire = lot_time_out, .arg = w};

    DCHECK(lock_is_held(&b->lock));
    if (!w->queued) {
        lot_unlock(b);
        return 0;
    }
    /* True only when the lock can be had again: it is let go after the park. */
    w->parked = true;
    w->task->waits_on = w;
    return park_by(parking->why, parking->pc, &b->lock, &d);
}

int32_t lot_park(struct lot_bucket *b, const void *addr, const struct lot_parking *parking)
{
    struct lot_waiter w = {.addr = addr, .task = task_self(), .since_ns = parking->since_ns};

    if (parking->kind != LOT_OTHER)
        atomic_store_explicit(&w.task->lot_word, (uintptr_t)addr | (uintptr_t)parking->kind,
                              memory_order_relaxed);
    lot_queue(b, &w, parking->end);
    return lot_park_queued(b, &w, parking);
}

void lot_chain_add(struct lot_chain *chain, struct lot_waiter *w)
{
    DCHECK(!w->queued);
    if (!w->parked)
        return;
    w->next = NULL;
    if (chain->first == NULL)
        chain->first = w;
    else
        chain->last->next = w;
    chain->last = w;
}

void lot_chain_ready(struct lot_chain *chain, int32_t wake_value)
{
    struct lot_waiter *w = chain->first;

    while (w != NULL) {
        struct lot_waiter *next = w->next;

        /* From here on W, on the stack of a task that runs, is gone. */
        sched_ready(w->task, wake_value);
        w = next;
    }
}
