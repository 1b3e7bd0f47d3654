/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sema.h"

#include "base/check.h"
#include "gort/base.h"

/* Sequentially consistent for the sake of the two looks below; with that also acquire, which pairs
 * with the release of the permit. */
static bool take_permit(_Atomic(uint32_t) *permits)
{
    uint32_t n = atomic_load_explicit(permits, memory_order_seq_cst);

    while (n > 0)
        if (atomic_compare_exchange_weak_explicit(permits, &n, n - 1, memory_order_seq_cst,
                                                  memory_order_seq_cst))
            return true;
    return false;
}

void sema_acquire(_Atomic(uint32_t) *permits, enum wait_reason why, uintptr_t pc)
{
    const struct lot_parking parking = {
        .why = why, .pc = pc, .deadline_ns = GORT_FOREVER, .end = LOT_BACK};
    struct lot_bucket *b;

    if (take_permit(permits))
        return;
    b = lot_lock(permits);
    /* First counted as waiting, then the look at the permits; sema_release does it the other way
     * round, both sequentially consistent: one of the two sees the other. */
    atomic_fetch_add_explicit(&b->waiting, 1, memory_order_seq_cst);
    if (take_permit(permits)) {
        atomic_fetch_sub_explicit(&b->waiting, 1, memory_order_relaxed);
        lot_unlock(b);
        return;
    }
    lot_park(b, permits, &parking);
}

void sema_release(_Atomic(uint32_t) *permits)
{
    struct lot_bucket *b = lot_bucket(permits);
    struct lot_waiter *w = NULL;
    bool more;

    atomic_fetch_add_explicit(permits, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&b->waiting, memory_order_seq_cst) == 0)
        return;
    b = lot_lock(permits);
    /* The permit is taken on behalf of the waiter, if it is still there. */
    if (lot_first(b, permits) != NULL && take_permit(permits)) {
        w = lot_take(b, permits, &more);
        atomic_fetch_sub_explicit(&b->waiting, 1, memory_order_relaxed);
    }
    lot_unlock(b);
    if (w != NULL)
        sched_ready(w->task, 0);
}
