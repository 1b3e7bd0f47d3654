/* SPDX-License-Identifier: MIT */
/* cond.c - waiting for a condition that a mutex guards.
 * A task queues in the parking lot before it lets the mutex go, and parks afterwards: so whoever
 * changes the condition under the mutex finds it in the queue, and in the order in which tasks
 * began to wait. One that is signalled in between does not park at all. A deadline takes a task out
 * of the queue under the same lock as a signal does, so none is spent on a task that gave up.
 * Threads: tasks, no lock held. Source: Go's sync.Cond and notifyList; the queue takes the place of
 * its tickets. */
#include "config.h"

#include "base/check.h"
#include "gort/sync.h"
#include "runtime/mutex.h"
#include "runtime/parklot.h"
#include "runtime/proc.h"
#include "runtime/sched.h"

static void count_waiters(gort_cond *c, uint32_t change)
{
    /* Relaxed: a waiter counts itself before it lets the mutex go, by which the signaller sees
     * it. */
    atomic_fetch_add_explicit(&c->gort_waiters, change, memory_order_relaxed);
}

static bool has_waiters(gort_cond *c)
{
    return atomic_load_explicit(&c->gort_waiters, memory_order_relaxed) != 0;
}

/* 0, or GORT_ETIMEDOUT. WHAT names the public function. */
static int wait(gort_cond *c, gort_mutex *m, const struct lot_parking *parking, const char *what)
{
    struct lot_waiter self = {.addr = c, .task = task_self()};
    struct lot_bucket *b = lot_lock(c);
    int result;

    lot_queue(b, &self, LOT_BACK);
    count_waiters(c, 1);
    lot_unlock(b);
    mutex_unlock(m, what);
    b = lot_lock(c);
    result = lot_park_queued(b, &self, parking);
    if (result == GORT_ETIMEDOUT)
        count_waiters(c, -1u);
    mutex_lock(m, &(struct mutex_wait){WAIT_MUTEX, parking->pc, GORT_FOREVER});
    return result;
}

void gort_cond_wait(gort_cond *c, gort_mutex *m)
{
    struct lot_parking parking = {.why = WAIT_COND,
                                  .pc = (uintptr_t)__builtin_return_address(0),
                                  .deadline_ns = GORT_FOREVER};

    rt_enter("gort_cond_wait");
    wait(c, m, &parking, "gort_cond_wait");
    rt_leave(worker_self());
}

int gort_cond_wait_by(gort_cond *c, gort_mutex *m, int64_t deadline_ns)
{
    struct lot_parking parking = {
        .why = WAIT_COND, .pc = (uintptr_t)__builtin_return_address(0), .deadline_ns = deadline_ns};
    int result;

    rt_enter("gort_cond_wait_by");
    result = wait(c, m, &parking, "gort_cond_wait_by");
    rt_leave(worker_self());
    return result;
}

/* Takes up to N waiters out and readies them. */
static void wake(gort_cond *c, uint32_t n)
{
    struct lot_bucket *b = lot_lock(c);
    struct lot_chain chain = {0};
    bool more = true;

    while (n > 0 && more) {
        struct lot_waiter *w = lot_take(b, c, &more);

        if (w == NULL)
            break;
        count_waiters(c, -1u);
        lot_chain_add(&chain, w);
        n--;
    }
    lot_unlock(b);
    lot_chain_ready(&chain, 0);
}

void gort_cond_signal(gort_cond *c)
{
    struct worker *w = rt_enter("gort_cond_signal");

    if (has_waiters(c))
        wake(c, 1);
    rt_leave(w);
}

void gort_cond_broadcast(gort_cond *c)
{
    struct worker *w = rt_enter("gort_cond_broadcast");

    if (has_waiters(c))
        wake(c, UINT32_MAX);
    rt_leave(w);
}
