/* SPDX-License-Identifier: MIT */
/* rwmutex.c - many readers or one writer.
 * A writer takes the mutex and then waits until nobody is counted as a reader. Who comes to read
 * counts itself and then looks at the mutex: if that is held, the reader is none, steps back, and
 * waits until the writer that is in lets in, as readers, all who wait. So readers that wait go
 * ahead of the next writer, and a writer that waits keeps new ones out.
 *
 * Each who waits has announced that by a locked instruction before a last look, and each who leaves
 * looks for it:
 *   writer: holds the mutex, looks at the number of readers;
 *   reader: lowers the number of readers, looks at the mutex. Both sequentially consistent.
 *   reader: counted in as one that waits (mutex.h), looks at the mutex;
 *   writer: lets go of the mutex, looks for who is counted in. Ordered by the barrier of the first.
 * Readers wait on the address of their number, a writer that has the mutex on that of the mutex's
 * count of those that wait.
 * Readers do not spin: two that work on the same word at a time are slower than one after the
 * other.
 * Threads: tasks, no lock held. Source: Go's sync.RWMutex, for who goes first; Dice, Huang and
 * Yang, Asymmetric Dekker Synchronization (2001), for the writer's last look. */
#include "config.h"

#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/mutex.h"
#include "runtime/parklot.h"
#include "runtime/proc.h"

#define ADMITTED 1 /* wake value: the task has been counted as a reader */

extern inline void gort_rwmutex_lock(gort_rwmutex *rw);
extern inline void gort_rwmutex_unlock(gort_rwmutex *rw);
extern inline void gort_rwmutex_rlock(gort_rwmutex *rw);
extern inline void gort_rwmutex_runlock(gort_rwmutex *rw);

static bool is_held(const gort_rwmutex *rw)
{
    return atomic_load_explicit(&rw->gort_writers.gort_holder, memory_order_seq_cst) != 0;
}

static bool has_readers(const gort_rwmutex *rw)
{
    return atomic_load_explicit(&rw->gort_readers, memory_order_seq_cst) != 0;
}

/* ---- readers ---- */

/* A reader has left, which was one of BEFORE: the last one wakes the writer that waits for this. */
static void leave(gort_rwmutex *rw, int32_t before)
{
    const void *place = &rw->gort_writers.gort_waiters;
    struct lot_waiter *w;
    struct lot_bucket *b;
    bool more;

    if (before != 1 || !is_held(rw))
        return;
    b = lot_lock(place);
    w = lot_take(b, place, &more);
    lot_unlock(b);
    if (w != NULL)
        sched_ready(w->task, 0);
}

static void step_back(gort_rwmutex *rw)
{
    leave(rw, atomic_fetch_sub_explicit(&rw->gort_readers, 1, memory_order_seq_cst));
}

/* Becomes a reader, if there is no writer. */
static bool step_in(gort_rwmutex *rw)
{
    atomic_fetch_add_explicit(&rw->gort_readers, 1, memory_order_seq_cst);
    if (LIKELY(!is_held(rw)))
        return true;
    step_back(rw);
    return false;
}

/* Parks while there is a writer. Returns ADMITTED, or 0: to be tried again. */
static int32_t wait_to_read(gort_rwmutex *rw, bool *counted, uintptr_t pc)
{
    const struct lot_parking parking = {.why = WAIT_RWMUTEX_RLOCK,
                                        .pc = pc,
                                        .deadline_ns = GORT_FOREVER,
                                        .end = LOT_BACK,
                                        .kind = LOT_RW_READERS};
    struct lot_bucket *b = lot_lock(&rw->gort_readers);

    if (!*counted)
        mutex_count_in(&rw->gort_writers);
    *counted = true;
    if (is_held(rw))
        return lot_park(b, &rw->gort_readers, &parking);
    lot_unlock(b);
    return 0;
}

static void read_slow(gort_rwmutex *rw, uintptr_t pc)
{
    bool counted = false;

    while (!step_in(rw)) {
        if (is_held(rw) && wait_to_read(rw, &counted, pc) == ADMITTED)
            break;
    }
    if (counted)
        mutex_count_out(&rw->gort_writers);
}

void gort_rwmutex_rlock_slow(gort_rwmutex *rw, int counted)
{
    rt_enter("gort_rwmutex_rlock");
    if (counted != 0)
        step_back(rw);
    read_slow(rw, (uintptr_t)__builtin_return_address(0));
    rt_leave(worker_self());
}

int gort_rwmutex_try_rlock(gort_rwmutex *rw)
{
    bool taken;

    rt_enter("gort_rwmutex_try_rlock");
    taken = !is_held(rw) && step_in(rw);
    rt_leave(worker_self());
    return taken;
}

