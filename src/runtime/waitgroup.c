/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/waitgroup.h"

#include "base/check.h"
#include "gort/task.h"
#include "runtime/alloc.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/sema.h"

static int32_t count_of(uint64_t state)
{
    return (int32_t)(state >> 32);
}

static uint32_t waiters_of(uint64_t state)
{
    return (uint32_t)state;
}

static void release_all(gort_waitgroup *wg, uint64_t state)
{
    /* Nobody may add or come to wait now: the word must still be what was seen. */
    if (!atomic_compare_exchange_strong_explicit(&wg->gort_state, &state, 0, memory_order_relaxed,
                                                 memory_order_relaxed))
        gort_fatal("gort_waitgroup_add: called concurrently with gort_waitgroup_wait");
    for (uint32_t n = waiters_of(state); n > 0; n--)
        sema_release(&wg->gort_sema);
}

/* What is to be done for the new STATE. */
static void settle(gort_waitgroup *wg, int delta, uint64_t state)
{
    if (UNLIKELY(count_of(state) < 0))
        gort_fatal("gort_waitgroup_add: negative wait group counter");
    if (UNLIKELY(waiters_of(state) != 0 && delta > 0 && count_of(state) == delta))
        gort_fatal("gort_waitgroup_add: called concurrently with gort_waitgroup_wait");
    if (count_of(state) == 0 && waiters_of(state) != 0)
        release_all(wg, state);
}

/* Whether settle has nothing to do, nor to complain of. */
static inline bool is_settled(int delta, uint64_t state)
{
    if (waiters_of(state) == 0)
        return count_of(state) >= 0;
    return count_of(state) > 0 && delta < 0;
}

void waitgroup_add(gort_waitgroup *wg, int delta)
{
    uint64_t state = gort_waitgroup_change(wg, delta);

    if (UNLIKELY(!is_settled(delta, state)))
        settle(wg, delta, state);
}

/* ---- public: the usual case without entering the runtime ---- */

extern inline uint64_t gort_waitgroup_change(gort_waitgroup *wg, int delta);
extern inline void gort_waitgroup_add(gort_waitgroup *wg, int delta);
extern inline void gort_waitgroup_done(gort_waitgroup *wg);
extern inline void gort_waitgroup_wait(gort_waitgroup *wg);

static void settle_from(gort_waitgroup *wg, int delta, uint64_t state, uintptr_t pc)
{
    rt_enter("gort_waitgroup_add");
    settle(wg, delta, state);
    rt_leave_to(worker_self(), pc);
}

void gort_waitgroup_settle(gort_waitgroup *wg, int delta, uint64_t state)
{
    if (!is_settled(delta, state))
        settle_from(wg, delta, state, (uintptr_t)__builtin_return_address(0));
}

void gort_waitgroup_add_slow(gort_waitgroup *wg, int delta)
{
    struct worker *w = rt_glance("gort_waitgroup_add");
    uint64_t state = gort_waitgroup_change(wg, delta);

    if (is_settled(delta, state))
        rt_glance_end(w);
    else
        settle_from(wg, delta, state, (uintptr_t)__builtin_return_address(0));
}

/* Counts the caller as waiting, unless the count is zero. */
static bool join_waiters(gort_waitgroup *wg)
{
    /* Acquire: pairs with the counting down. */
    uint64_t state = atomic_load_explicit(&wg->gort_state, memory_order_acquire);

    while (count_of(state) != 0)
        if (atomic_compare_exchange_weak_explicit(&wg->gort_state, &state, state + 1,
                                                  memory_order_acquire, memory_order_acquire))
            return true;
    return false;
}

void waitgroup_wait(gort_waitgroup *wg, uintptr_t pc)
{
    if (!join_waiters(wg))
        return;
    sema_acquire(&wg->gort_sema, WAIT_WAITGROUP, pc);
    if (atomic_load_explicit(&wg->gort_state, memory_order_acquire) != 0)
        gort_fatal("gort_waitgroup_wait: the group is used again before all waiters left");
}

int32_t waitgroup_count(gort_waitgroup *wg)
{
    return count_of(atomic_load_explicit(&wg->gort_state, memory_order_relaxed));
}

void gort_waitgroup_wait_slow(gort_waitgroup *wg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_waitgroup_wait");
    waitgroup_wait(wg, pc);
    rt_leave(worker_self());
}

/* What a task of gort_waitgroup_go does; an object of the heap, which the task's argument keeps. */
struct group_work {
    gort_waitgroup *wg;
    void (*fn)(void *arg);
    void *arg;
};

static void run_group_work(void *arg)
{
    struct group_work *work = arg;

    work->fn(work->arg);
    gort_waitgroup_done(work->wg);
}

void gort_waitgroup_go(gort_waitgroup *wg, void (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct group_work *work;

    rt_enter("gort_waitgroup_go");
    waitgroup_add(wg, 1);
    work = heap_alloc(sizeof *work, ALLOC_SCAN, pc);
    *work = (struct group_work){wg, fn, arg};
    sched_spawn(run_group_work, work, NULL, 0, pc);
    rt_leave(worker_self());
}
