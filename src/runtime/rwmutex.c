/* SPDX-License-Identifier: MIT */
/* rwmutex.c - many readers or one writer.
 * A writer first takes the mutex of the writers, and then announces itself: it makes the number of
 * readers negative by taking MAX_READERS from it. Who comes to read meanwhile is counted all the
 * same, but waits. The writer waits until those have left who were there before it; "leaving" is
 * how many that still are, or less while they leave faster than the writer can count them. When it
 * is done it makes the number positive again, which lets in all who came, ahead of the next writer.
 * Threads: tasks, no lock held. Source: Go's sync.RWMutex. */
#include "config.h"

#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/mutex.h"
#include "runtime/proc.h"
#include "runtime/sema.h"

#define MAX_READERS (INT32_C(1) << 30)

/* ---- readers ---------------------------------------------------------------------------------
 */

static __attribute__((noinline)) void rlock_entered(gort_rwmutex *rw, uintptr_t pc)
{
    rt_enter("gort_rwmutex_rlock");
    sema_acquire(&rw->gort_reader_sema, LOT_RW_READERS, WAIT_RWMUTEX_RLOCK, pc);
    rt_leave(worker_self());
}

void gort_rwmutex_rlock(gort_rwmutex *rw)
{
    struct worker *w = rt_glance("gort_rwmutex_rlock");

    /* Acquire: pairs with the release of the writer that left. */
    if (UNLIKELY(atomic_fetch_add_explicit(&rw->gort_readers, 1, memory_order_acquire) < 0))
        rlock_entered(rw, (uintptr_t)__builtin_return_address(0));
    else
        rt_glance_end(w);
}

int gort_rwmutex_try_rlock(gort_rwmutex *rw)
{
    struct worker *w = rt_glance("gort_rwmutex_try_rlock");
    int32_t n = atomic_load_explicit(&rw->gort_readers, memory_order_relaxed);
    bool taken = false;

    /* Acquire: pairs with the release of the writer that left. */
    while (!taken && n >= 0)
        taken = atomic_compare_exchange_weak_explicit(&rw->gort_readers, &n, n + 1,
                                                      memory_order_acquire, memory_order_relaxed);
    rt_glance_end(w);
    return taken;
}

/* A reader has left while a writer waits or writes; BEFORE is how many there were. */
static void leave_to_writer(gort_rwmutex *rw, int32_t before)
{
    if (before == 0 || before == -MAX_READERS)
        gort_fatal("gort_rwmutex_runlock: runlock of unlocked rwmutex");
    /* Acquire and release: the last to leave hands on what all readers have done. */
    if (atomic_fetch_sub_explicit(&rw->gort_leaving, 1, memory_order_acq_rel) == 1)
        sema_release(&rw->gort_writer_sema);
}

static __attribute__((noinline)) void runlock_entered(gort_rwmutex *rw, int32_t before)
{
    rt_enter("gort_rwmutex_runlock");
    leave_to_writer(rw, before);
    rt_leave(worker_self());
}

void gort_rwmutex_runlock(gort_rwmutex *rw)
{
    struct worker *w = rt_glance("gort_rwmutex_runlock");
    /* Release: pairs with the acquire of the next writer. */
    int32_t before = atomic_fetch_sub_explicit(&rw->gort_readers, 1, memory_order_release);

    if (UNLIKELY(before <= 0))
        runlock_entered(rw, before);
    else
        rt_glance_end(w);
}

/* ---- writers ---------------------------------------------------------------------------------
 */

/* Keeps new readers out; how many are in. Acquire: pairs with the release of the readers that
 * left. */
static int32_t announce_writer(gort_rwmutex *rw)
{
    return atomic_fetch_sub_explicit(&rw->gort_readers, MAX_READERS, memory_order_acquire);
}

/* Waits for the N readers that were in. */
static void wait_for_readers(gort_rwmutex *rw, int32_t n, uintptr_t pc)
{
    DCHECK(n >= 0);
    /* Acquire: as above. */
    if (n != 0 && atomic_fetch_add_explicit(&rw->gort_leaving, n, memory_order_acq_rel) != -n)
        sema_acquire(&rw->gort_writer_sema, LOT_RW_WRITER, WAIT_RWMUTEX_LOCK, pc);
}

static __attribute__((noinline)) void wait_entered(gort_rwmutex *rw, int32_t n, uintptr_t pc)
{
    rt_enter("gort_rwmutex_lock");
    wait_for_readers(rw, n, pc);
    rt_leave(worker_self());
}

static __attribute__((noinline)) void lock_entered(gort_rwmutex *rw, uintptr_t pc)
{
    rt_enter("gort_rwmutex_lock");
    mutex_lock(&rw->gort_writers, &(struct mutex_wait){WAIT_RWMUTEX_LOCK, pc, GORT_FOREVER});
    wait_for_readers(rw, announce_writer(rw), pc);
    rt_leave(worker_self());
}

void gort_rwmutex_lock(gort_rwmutex *rw)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct worker *w = rt_glance("gort_rwmutex_lock");
    int32_t n;

    if (UNLIKELY(!mutex_try_lock(&rw->gort_writers))) {
        lock_entered(rw, pc);
        return;
    }
    n = announce_writer(rw);
    if (UNLIKELY(n != 0))
        wait_entered(rw, n, pc);
    else
        rt_glance_end(w);
}

int gort_rwmutex_try_lock(gort_rwmutex *rw)
{
    struct worker *w = rt_enter("gort_rwmutex_try_lock");
    bool taken = mutex_try_lock(&rw->gort_writers);
    int32_t none = 0;

    /* Acquire: pairs with the release of the readers that left. */
    if (taken &&
        !atomic_compare_exchange_strong_explicit(&rw->gort_readers, &none, -MAX_READERS,
                                                 memory_order_acquire, memory_order_relaxed)) {
        mutex_unlock(&rw->gort_writers, "gort_rwmutex_try_lock");
        taken = false;
    }
    rt_leave(w);
    return taken;
}

/* The writer has left: lets those in who came to read meanwhile. BEFORE is what the number was. */
static __attribute__((noinline)) void admit_entered(gort_rwmutex *rw, int32_t before)
{
    rt_enter("gort_rwmutex_unlock");
    if (before >= 0)
        gort_fatal("gort_rwmutex_unlock: unlock of unlocked rwmutex");
    for (int32_t n = before + MAX_READERS; n > 0; n--)
        sema_release(&rw->gort_reader_sema);
    mutex_unlock(&rw->gort_writers, "gort_rwmutex_unlock");
    rt_leave(worker_self());
}

void gort_rwmutex_unlock(gort_rwmutex *rw)
{
    /* Release: pairs with the acquire of readers that come from now on. */
    int32_t before = atomic_fetch_add_explicit(&rw->gort_readers, MAX_READERS,
                                               memory_order_release);

    if (UNLIKELY(before != -MAX_READERS))
        admit_entered(rw, before);
    else
        gort_mutex_unlock(&rw->gort_writers);
}
