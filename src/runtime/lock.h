/* SPDX-License-Identifier: MIT */
/* lock.h - the runtime's own lock: blocks the thread, held for short stretches only.
 * A word that is free or held, and a count of those who sleep; a few spins, then a
 * futex. It is let go without a locked instruction, see asym.h. Who goes to sleep pays for that by
 * a barrier for all threads; so the first of them grants the next who let go that many locked
 * instructions, and as long as the grant lasts nobody needs a barrier. While a lock is held the
 * thread is inside the runtime and so is never stopped by a signal. No callback, allocation from
 * the collected heap or log under a lock. The lock's memory must outlast the call that lets it go.
 * Threads: any. */
#ifndef RUNTIME_LOCK_H
#define RUNTIME_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "runtime/asym.h"
#include "runtime/lockrank.h"

enum lock_word { LOCK_FREE, LOCK_HELD };

/* sleepers: how many sleep or are about to, and how often the lock is still to be let go of by a
 * locked instruction. */
enum { LOCK_SLEEPER = 1, LOCK_ORDERED = 1 << 16 };

struct lock {
    _Atomic(uint32_t) word;     /* enum lock_word */
    _Atomic(uint32_t) sleepers; /* in LOCK_SLEEPER and LOCK_ORDERED */
#if GORT_DEBUG_CHECKS
    _Atomic(uint32_t) owner; /* kernel thread that holds it */
    enum lock_rank rank;     /* [const] */
#endif
};

#if GORT_DEBUG_CHECKS
#define LOCK_INIT(r) \
    {                \
        .rank = (r)  \
    }
#else
#define LOCK_INIT(r) \
    {                \
        0            \
    }
#endif

/* For the inlines below: what they do when there is a rival. */
void lock_take_slow(struct lock *l);
void lock_released(struct lock *l);

/* What debug builds note and check, lockcheck.c. */
void lock_check_rank(const struct lock *l);
void lock_note_taken(struct lock *l);
void lock_note_released(struct lock *l);
bool lock_is_noted(const struct lock *l);

static inline void lock_init(struct lock *l, enum lock_rank rank)
{
    (void)rank;
    *l = (struct lock)LOCK_INIT(rank);
}

bool lock_try(struct lock *l);

/* Takes the word if it is free. */
static inline bool lock_try_word(struct lock *l)
{
    uint32_t expected = LOCK_FREE;

    /* Acquire: pairs with the release in lock_release. */
    return atomic_compare_exchange_strong_explicit(&l->word, &expected, LOCK_HELD,
                                                   memory_order_acquire, memory_order_relaxed);
}

static inline void lock_take(struct lock *l)
{
    if (GORT_DEBUG_CHECKS)
        lock_check_rank(l);
    if (UNLIKELY(!lock_try_word(l)))
        lock_take_slow(l);
    if (GORT_DEBUG_CHECKS)
        lock_note_taken(l);
}

/* By the thread that took it, though it may be on another context by now: a parked task's lock is
 * released by what follows. */
static inline void lock_release(struct lock *l)
{
    if (GORT_DEBUG_CHECKS)
        lock_note_released(l);
    /* Release: pairs with the acquire of the next taker. */
    asym_release(&l->word, LOCK_FREE);
    if (UNLIKELY(atomic_load_explicit(&l->sleepers, memory_order_relaxed) != 0) ||
        UNLIKELY(!asym_suffices()))
        lock_released(l);
}

/* Debug builds: whether the calling thread holds L. Release builds: true. */
static inline bool lock_is_held(const struct lock *l)
{
    return !GORT_DEBUG_CHECKS || lock_is_noted(l);
}

#endif
