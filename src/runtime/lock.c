/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/lock.h"

#include "base/check.h"
#include "runtime/cycles.h"
#include "runtime/os_linux.h"

#define SPINS            120 /* some microseconds: longer than one that runs holds any lock */
#define ORDERED_RELEASES 1500u /* cost as much as the barrier that they save, some 10 us */

/* ---- What a thread holds, for the rank check of debug builds ---- */

#define HELD_MAX 24

/* Channels are not listed one by one, for a select locks any number of them: they are taken in
 * rising order and let go of together, so the highest of them and their number will do. */
static __thread struct {
    const struct lock *lock[HELD_MAX];
    unsigned count;
    const struct lock *top_chan;
    unsigned nchans;
} held __attribute__((tls_model("initial-exec")));

static __thread uint32_t thread_tag __attribute__((tls_model("initial-exec")));

static uint32_t self_tag(void)
{
    if (thread_tag == 0)
        thread_tag = (uint32_t)os_thread_id();
    return thread_tag;
}

void lock_check_rank(const struct lock *l)
{
    for (unsigned i = 0; i < held.count; i++)
        CHECK(held.lock[i]->rank < l->rank);
    CHECK(held.nchans == 0 || l->rank > RANK_CHAN || (l->rank == RANK_CHAN && l > held.top_chan));
}

void lock_note_taken(struct lock *l)
{
    if (l->rank == RANK_CHAN) {
        held.top_chan = l;
        held.nchans++;
    } else {
        CHECK(held.count < HELD_MAX);
        held.lock[held.count++] = l;
    }
    atomic_store_explicit(&l->owner, self_tag(), memory_order_relaxed);
}

static void unlist(const struct lock *l)
{
    unsigned i = held.count;

    while (i > 0 && held.lock[i - 1] != l)
        i--;
    CHECK(i > 0);
    for (; i < held.count; i++)
        held.lock[i - 1] = held.lock[i];
    held.count--;
}

void lock_note_released(struct lock *l)
{
    CHECK(atomic_load_explicit(&l->owner, memory_order_relaxed) == self_tag());
    if (l->rank == RANK_CHAN) {
        CHECK(held.nchans > 0);
        held.nchans--;
    } else {
        unlist(l);
    }
    atomic_store_explicit(&l->owner, 0, memory_order_relaxed);
}

/* ---- The lock ---- */

void lock_init(struct lock *l, enum lock_rank rank)
{
    atomic_init(&l->word, LOCK_FREE);
    atomic_init(&l->sleepers, 0);
    atomic_init(&l->owner, 0);
    l->rank = rank;
}

void lock_take_slow(struct lock *l)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&l->word, memory_order_relaxed) == LOCK_FREE && lock_try_word(l))
            return;
        cpu_relax();
    }
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

bool lock_is_held(const struct lock *l)
{
    if (!GORT_DEBUG_CHECKS)
        return true;
    return atomic_load_explicit(&((struct lock *)(uintptr_t)l)->owner, memory_order_relaxed) ==
           self_tag();
}
