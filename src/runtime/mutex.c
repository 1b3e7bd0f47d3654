/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/mutex.h"

#include "base/check.h"
#include "base/clock.h"
#include "runtime/asym.h"
#include "runtime/cycles.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/parklot.h"
#include "runtime/replay.h"

#define HANDED_OVER     1 /* wake value: the mutex is the woken task's */
#define STARVING_NS     NS_PER_MS
#define SPINS_MAX       4u
#define PAUSES_PER_SPIN 30u
#define TABLE_BITS      11u

/* For each hash of an address, how many tasks wait for a mutex there. Those of one entry have one
 * bucket. */
static _Atomic(uint32_t) waiting[1u << TABLE_BITS];

/* A task on its way to the mutex; lies on its stack. */
struct attempt {
    gort_mutex *m;
    const struct mutex_wait *wait;
    uint32_t tag;
    int64_t since_ns; /* when it first had to park, 0: not yet */
    unsigned spins;
    bool counted; /* as one that waits */
    bool woken;   /* it is the one that MUTEX_WOKEN speaks of */
};

static uint32_t tag_of(const struct task *t)
{
    return t->slot + 1;
}

static _Atomic(uint32_t) *waiting_at(const gort_mutex *m)
{
    return &waiting[lot_hash(m) >> (64 - TABLE_BITS)];
}

/* Acquire: pairs with the release of whoever unlocked. */
static bool take(gort_mutex *m, uint32_t tag)
{
    uint32_t nobody = 0;

    return atomic_compare_exchange_strong_explicit(&m->gort_holder, &nobody, tag,
                                                   memory_order_acquire, memory_order_relaxed);
}

static bool is_free(gort_mutex *m)
{
    return atomic_load_explicit(&m->gort_holder, memory_order_relaxed) == 0;
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
    int64_t now_ns = sched_now_ns();

    if (a->since_ns == 0)
        a->since_ns = now_ns;
    if (debug.replay == 0)
        atomic_store_explicit(&sched.coarse_ns, now_ns, memory_order_relaxed);
}

/* Who unlocks from now on sees that somebody waits: the mutex counts him, and for one who has
 * looked there already and is about to store, the table does. The bucket is locked, so that whoever
 * finds the table's count raised finds the barrier done. */
static void count_in(struct attempt *a)
{
    a->counted = true;
    atomic_fetch_add_explicit(&a->m->gort_waiters, MUTEX_WAITER, memory_order_relaxed);
    if (atomic_fetch_add_explicit(waiting_at(a->m), 1, memory_order_seq_cst) == 0)
        asym_barrier();
}

static void count_out(struct attempt *a)
{
    if (!a->counted)
        return;
    atomic_fetch_sub_explicit(&a->m->gort_waiters, MUTEX_WAITER + (a->woken ? MUTEX_WOKEN : 0),
                              memory_order_relaxed);
    atomic_fetch_sub_explicit(waiting_at(a->m), 1, memory_order_relaxed);
}

/* Parks, unless the mutex has become free and is taken now: then it is as if it were handed over.
 * Returns the wake value; 0: to be tried again. */
static int32_t park(struct attempt *a)
{
    struct lot_parking parking = {.why = a->wait->why,
                                  .pc = a->wait->pc,
                                  .deadline_ns = a->wait->deadline_ns,
                                  .end = a->since_ns == 0 ? LOT_BACK : LOT_FRONT,
                                  .kind = LOT_MUTEX};
    struct lot_bucket *b;
    int32_t woken_with;

    note_time(a);
    parking.since_ns = a->since_ns;
    b = lot_lock(a->m);
    if (!a->counted)
        count_in(a);
    if (take(a->m, a->tag)) {
        lot_unlock(b);
        return HANDED_OVER;
    }
    if (a->woken)
        atomic_fetch_sub_explicit(&a->m->gort_waiters, MUTEX_WOKEN, memory_order_relaxed);
    a->woken = false;
    woken_with = lot_park(b, a->m, &parking);
    a->woken = woken_with == 0;
    a->spins = 0;
    return woken_with;
}

static int lock_slow(gort_mutex *m, uint32_t tag, const struct mutex_wait *wait)
{
    struct attempt a = {.m = m, .wait = wait, .tag = tag};
    int32_t woken_with = 0;

    while (woken_with == 0) {
        if (is_free(m) && take(m, tag))
            woken_with = HANDED_OVER;
        else if (!spin(&a))
            woken_with = park(&a);
    }
    count_out(&a);
    return woken_with == HANDED_OVER ? GORT_OK : GORT_ETIMEDOUT;
}

int mutex_lock(gort_mutex *m, const struct mutex_wait *wait)
{
    uint32_t tag = tag_of(task_self());

    if (LIKELY(take(m, tag)))
        return GORT_OK;
    return lock_slow(m, tag, wait);
}

