/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/mutex.h"

#include "base/check.h"
#include "base/clock.h"
#include "runtime/asym.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/parklot.h"
#include "runtime/replay.h"

#define HANDED_OVER 1 /* wake value: the mutex is the woken task's */
#define STARVING_NS NS_PER_MS
#define CALM_AFTER  4096u /* one in so many tries to be calm again: a barrier costs some 10 us */

/* Those of one entry have one bucket of the parking lot. */
_Atomic(uint32_t) gort_waiting[1u << GORT_WAITING_BITS];

/* How often the thread let go of a mutex by a locked instruction. */
static __thread uint32_t ngone __attribute__((tls_model("initial-exec")));

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

static bool take(gort_mutex *m, uint32_t tag)
{
    return gort_mutex_take(m, tag, memory_order_acquire) != 0;
}

static bool is_free(gort_mutex *m)
{
    return atomic_load_explicit(&m->gort_holder, memory_order_relaxed) == 0;
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

/* First the table, then the mutex: whoever finds MUTEX_ORDERED there and relies on it is in the
 * table before the one that set it leaves. */
void mutex_count_in(gort_mutex *m)
{
    atomic_fetch_add_explicit(gort_waiting_at(m), 1, memory_order_seq_cst);
    if ((atomic_fetch_add_explicit(&m->gort_waiters, MUTEX_WAITER, memory_order_seq_cst) &
         MUTEX_ORDERED) != 0)
        return;
    asym_barrier();
    atomic_fetch_or_explicit(&m->gort_waiters, MUTEX_ORDERED, memory_order_relaxed);
}

void mutex_count_out(gort_mutex *m)
{
    atomic_fetch_sub_explicit(&m->gort_waiters, MUTEX_WAITER, memory_order_relaxed);
    atomic_fetch_sub_explicit(gort_waiting_at(m), 1, memory_order_release);
}

/* As mutex_count_out, for one who has not seen the mutex free: the holder that the barrier was
 * meant for may be about to let it go by a plain store still, and the table is not to be relied on
 * then. */
static void give_up(gort_mutex *m)
{
    atomic_fetch_and_explicit(&m->gort_waiters, ~(uint32_t)MUTEX_ORDERED, memory_order_seq_cst);
    mutex_count_out(m);
}

static void end_attempt(const struct attempt *a, bool taken)
{
    if (a->woken)
        atomic_fetch_sub_explicit(&a->m->gort_waiters, MUTEX_WOKEN, memory_order_relaxed);
    if (a->counted && taken)
        mutex_count_out(a->m);
    else if (a->counted)
        give_up(a->m);
}

/* The last look of one who is counted, which finds the mutex held or else is seen by the look of
 * who lets it go: sequentially consistent, as that of let_go_ordered, also if it fails. */
static bool take_counted(const struct attempt *a)
{
    uint32_t nobody = 0;

    return atomic_compare_exchange_strong_explicit(&a->m->gort_holder, &nobody, a->tag,
                                                   memory_order_seq_cst, memory_order_seq_cst);
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
        mutex_count_in(a->m);
    a->counted = true;
    if (take_counted(a)) {
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
        else if (!lot_spin(&a.spins))
            woken_with = park(&a);
    }
    end_attempt(&a, woken_with == HANDED_OVER);
    return woken_with == HANDED_OVER ? GORT_OK : GORT_ETIMEDOUT;
}

int mutex_lock(gort_mutex *m, const struct mutex_wait *wait)
{
    uint32_t tag = task_as_holder(task_self());

    if (LIKELY(take(m, tag)))
        return GORT_OK;
    return lock_slow(m, tag, wait);
}

bool mutex_try_lock(gort_mutex *m)
{
    return is_free(m) && take(m, task_as_holder(task_self()));
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

    if (lot_first_of(b, m, LOT_MUTEX) == NULL ||
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
    atomic_store_explicit(&m->gort_holder, hand_over ? task_as_holder(w->task) : 0,
                          memory_order_release);
    lot_unlock(b);
    if (w != NULL)
        sched_ready(w->task, hand_over ? HANDED_OVER : 0);
}

bool mutex_has_late_comer(const gort_mutex *m)
{
    if (!asym_suffices())
        atomic_thread_fence(memory_order_seq_cst);
    /* Pairs with the count in mutex_count_in. */
    return atomic_load_explicit(gort_waiting_at(m), memory_order_seq_cst) != 0;
}

void mutex_wake_late_comer(gort_mutex *m)
{
    struct lot_bucket *b = lot_lock(m);
    struct lot_waiter *w = take_to_wake(b, m);

    if (w != NULL)
        atomic_fetch_add_explicit(&m->gort_waiters, MUTEX_WOKEN, memory_order_relaxed);
    lot_unlock(b);
    if (w != NULL)
        sched_ready(w->task, 0);
}

static bool is_ordered(const gort_mutex *m)
{
    return atomic_load_explicit(&m->gort_waiters, memory_order_relaxed) == MUTEX_ORDERED;
}

/* Nobody waits, but somebody did not long ago: lets go of M by a locked instruction, and says at
 * times that plain stores will do again. Whether somebody has come meanwhile. */
static bool let_go_ordered(gort_mutex *m)
{
    uint32_t calm = MUTEX_ORDERED;

    if (++ngone % CALM_AFTER == 0)
        atomic_compare_exchange_strong_explicit(&m->gort_waiters, &calm, 0, memory_order_seq_cst,
                                                memory_order_relaxed);
    atomic_exchange_explicit(&m->gort_holder, 0, memory_order_seq_cst);
    return atomic_load_explicit(gort_waiting_at(m), memory_order_seq_cst) != 0;
}

void mutex_unlock(gort_mutex *m, const char *what)
{
    if (UNLIKELY(is_free(m)))
        gort_fatal("%s: unlock of unlocked mutex", what);
    if (mutex_is_awaited(m))
        unlock_and_wake(m);
    else if ((gort_mutex_may_let_go(m) ? gort_mutex_let_go(m) : let_go_ordered(m)) &&
             mutex_has_late_comer(m))
        mutex_wake_late_comer(m);
}

/* ---- public: the usual case without entering the runtime ---- */

extern inline _Atomic(uint32_t) *gort_waiting_at(const void *lock);
extern inline int gort_mutex_take(gort_mutex *m, uint32_t holder, memory_order order);
extern inline int gort_mutex_may_let_go(gort_mutex *m);
extern inline int gort_mutex_let_go(gort_mutex *m);
extern inline void gort_mutex_lock(gort_mutex *m);
extern inline void gort_mutex_unlock(gort_mutex *m);

static __attribute__((noinline)) void lock_entered(gort_mutex *m, uintptr_t pc)
{
    struct worker *w = rt_enter("gort_mutex_lock");

    lock_slow(m, w->here.holder, &(struct mutex_wait){WAIT_MUTEX, pc, GORT_FOREVER});
    rt_leave_to(worker_self(), pc);
}

void gort_mutex_lock_slow(gort_mutex *m)
{
    struct worker *w = rt_glance("gort_mutex_lock");

    if (UNLIKELY(!take(m, w->here.holder)))
        lock_entered(m, (uintptr_t)__builtin_return_address(0));
    else
        rt_glance_end(w);
}

int gort_mutex_try_lock(gort_mutex *m)
{
    struct worker *w = rt_glance("gort_mutex_try_lock");
    bool taken = is_free(m) && take(m, w->here.holder);

    rt_glance_end(w);
    return taken;
}

void gort_mutex_unlock_slow(gort_mutex *m)
{
    if (!is_free(m) && is_ordered(m)) {
        if (UNLIKELY(let_go_ordered(m)))
            gort_mutex_unlock_late(m);
        return;
    }
    rt_enter("gort_mutex_unlock");
    mutex_unlock(m, "gort_mutex_unlock");
    rt_leave(worker_self());
}

void gort_mutex_unlock_late(gort_mutex *m)
{
    if (!mutex_has_late_comer(m))
        return;
    rt_enter("gort_mutex_unlock");
    mutex_wake_late_comer(m);
    rt_leave(worker_self());
}