void gort_rwmutex_runlock_slow(gort_rwmutex *rw, int32_t before)
{
    rt_enter("gort_rwmutex_runlock");
    if (before <= 0)
        gort_fatal("gort_rwmutex_runlock: runlock of unlocked rwmutex");
    leave(rw, before);
    rt_leave(worker_self());
}

/* ---- writers ---- */

/* Has the mutex, waits until there are no readers. */
static void wait_for_readers(gort_rwmutex *rw, uintptr_t pc)
{
    const void *place = &rw->gort_writers.gort_waiters;
    const struct lot_parking parking = {.why = WAIT_RWMUTEX_LOCK,
                                        .pc = pc,
                                        .deadline_ns = GORT_FOREVER,
                                        .end = LOT_BACK,
                                        .kind = LOT_RW_WRITER};

    while (has_readers(rw)) {
        struct lot_bucket *b;

        b = lot_lock(place);
        if (has_readers(rw))
            lot_park(b, place, &parking);
        else
            lot_unlock(b);
    }
}

void gort_rwmutex_lock_slow(gort_rwmutex *rw, int taken)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_rwmutex_lock");
    if (taken == 0) {
        mutex_lock(&rw->gort_writers, &(struct mutex_wait){WAIT_RWMUTEX_LOCK, pc, GORT_FOREVER});
        atomic_thread_fence(memory_order_seq_cst); /* the mutex was taken with acquire only */
    }
    wait_for_readers(rw, pc);
    rt_leave(worker_self());
}

/* Lets in all readers that wait, before the mutex is let go. */
static void admit(gort_rwmutex *rw)
{
    struct lot_bucket *b = lot_lock(&rw->gort_readers);
    struct lot_chain admitted = {0};
    struct lot_waiter *w;
    bool more;

    while ((w = lot_take(b, &rw->gort_readers, &more)) != NULL) {
        atomic_fetch_add_explicit(&rw->gort_readers, 1, memory_order_seq_cst);
        lot_chain_add(&admitted, w);
    }
    lot_unlock(b);
    lot_chain_ready(&admitted, ADMITTED);
}

/* The mutex was let go of. Readers that came after the last look are to try again, unless there is
 * another writer, which will find them. RW is there if one of them waits, and else not touched. */
static void wake_late_readers(gort_rwmutex *rw)
{
    struct lot_bucket *b = lot_lock(&rw->gort_readers);
    struct lot_chain late = {0};
    struct lot_waiter *w;
    bool more;

    if (lot_first_of(b, &rw->gort_readers, LOT_RW_READERS) != NULL && !is_held(rw))
        while ((w = lot_take(b, &rw->gort_readers, &more)) != NULL)
            lot_chain_add(&late, w);
    lot_unlock(b);
    lot_chain_ready(&late, 0);
}

static void let_go(gort_rwmutex *rw, const char *what)
{
    if (atomic_load_explicit(&rw->gort_writers.gort_holder, memory_order_relaxed) == 0)
        gort_fatal("%s: unlock of unlocked rwmutex", what);
    if (mutex_is_awaited(&rw->gort_writers))
        admit(rw);
    mutex_unlock(&rw->gort_writers, what);
    /* Under its bucket the mutex is let go by a plain store, and MUTEX_ORDERED tells a reader, who
     * waits in another bucket, that it need not issue the barrier. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(gort_waiting_at(rw), memory_order_seq_cst) != 0)
        wake_late_readers(rw);
}

int gort_rwmutex_try_lock(gort_rwmutex *rw)
{
    bool taken;

    rt_enter("gort_rwmutex_try_lock");
    taken = !has_readers(rw) && mutex_try_lock(&rw->gort_writers);
    atomic_thread_fence(memory_order_seq_cst); /* the mutex was taken with acquire only */
    if (taken && has_readers(rw)) {
        let_go(rw, "gort_rwmutex_try_lock");
        taken = false;
    }
    rt_leave(worker_self());
    return taken;
}

void gort_rwmutex_unlock_slow(gort_rwmutex *rw)
{
    rt_enter("gort_rwmutex_unlock");
    let_go(rw, "gort_rwmutex_unlock");
    rt_leave(worker_self());
}

void gort_rwmutex_unlock_late(gort_rwmutex *rw)
{
    if (!mutex_has_late_comer(&rw->gort_writers))
        return;
    rt_enter("gort_rwmutex_unlock");
    mutex_wake_late_comer(&rw->gort_writers);
    wake_late_readers(rw);
    rt_leave(worker_self());
}
