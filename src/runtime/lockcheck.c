/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/lock.h"

#include "base/check.h"
#include "runtime/os_linux.h"

#if GORT_DEBUG_CHECKS

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

bool lock_is_noted(const struct lock *l)
{
    return atomic_load_explicit(&((struct lock *)(uintptr_t)l)->owner, memory_order_relaxed) ==
           self_tag();
}

#endif
