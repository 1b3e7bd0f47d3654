/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/lock.h"

#include "runtime/cycles.h"
#include "runtime/os_linux.h"

#define ORDERED_RELEASES 1500u /* cost as much as the barrier that they save, some 10 us */

/* Tries for some microseconds: longer than one that runs holds any lock. */
static bool take_soon(struct lock *l)
{
    uint64_t since = cycles_now();

    do {
        rest_between_looks();
        if (atomic_load_explicit(&l->word, memory_order_relaxed) == LOCK_FREE && lock_try_word(l))
            return true;
    } while (cycles_now() - since < cycles_in_a_while() / 4);
    return false;
}

void lock_take_slow(struct lock *l)
{
    if (take_soon(l))
        return;
    /* Counted until it has the lock: whoever lets it go wakes one, rather once too often. The first
     * one's barrier does for all, for he looks at the word behind it. */
    if (atomic_fetch_add_explicit(&l->sleepers, LOCK_SLEEPER, memory_order_seq_cst) == 0) {
        asym_barrier();
        atomic_fetch_add_explicit(&l->sleepers, ORDERED_RELEASES * LOCK_ORDERED,
                                  memory_order_relaxed);
    }
    while (atomic_exchange_explicit(&l->word, LOCK_HELD, memory_order_seq_cst) != LOCK_FREE)
        futex_wait(&l->word, LOCK_HELD, -1);
    atomic_fetch_sub_explicit(&l->sleepers, LOCK_SLEEPER, memory_order_relaxed);
}

void lock_released(struct lock *l)
{
    uint32_t seen = atomic_load_explicit(&l->sleepers, memory_order_relaxed);

    /* A locked instruction also if it changes nothing: whoever counts himself in after it finds the
     * lock free. Pairs with the count in lock_take_slow. */
    while (!atomic_compare_exchange_weak_explicit(&l->sleepers, &seen,
                                                  seen < LOCK_ORDERED ? seen : seen - LOCK_ORDERED,
                                                  memory_order_seq_cst, memory_order_relaxed)) {
    }
    if (seen % LOCK_ORDERED != 0)
        futex_wake(&l->word, 1);
}

bool lock_try(struct lock *l)
{
    if (!lock_try_word(l))
        return false;
    if (GORT_DEBUG_CHECKS)
        lock_note_taken(l);
    return true;
}
