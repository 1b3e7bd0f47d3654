/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sem.h"

#include "base/check.h"
#include "base/list.h"
#include "runtime/alloc.h"
#include "runtime/fatal.h"
#include "runtime/parklot.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/sleep.h"

#define WAITERS   INT64_C(1)
#define UNITS_MAX (INT64_MAX / 2)

/* A task that waits; lies on its stack. */
struct sem_waiter {
    struct lot_waiter w;
    int64_t n; /* units that it needs; [const] */
};

struct sem_wait {
    gort_sem *s;             /* [const] */
    int64_t n;               /* [const] */
    struct lot_waiter *self; /* not NULL: the task waits; [lock:bucket of s] */
    bool called_off;         /* [lock:bucket of s] */
};

static int64_t free_units(int64_t state)
{
    return state / 2;
}

static int64_t load_state(gort_sem *s)
{
    return atomic_load_explicit(&s->gort_state, memory_order_relaxed);
}

/* Acquire and release: units carry along what was done by those who had them. */
static bool swap_state(gort_sem *s, int64_t *from, int64_t to)
{
    return atomic_compare_exchange_weak_explicit(&s->gort_state, from, to, memory_order_acq_rel,
                                                 memory_order_relaxed);
}

static void check_units(int64_t n, const char *what)
{
    if (UNLIKELY(n < 0))
        gort_fatal("%s: %lld units", what, (long long)n);
}

/* ---- giving --------------------------------------------------------------------------------- */

static bool is_too_much(const gort_sem *s, int64_t state, int64_t n)
{
    return n > s->gort_count - free_units(state);
}

static _Noreturn void refuse(const char *what)
{
    gort_fatal("%s: more units than were acquired", what);
}

/* Adds N units and sets the bit, which keeps others from the word until all is settled. False: they
 * are too many. */
static bool add_and_announce(gort_sem *s, int64_t n)
{
    int64_t state = load_state(s);

    while (!is_too_much(s, state, n))
        if (swap_state(s, &state, (state + 2 * n) | WAITERS))
            return true;
    return false;
}

/* Takes those out who get what they wait for out of FREE units, in order; returns what is left. */
static int64_t serve(gort_sem *s, struct lot_bucket *b, int64_t free, struct lot_chain *served)
{
    struct lot_waiter *w;
    bool more;

    while ((w = lot_first(b, s)) != NULL) {
        int64_t n = container_of(w, struct sem_waiter, w)->n;

        if (n > free)
            break;
        free -= n;
        lot_take(b, s, &more);
        lot_chain_add(served, w);
    }
    return free;
}

/* Adds N units and passes on what is free. */
static void give(gort_sem *s, int64_t n, const char *what)
{
    struct lot_bucket *b = lot_lock(s);
    struct lot_chain served = {0};
    int64_t free;

    if (UNLIKELY(!add_and_announce(s, n))) {
        lot_unlock(b);
        refuse(what);
    }
    free = serve(s, b, free_units(load_state(s)), &served);
    /* Release: pairs with swap_state. */
    atomic_store_explicit(&s->gort_state, 2 * free | (lot_first(b, s) != NULL ? WAITERS : 0),
                          memory_order_release);
    lot_unlock(b);
    lot_chain_ready(&served, 0);
}

/* Adds N units if nobody waits and they are not too many. */
static inline bool release_alone(gort_sem *s, int64_t n)
{
    int64_t state = load_state(s);

    while ((state & WAITERS) == 0 && !is_too_much(s, state, n))
        if (swap_state(s, &state, state + 2 * n))
            return true;
    return false;
}

void sem_release(gort_sem *s, int64_t n, const char *what)
{
    if (!release_alone(s, n))
        give(s, n, what);
}

/* ---- taking --------------------------------------------------------------------------------- */

bool sem_try_acquire(gort_sem *s, int64_t n)
{
    int64_t state = load_state(s);

    while ((state & WAITERS) == 0 && free_units(state) >= n)
        if (swap_state(s, &state, state - 2 * n))
            return true;
    return false;
}

/* Takes N units if they are free and nobody stands in B, else sets the bit. */
static bool take_or_announce(gort_sem *s, struct lot_bucket *b, int64_t n)
{
    bool nobody = lot_first(b, s) == NULL;
    int64_t state = load_state(s);

    /* The bit may be left from one that gave up. */
    for (;;) {
        bool taken = nobody && free_units(state) >= n;

        if (swap_state(s, &state, taken ? (state - 2 * n) & ~WAITERS : state | WAITERS))
            return taken;
    }
}

