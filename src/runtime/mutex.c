/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/mutex.h"

#include "base/check.h"
#include "base/clock.h"
#include "runtime/cycles.h"
#include "runtime/fatal.h"
#include "runtime/parklot.h"

enum { LOCKED = 1, PARKED = 2, WOKEN = 4 };

#define HANDED_OVER     1 /* wake value: the mutex is the woken task's */
#define STARVING_NS     NS_PER_MS
#define SPINS_MAX       4u
#define PAUSES_PER_SPIN 30u

/* A task on its way to the mutex; lies on its stack. */
struct attempt {
    gort_mutex *m;
    const struct mutex_wait *wait;
    int64_t since_ns; /* when it first had to park, 0: not yet */
    unsigned spins;
    bool woken; /* it is the one that WOKEN speaks of */
};

/* Acquire: pairs with the release of whoever unlocked. */
static bool swap_state(gort_mutex *m, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong_explicit(&m->gort_state, &from, to, memory_order_acquire,
                                                   memory_order_relaxed);
}

static uint32_t state_of(gort_mutex *m)
{
    return atomic_load_explicit(&m->gort_state, memory_order_relaxed);
}

/* Spinning pays if the holder runs on another proc and nobody waits for ours. */
static bool spin(struct attempt *a)
{
    uint32_t nprocs = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    uint32_t nlazy = atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed) +
                     atomic_load_explicit(&sched.nspinning, memory_order_relaxed);

    if (a->spins == SPINS_MAX || nprocs <= nlazy + 1 || runq_count(&worker_self()->proc->runq) > 0)
        return false;
    a->spins++;
    for (unsigned i = 0; i < PAUSES_PER_SPIN; i++)
        cpu_relax();
    return true;
}

/* Notes the time for the holder, who does not look at the clock to see who has waited for long. */
static void note_time(struct attempt *a)
{
    int64_t now_ns = clock_mono_ns();

    if (a->since_ns == 0)
        a->since_ns = now_ns;
    atomic_store_explicit(&sched.coarse_ns, now_ns, memory_order_relaxed);
}

/* Parks if the mutex still is as S, which is locked and parked. Returns the wake value; 0 too if
 * the attempt is to be made again. */
static int32_t park(struct attempt *a, uint32_t s)
{
    struct lot_parking parking = {.why = a->wait->why,
                                  .pc = a->wait->pc,
                                  .deadline_ns = a->wait->deadline_ns,
                                  .end = a->since_ns == 0 ? LOT_BACK : LOT_FRONT};
    struct lot_bucket *b;

    note_time(a);
    parking.since_ns = a->since_ns;
    b = lot_lock(a->m);
    /* Whoever unlocks with WOKEN set wakes nobody: it is taken back only while still locked. */
    if (!swap_state(a->m, s, a->woken ? s & ~(uint32_t)WOKEN : s)) {
        lot_unlock(b);
        return 0;
    }
    a->woken = false;
    switch (lot_park(b, a->m, &parking)) {
    case HANDED_OVER:
        return HANDED_OVER;
    case GORT_ETIMEDOUT:
        return GORT_ETIMEDOUT;
    }
    a->woken = true;
    a->spins = 0;
    return 0;
}

static int lock_slow(gort_mutex *m, const struct mutex_wait *wait)
{
    struct attempt a = {.m = m, .wait = wait};

    for (;;) {
        uint32_t s = state_of(m);
        int32_t woken_with;

        if ((s & LOCKED) == 0) {
            if (swap_state(m, s, (a.woken ? s & ~(uint32_t)WOKEN : s) | LOCKED))
                return GORT_OK;
            continue;
        }
        if (spin(&a) || ((s & PARKED) == 0 && !swap_state(m, s, s | PARKED)))
            continue;
        woken_with = park(&a, s | PARKED);
        if (woken_with != 0)
            return woken_with == HANDED_OVER ? GORT_OK : GORT_ETIMEDOUT;
    }
}

int mutex_lock(gort_mutex *m, const struct mutex_wait *wait)
{
    if (LIKELY(swap_state(m, 0, LOCKED)))
        return GORT_OK;
    return lock_slow(m, wait);
}

bool mutex_try_lock(gort_mutex *m)
{
    uint32_t s = state_of(m);

    return (s & LOCKED) == 0 && swap_state(m, s, s | LOCKED);
}

static bool is_starving(const struct lot_waiter *w)
{
    int64_t now_ns = atomic_load_explicit(&sched.coarse_ns, memory_order_relaxed);

    return now_ns - w->since_ns >= STARVING_NS;
}

/* Wakes the first waiter. The state is locked and parked, and nobody changes that: others only set
 * PARKED, or change it under the bucket's lock. */
static void unlock_and_wake(gort_mutex *m)
{
    struct lot_bucket *b = lot_lock(m);
    bool more;
    struct lot_waiter *w = lot_take(b, m, &more);
    bool hand_over = w != NULL && is_starving(w);
    uint32_t s = more ? PARKED : 0;

    if (w != NULL)
        s |= hand_over ? LOCKED : WOKEN;
    /* Release: pairs with swap_state. */
    atomic_store_explicit(&m->gort_state, s, memory_order_release);
    lot_unlock(b);
    if (w != NULL)
        sched_ready(w->task, hand_over ? HANDED_OVER : 0);
}

void mutex_unlock(gort_mutex *m, const char *what)
{
    uint32_t s = LOCKED;

    /* Release: pairs with swap_state. */
    while (!atomic_compare_exchange_weak_explicit(&m->gort_state, &s, s & ~(uint32_t)LOCKED,
                                                  memory_order_release, memory_order_relaxed)) {
        if (UNLIKELY((s & LOCKED) == 0))
            gort_fatal("%s: unlock of unlocked mutex", what);
        if ((s & (PARKED | WOKEN)) == PARKED) {
            unlock_and_wake(m);
            return;
        }
    }
}

void gort_mutex_lock(gort_mutex *m)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct worker *w = rt_enter("gort_mutex_lock");

    if (UNLIKELY(!swap_state(m, 0, LOCKED))) {
        lock_slow(m, &(struct mutex_wait){WAIT_MUTEX, pc, GORT_FOREVER});
        w = worker_self();
    }
    rt_leave(w);
}

int gort_mutex_try_lock(gort_mutex *m)
{
    struct worker *w = rt_enter("gort_mutex_try_lock");
    bool taken = mutex_try_lock(m);

    rt_leave(w);
    return taken;
}

void gort_mutex_unlock(gort_mutex *m)
{
    struct worker *w = rt_enter("gort_mutex_unlock");

    mutex_unlock(m, "gort_mutex_unlock");
    rt_leave(w);
}
