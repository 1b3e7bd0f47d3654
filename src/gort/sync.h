/* SPDX-License-Identifier: MIT */
/* sync.h - locks and gatherings that park tasks, not threads. All but the counter are ready for use
 * when zero, must not be copied after first use, and must stay until every call on them has
 * returned. */
#ifndef GORT_SYNC_H
#define GORT_SYNC_H

#include <gort/base.h>
#include <gort/here.h>
#include <stdatomic.h>

struct gort_ctx;

/* Mutual exclusion. Whoever comes while it is free may take it ahead of waiters; a task that has
 * waited for over 1 ms is handed the lock directly. Not recursive. Any task may unlock it.
 * Unlocking a free mutex is misuse. */
typedef struct gort_mutex {
    _Atomic(uint32_t) gort_holder;
    _Atomic(uint32_t) gort_waiters;
} gort_mutex;

GORT_INSIDE void gort_mutex_lock_slow(gort_mutex *m);
GORT_INSIDE void gort_mutex_unlock_slow(gort_mutex *m);
GORT_INSIDE void gort_mutex_unlock_late(gort_mutex *m);

/* Takes M for HOLDER if it is free, with ORDER, acquire at least: pairs with the release of whoever
 * unlocked. Writes what is there a second time, which only who has M may: a load that follows soon,
 * such as that of gort_mutex_may_let_go, then takes it from the store, where it would wait for the
 * end of the locked instruction (3 of 12 ns for a pair, on Sapphire Rapids). */
GORT_INSIDE inline int gort_mutex_take(gort_mutex *m, uint32_t holder, memory_order order)
{
    uint32_t nobody = 0;

    if (!atomic_compare_exchange_strong_explicit(&m->gort_holder, &nobody, holder, order,
                                                 memory_order_relaxed))
        return 0;
    atomic_store_explicit(&m->gort_holder, holder, memory_order_relaxed);
    return 1;
}

/* Blocks the task until it has M. */
GORT_API inline void gort_mutex_lock(gort_mutex *m)
{
    const struct gort_here *here = gort_here();

    if (GORT_RARELY(atomic_load_explicit(&here->attention, memory_order_relaxed) != 0) ||
        GORT_RARELY(!gort_mutex_take(m, here->holder, memory_order_acquire)))
        gort_mutex_lock_slow(m);
}

/* Returns 1 if it was taken, else 0. */
GORT_API GORT_MUST_CHECK int gort_mutex_try_lock(gort_mutex *m);

/* The fast half of letting go of M. Whether it may be used: M is locked, and nobody waits. */
GORT_INSIDE inline int gort_mutex_may_let_go(gort_mutex *m)
{
    return atomic_load_explicit(&m->gort_holder, memory_order_relaxed) != 0 &&
           atomic_load_explicit(&m->gort_waiters, memory_order_relaxed) == 0;
}

/* Lets go, with release, which pairs with the acquire of whoever locks next; whether somebody may
 * have come meanwhile. Whoever comes sees to the order of the store and the load, if he can: that
 * is asked last, so that he can wait for the stores of those who were told that he can. M is not
 * touched after the store: it may be gone with the memory that it lies in. */