int sem_acquire(gort_sem *s, int64_t n, int64_t deadline_ns, uintptr_t pc)
{
    struct lot_parking parking = {.why = WAIT_SEM, .pc = pc, .deadline_ns = deadline_ns};
    struct sem_waiter self = {.w = {.addr = s, .task = task_self()}, .n = n};
    struct lot_bucket *b;
    int result;

    if (LIKELY(sem_try_acquire(s, n)))
        return GORT_OK;
    if (n > s->gort_count) {
        /* It would wait in vain, and others behind it. */
        sleep_until(deadline_ns, WAIT_SEM, pc);
        return GORT_ETIMEDOUT;
    }
    b = lot_lock(s);
    if (take_or_announce(s, b, n)) {
        lot_unlock(b);
        return GORT_OK;
    }
    lot_queue(b, &self.w, LOT_BACK);
    result = lot_park_queued(b, &self.w, &parking);
    /* Those behind it may have less to wait for. */
    if (result == GORT_ETIMEDOUT)
        give(s, 0, "gort_sem_acquire_by");
    return result;
}

/* ---- taking, or not ------------------------------------------------------------------------- */

struct sem_wait *sem_wait_new(gort_sem *s, int64_t n, uintptr_t pc)
{
    struct sem_wait *wait = heap_alloc(sizeof *wait, ALLOC_SCAN, pc);

    wait->s = s;
    wait->n = n;
    return wait;
}

int sem_acquire_wait(struct sem_wait *wait, uintptr_t pc)
{
    struct lot_parking parking = {.why = WAIT_SEM, .pc = pc, .deadline_ns = GORT_FOREVER};
    struct sem_waiter self = {.w = {.addr = wait->s, .task = task_self()}, .n = wait->n};
    struct lot_bucket *b = lot_lock(wait->s);
    int result;

    if (wait->called_off || take_or_announce(wait->s, b, wait->n)) {
        result = wait->called_off ? GORT_ECANCELED : GORT_OK;
        lot_unlock(b);
        return result;
    }
    lot_queue(b, &self.w, LOT_BACK);
    wait->self = &self.w;
    result = lot_park_queued(b, &self.w, &parking);
    b = lot_lock(wait->s);
    wait->self = NULL;
    lot_unlock(b);
    if (result == GORT_ECANCELED)
        give(wait->s, 0, "gort_sem_acquire_ctx");
    return result;
}

/* The semaphore may be gone, if the wait is over: its address alone is used. */
void sem_call_off(struct sem_wait *wait)
{
    struct worker *w = rt_enter("gort_ctx_cancel");
    struct lot_bucket *b = lot_lock(wait->s);
    struct lot_waiter *out = wait->self;

    wait->called_off = true;
    if (out != NULL && !lot_remove(b, out))
        out = NULL;
    lot_unlock(b);
    if (out != NULL)
        sched_ready(out->task, GORT_ECANCELED);
    rt_leave(w);
}

/* ---- public --------------------------------------------------------------------------------- */

void gort_sem_init(gort_sem *s, int64_t count)
{
    if (count < 0 || count > UNITS_MAX)
        gort_fatal("gort_sem_init: %lld units", (long long)count);
    s->gort_count = count;
    atomic_store_explicit(&s->gort_state, 2 * count, memory_order_relaxed);
}

static __attribute__((noinline)) void acquire_entered(gort_sem *s, int64_t n, uintptr_t pc)
{
    int result;

    rt_enter("gort_sem_acquire");
    check_units(n, "gort_sem_acquire");
    result = sem_acquire(s, n, GORT_FOREVER, pc);
    CHECK(result == GORT_OK);
    rt_leave_to(worker_self(), pc);
}

void gort_sem_acquire(gort_sem *s, int64_t n)
{
    struct worker *w = rt_glance("gort_sem_acquire");

    if (n >= 0 && LIKELY(sem_try_acquire(s, n)))
        rt_glance_end(w);
    else
        acquire_entered(s, n, (uintptr_t)__builtin_return_address(0));
}

int gort_sem_acquire_by(gort_sem *s, int64_t n, int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int result;

    rt_enter("gort_sem_acquire_by");
    check_units(n, "gort_sem_acquire_by");
    result = sem_acquire(s, n, deadline_ns, pc);
    rt_leave(worker_self());
    return result;
}

int gort_sem_try_acquire(gort_sem *s, int64_t n)
{
    struct worker *w = rt_glance("gort_sem_try_acquire");
    bool taken;

    check_units(n, "gort_sem_try_acquire");
    taken = sem_try_acquire(s, n);
    rt_glance_end(w);
    return taken;
}

static __attribute__((noinline)) void release_entered(gort_sem *s, int64_t n, uintptr_t pc)
{
    rt_enter("gort_sem_release");
    check_units(n, "gort_sem_release");
    sem_release(s, n, "gort_sem_release");
    rt_leave_to(worker_self(), pc);
}

void gort_sem_release(gort_sem *s, int64_t n)
{
    struct worker *w = rt_glance("gort_sem_release");

    if (n >= 0 && LIKELY(release_alone(s, n)))
        rt_glance_end(w);
    else
        release_entered(s, n, (uintptr_t)__builtin_return_address(0));
}
