/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/blocker.h"

#include <stddef.h>

#include "base/check.h"
#include "gort/sync.h"
#include "runtime/cycles.h"
#include "runtime/mutex.h"
#include "runtime/parklot.h"
#include "runtime/san.h"

#define LOCK_TRIES 20 /* who has it holds it for a moment, unless it is the calling thread */

_Static_assert(_Alignof(gort_mutex) > LOT_KIND_MASK && _Alignof(gort_rwmutex) > LOT_KIND_MASK,
               "the kind has room in the address");

static uint64_t id_of(const struct task *t)
{
    return __atomic_load_n(&t->id, __ATOMIC_RELAXED);
}

/* Names the task in SLOT, unless it changes meanwhile. */
NO_SANITIZE_READS static void name_task(struct blocker *b, int64_t slot)
{
    const struct task *t = slot >= 0 ? task_at((size_t)slot) : NULL;

    if (t == NULL || atomic_load_explicit(&t->state, memory_order_relaxed) == TASK_DEAD)
        return;
    b->holder = id_of(t);
    b->slot = t->slot;
    for (size_t i = 0; i < sizeof b->name - 1; i++)
        b->name[i] = __atomic_load_n(&t->name[i], __ATOMIC_RELAXED);
    b->name[sizeof b->name - 1] = '\0';
    if (id_of(t) != b->holder)
        b->name[0] = '\0';
}

static void count_readers(struct blocker *b, const gort_rwmutex *rw)
{
    int32_t n = atomic_load_explicit(&rw->gort_readers, memory_order_relaxed);

    b->readers = n > 0 ? (uint64_t)n : 0;
}

#define RW_AT(addr, member) \
    ((const gort_rwmutex *)(const void *)((const char *)(addr)-offsetof(gort_rwmutex, member)))

/* What lies at ADDR is there for as long as the bucket is locked. */
static void look_at(struct blocker *b, const void *addr, enum lot_kind kind)
{
    switch (kind) {
    case LOT_OTHER:
        break;
    case LOT_MUTEX:
        name_task(b, mutex_holder(addr));
        break;
    case LOT_RW_READERS:
        name_task(b, mutex_holder(&RW_AT(addr, gort_readers)->gort_writers));
        break;
    case LOT_RW_WRITER:
        count_readers(b, RW_AT(addr, gort_writers.gort_waiters));
        break;
    }
}

static struct lot_bucket *lock_soon(const void *addr)
{
    struct lot_bucket *bucket = NULL;

    for (int i = 0; bucket == NULL && i < LOCK_TRIES; i++) {
        bucket = lot_try_lock(addr);
        if (bucket == NULL)
            rest_between_looks();
    }
    return bucket;
}

void blocker_look(struct blocker *b, const struct task *t)
{
    uintptr_t word = atomic_load_explicit(&t->lot_word, memory_order_relaxed);
    const void *addr = (const void *)(word & ~(uintptr_t)LOT_KIND_MASK);
    struct lot_bucket *bucket = word != 0 ? lock_soon(addr) : NULL;

    *b = (struct blocker){0};
    if (bucket == NULL)
        return;
    if (atomic_load_explicit(&t->lot_word, memory_order_relaxed) == word)
        look_at(b, addr, (enum lot_kind)(word & LOT_KIND_MASK));
    lot_unlock(bucket);
}