GORT_INSIDE inline int gort_mutex_let_go(gort_mutex *m)
{
    atomic_store_explicit(&m->gort_holder, 0, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    return atomic_load_explicit(gort_waiting_at(m), memory_order_relaxed) != 0 ||
           !atomic_load_explicit(&gort_has_barrier, memory_order_relaxed);
}

GORT_API inline void gort_mutex_unlock(gort_mutex *m)
{
    if (GORT_RARELY(!gort_mutex_may_let_go(m)))
        gort_mutex_unlock_slow(m);
    else if (GORT_RARELY(gort_mutex_let_go(m)))
        gort_mutex_unlock_late(m);
}

/* Many readers or one writer. A writer that waits keeps new readers out, so that it gets its turn;
 * when it leaves, the readers that wait go ahead of the next writer. So a task must not read twice
 * at a time: a writer between the two is a deadlock. Not recursive, and a reader can't become a
 * writer. Any task may unlock it. Up to 2^31 - 1 readers. Letting go what is not held is misuse.
 * Source: Go's sync.RWMutex. */
typedef struct gort_rwmutex {
    gort_mutex gort_writers; /* held by the writer that is in, or waits for readers to leave */
    _Atomic(int32_t) gort_readers; /* that are in, or look whether they may */
} gort_rwmutex;

GORT_INSIDE void gort_rwmutex_lock_slow(gort_rwmutex *rw, int taken);
GORT_INSIDE void gort_rwmutex_unlock_slow(gort_rwmutex *rw);
GORT_INSIDE void gort_rwmutex_unlock_late(gort_rwmutex *rw);
GORT_INSIDE void gort_rwmutex_rlock_slow(gort_rwmutex *rw, int counted);
GORT_INSIDE void gort_rwmutex_runlock_slow(gort_rwmutex *rw, int32_t before);

/* For writing. Blocks the task until all others have left. A writer makes itself known by the
 * mutex and then looks for readers, a reader the other way round: sequentially consistent, so that
 * one of the two sees the other. */
GORT_API inline void gort_rwmutex_lock(gort_rwmutex *rw)
{
    const struct gort_here *here = gort_here();

    if (GORT_RARELY(atomic_load_explicit(&here->attention, memory_order_relaxed) != 0) ||
        GORT_RARELY(!gort_mutex_take(&rw->gort_writers, here->holder, memory_order_seq_cst)))
        gort_rwmutex_lock_slow(rw, 0);
    else if (GORT_RARELY(atomic_load_explicit(&rw->gort_readers, memory_order_seq_cst) != 0))
        gort_rwmutex_lock_slow(rw, 1);
}

/* Returns 1 if it was taken, else 0. */
GORT_API GORT_MUST_CHECK int gort_rwmutex_try_lock(gort_rwmutex *rw);

GORT_API inline void gort_rwmutex_unlock(gort_rwmutex *rw)
{
    if (GORT_RARELY(!gort_mutex_may_let_go(&rw->gort_writers)))
        gort_rwmutex_unlock_slow(rw);
    else if (GORT_RARELY(gort_mutex_let_go(&rw->gort_writers)))
        gort_rwmutex_unlock_late(rw);
}

/* For reading. Blocks the task while a writer is in or waits. */
GORT_API inline void gort_rwmutex_rlock(gort_rwmutex *rw)
{
    const struct gort_here *here = gort_here();

    if (GORT_RARELY(atomic_load_explicit(&here->attention, memory_order_relaxed) != 0)) {
        gort_rwmutex_rlock_slow(rw, 0);
        return;
    }
    atomic_fetch_add_explicit(&rw->gort_readers, 1, memory_order_seq_cst);
    if (GORT_RARELY(atomic_load_explicit(&rw->gort_writers.gort_holder, memory_order_seq_cst) != 0))
        gort_rwmutex_rlock_slow(rw, 1);
}

/* Returns 1 if it was taken, else 0. */
GORT_API GORT_MUST_CHECK int gort_rwmutex_try_rlock(gort_rwmutex *rw);

GORT_API inline void gort_rwmutex_runlock(gort_rwmutex *rw)
{
    int32_t before = atomic_fetch_sub_explicit(&rw->gort_readers, 1, memory_order_seq_cst);

    if (GORT_RARELY(before <= 0) ||
        GORT_RARELY(atomic_load_explicit(&rw->gort_writers.gort_holder, memory_order_seq_cst) != 0))
        gort_rwmutex_runlock_slow(rw, before);
}

/* What is to be done once. */
typedef struct gort_once {
    _Atomic(uint32_t) gort_done;
    gort_mutex gort_first; /* held by the caller that does it */
} gort_once;

GORT_INSIDE void gort_once_slow(gort_once *o, void (*fn)(void *arg), void *arg);

/* Runs FN(ARG) if no call with O did yet, whatever the function. Blocks the task until the first
 * call's FN has returned, or has ended its task by gort_exit; what that has done is seen then. A
 * call with the same O inside waits for ever. Source: Go's sync.Once. */
static inline void gort_once_do(gort_once *o, void (*fn)(void *arg), void *arg)
{
    /* Acquire: pairs with the release in gort_once_slow. */
    if (atomic_load_explicit(&o->gort_done, memory_order_acquire) == 0)
        gort_once_slow(o, fn, arg);
}

/* Waiting for a condition that a mutex guards. A task may wake for a signal that another has made
 * use of before it: so look at the condition again, in a loop. All who wait on one condition
 * variable use the same mutex. To give up with a context, have gort_ctx_after_func broadcast, with
 * the mutex locked, and look at gort_ctx_err in the loop too. Source: Go's sync.Cond. */
typedef struct gort_cond {
    _Atomic(uint32_t) gort_waiters;
} gort_cond;

/* Unlocks M, blocks the task until it is signalled, and locks M again. M must be locked: else it is
 * misuse. */
GORT_API void gort_cond_wait(gort_cond *c, gort_mutex *m);
/* The same; 0 when signalled, GORT_ETIMEDOUT if DEADLINE_NS passed first. M is locked either way:
 * that may take longer. */
GORT_API GORT_MUST_CHECK int gort_cond_wait_by(gort_cond *c, gort_mutex *m, int64_t deadline_ns);
/* Wakes the task that has waited longest, if there is one; wakes all. With or without the mutex. */
GORT_API void gort_cond_signal(gort_cond *c);
GORT_API void gort_cond_broadcast(gort_cond *c);

/* A number of units, of which each task takes as many as it needs and gives them back later; any
 * task may give them back. First come, first served: who needs many units is not overtaken by those
 * who need few. When zero it has no unit. Source: golang.org/x/sync/semaphore. */
typedef struct gort_sem {
    _Atomic(int64_t) gort_state; /* twice the free units; lowest bit: somebody waits */
    int64_t gort_count;
} gort_sem;

/* Sets the number of units, 0 to 2^62 - 1, all of them free; before the first use only. */
GORT_API void gort_sem_init(gort_sem *s, int64_t count);
/* Takes N units, 0 or more; blocks the task until they are free: for ever if there never were so
 * many, and then nobody waits behind it. */
GORT_API void gort_sem_acquire(gort_sem *s, int64_t n);
/* The same; 0 when taken, GORT_ETIMEDOUT, with nothing taken, if DEADLINE_NS passed first. */
GORT_API GORT_MUST_CHECK int gort_sem_acquire_by(gort_sem *s, int64_t n, int64_t deadline_ns);
/* The same; 0 when taken; gort_ctx_err of CTX, with nothing taken, if that is cancelled first. */
GORT_API GORT_MUST_CHECK int gort_sem_acquire_ctx(gort_sem *s, int64_t n, struct gort_ctx *ctx);
/* Returns 1 if N units were free, nobody waited for some, and they were taken; else 0. */
GORT_API GORT_MUST_CHECK int gort_sem_try_acquire(gort_sem *s, int64_t n);
/* Gives N units back. More than were taken is misuse. */
GORT_API void gort_sem_release(gort_sem *s, int64_t n);

/* Waits until a count falls to zero. gort_waitgroup_add with a negative DELTA counts down; below
 * zero is misuse. */
typedef struct gort_waitgroup {
    _Atomic(uint64_t) gort_state; /* count in the upper half, waiters in the lower */
    _Atomic(uint32_t) gort_sema;
} gort_waitgroup;

GORT_INSIDE void gort_waitgroup_add_slow(gort_waitgroup *wg, int delta);
GORT_INSIDE void gort_waitgroup_settle(gort_waitgroup *wg, int delta, uint64_t state);
GORT_INSIDE void gort_waitgroup_wait_slow(gort_waitgroup *wg);

/* The new state. Acquire and release: what was done before each count down is seen by whoever
 * waited. */
GORT_INSIDE inline uint64_t gort_waitgroup_change(gort_waitgroup *wg, int delta)
{
    uint64_t change = (uint64_t)(int64_t)delta << 32;

    return change + atomic_fetch_add_explicit(&wg->gort_state, change, memory_order_acq_rel);
}

GORT_API inline void gort_waitgroup_add(gort_waitgroup *wg, int delta)
{
    uint64_t state;

    if (GORT_RARELY(atomic_load_explicit(&gort_here()->attention, memory_order_relaxed) != 0)) {
        gort_waitgroup_add_slow(wg, delta);
        return;
    }
    state = gort_waitgroup_change(wg, delta);
    if (GORT_RARELY((uint32_t)state != 0) || GORT_RARELY((int64_t)state < 0))
        gort_waitgroup_settle(wg, delta, state);
}

GORT_API inline void gort_waitgroup_done(gort_waitgroup *wg)
{
    uint64_t state = gort_waitgroup_change(wg, -1);

    if (state != 0 && GORT_RARELY((int32_t)(state >> 32) <= 0))
        gort_waitgroup_settle(wg, -1, state);
}

GORT_API inline void gort_waitgroup_wait(gort_waitgroup *wg)
{
    /* Acquire: pairs with the counting down. */
    if (atomic_load_explicit(&wg->gort_state, memory_order_acquire) >> 32 != 0)
        gort_waitgroup_wait_slow(wg);
}

/* Adds 1, spawns a task that runs FN(ARG) and then counts down. */
GORT_API void gort_waitgroup_go(gort_waitgroup *wg, void (*fn)(void *arg), void *arg);

/* Tasks that work on parts of one thing, of which each may fail. Once waited for, it may be used
 * again as long as none has failed. Source: golang.org/x/sync/errgroup. */
typedef struct gort_group {
    gort_waitgroup gort_tasks;
    _Atomic(int) gort_result;
    int gort_limited;
    gort_sem gort_slots;       /* a unit for each task that may run, if they are limited */
    struct gort_ctx *gort_ctx; /* what the first failure cancels, or NULL */
    void *gort_reserved;       /* zero */
} gort_group;

/* Spawns a task that runs FN(ARG); blocks the task while as many of the group run as are allowed.
 * ARG is kept as by gort_go. FN must return: a task that calls gort_exit is waited for for ever. */
GORT_API void gort_group_go(gort_group *g, int (*fn)(void *arg), void *arg);
/* The same without blocking: returns 1 if it was spawned, else 0. */
GORT_API GORT_MUST_CHECK int gort_group_try_go(gort_group *g, int (*fn)(void *arg), void *arg);
/* How many tasks of the group may run at one time; negative: any number, as in the beginning. To
 * change it while some run is misuse. */
GORT_API void gort_group_set_limit(gort_group *g, int ntasks);
/* Gives G a context below PARENT, and returns it: for the functions of the group, which should end
 * when it is cancelled. The first of them whose result is not zero cancels it, with that result as
 * its cause; so does gort_group_wait when all have returned. G refers to it. One more call, for the
 * next use of the group, makes another; while tasks of the group run it is misuse. */
GORT_API struct gort_ctx *gort_group_with_ctx(gort_group *g, struct gort_ctx *parent);
/* Blocks the task until all functions have returned. Returns the first result that was not zero, or
 * 0; what they have done is seen then. */
GORT_API int gort_group_wait(gort_group *g);

/* A number that many tasks add to and few look at: a cache line for each proc, so that those who
 * add do not disturb each other. */
typedef struct gort_counter gort_counter;

/* A counter at 0, in the collected heap; nothing needs to be freed. It takes 64 bytes a proc, and
 * 128 more. Ends the process when memory runs out. */
GORT_API gort_counter *gort_counter_new(void) __attribute__((returns_nonnull));
/* Adds N, which may be negative; wraps. Does not block. */
GORT_API void gort_counter_add(gort_counter *c, int64_t n);
/* What was added so far. Of what is added meanwhile it may have some: it is no look at one
 * moment. Callable from any thread. */
GORT_API int64_t gort_counter_sum(const gort_counter *c);

#endif