bool mutex_try_lock(gort_mutex *m)
{
    return is_free(m) && take(m, tag_of(task_self()));
}

int64_t mutex_holder(const gort_mutex *m)
{
    return (int64_t)atomic_load_explicit(&m->gort_holder, memory_order_relaxed) - 1;
}

static bool is_starving(const struct lot_waiter *w)
{
    int64_t now_ns = debug.replay != 0
                         ? replay_now_ns()
                         : atomic_load_explicit(&sched.coarse_ns, memory_order_relaxed);

    return now_ns - w->since_ns >= STARVING_NS;
}

/* The first waiter on M, taken out to be woken; NULL: there is none, or one is awake already. A
 * waiter in the queue is what makes sure that M is still there. */
static struct lot_waiter *take_to_wake(struct lot_bucket *b, gort_mutex *m)
{
    bool more;

    if (lot_first(b, m) == NULL ||
        (atomic_load_explicit(&m->gort_waiters, memory_order_relaxed) & MUTEX_WOKEN) != 0)
        return NULL;
    return lot_take(b, m, &more);
}

/* Somebody waits, or is about to. Under the bucket's lock his last look at the mutex is either
 * still to come, or he is in the queue. */
static void unlock_and_wake(gort_mutex *m)
{
    struct lot_bucket *b = lot_lock(m);
    struct lot_waiter *w = take_to_wake(b, m);
    bool hand_over = w != NULL && is_starving(w);

    if (w != NULL && !hand_over)
        atomic_fetch_add_explicit(&m->gort_waiters, MUTEX_WOKEN, memory_order_relaxed);
    /* Release: pairs with take. */
    atomic_store_explicit(&m->gort_holder, hand_over ? tag_of(w->task) : 0, memory_order_release);
    lot_unlock(b);
    if (w != NULL)
        sched_ready(w->task, hand_over ? HANDED_OVER : 0);
}

/* M was let go of, and is not to be touched unless somebody waits for it. */
static void wake_late_comer(gort_mutex *m)
{
    struct lot_bucket *b = lot_lock(m);
    struct lot_waiter *w = take_to_wake(b, m);

    if (w != NULL)
        atomic_fetch_add_explicit(&m->gort_waiters, MUTEX_WOKEN, memory_order_relaxed);
    lot_unlock(b);
    if (w != NULL)
        sched_ready(w->task, 0);
}

static bool has_waiters(gort_mutex *m)
{
    return atomic_load_explicit(&m->gort_waiters, memory_order_relaxed) != 0;
}

static bool has_late_comer(const gort_mutex *m)
{
    return atomic_load_explicit(waiting_at(m), memory_order_relaxed) != 0;
}

void mutex_unlock(gort_mutex *m, const char *what)
{
    if (UNLIKELY(is_free(m)))
        gort_fatal("%s: unlock of unlocked mutex", what);
    if (UNLIKELY(has_waiters(m))) {
        unlock_and_wake(m);
        return;
    }
    asym_release(&m->gort_holder, 0);
    if (UNLIKELY(has_late_comer(m)))
        wake_late_comer(m);
}

/* ---- public: the usual case without entering the runtime ---- */

static __attribute__((noinline)) void lock_entered(gort_mutex *m, uintptr_t pc)
{
    struct worker *w = rt_enter("gort_mutex_lock");

    lock_slow(m, tag_of(w->current), &(struct mutex_wait){WAIT_MUTEX, pc, GORT_FOREVER});
    rt_leave(worker_self());
}

void gort_mutex_lock(gort_mutex *m)
{
    struct worker *w = rt_glance("gort_mutex_lock");

    if (UNLIKELY(!take(m, tag_of(w->current))))
        lock_entered(m, (uintptr_t)__builtin_return_address(0));
    else
        rt_glance_end(w);
}

int gort_mutex_try_lock(gort_mutex *m)
{
    struct worker *w = rt_glance("gort_mutex_try_lock");
    bool taken = is_free(m) && take(m, tag_of(w->current));

    rt_glance_end(w);
    return taken;
}

static __attribute__((noinline)) void unlock_entered(gort_mutex *m)
{
    rt_enter("gort_mutex_unlock");
    mutex_unlock(m, "gort_mutex_unlock");
    rt_leave(worker_self());
}

static __attribute__((noinline)) void wake_entered(gort_mutex *m)
{
    rt_enter("gort_mutex_unlock");
    wake_late_comer(m);
    rt_leave(worker_self());
}

void gort_mutex_unlock(gort_mutex *m)
{
    struct worker *w = rt_glance("gort_mutex_unlock");

    if (UNLIKELY(is_free(m)) || UNLIKELY(has_waiters(m))) {
        unlock_entered(m);
        return;
    }
    asym_release(&m->gort_holder, 0);
    if (UNLIKELY(has_late_comer(m)))
        wake_entered(m);
    else
        rt_glance_end(w);
}
