/* SPDX-License-Identifier: MIT */
/* lock.h - the runtime's own lock: blocks the thread, held for short stretches only.
 * A word that is free, held, or held with sleepers; a few spins, then a futex. While a lock is held
 * the thread is inside the runtime and so is never stopped by a signal. No callback, allocation
 * from the collected heap or log under a lock. Threads: any. Source: Drepper, Futexes Are Tricky
 * (2005), mutex 2. */
#ifndef RUNTIME_LOCK_H
#define RUNTIME_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/lockrank.h"

struct lock {
    _Atomic(uint32_t) word;  /* 0 free, 1 held, 2 held and someone sleeps */
    _Atomic(uint32_t) owner; /* kernel thread that holds it; debug builds only */
    enum lock_rank rank;     /* [const] */
};

#define LOCK_INIT(r) \
    {                \
        .rank = (r)  \
    }

void lock_init(struct lock *l, enum lock_rank rank);
void lock_take(struct lock *l);
bool lock_try(struct lock *l);
/* By the thread that took it, though it may be on another context by now: a parked task's lock is
 * released by what follows. */
void lock_release(struct lock *l);

/* Debug builds: whether the calling thread holds L. Release builds: true. */
bool lock_is_held(const struct lock *l);

#endif
