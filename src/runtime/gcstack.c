/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcstack.h"

#include <sched.h>

#include "base/bits.h"
#include "runtime/arena.h"
#include "runtime/cycles.h"
#include "runtime/gcleak.h"
#include "runtime/gcparked.h"
#include "runtime/gcwork.h"
#include "runtime/proc.h"
#include "runtime/stack.h"
#include "runtime/task.h"

#define BUSY    UINT32_MAX
#define LEFT    (UINT32_MAX - 1)
#define HAS_RUN UINT32_C(1)
#define SPINS   100

_Atomic(uint32_t) gcstack_epoch;

/* Of the last mark; [stw] */
static uint32_t last_epoch;

/* Of the stacks of tasks that have been searched beside the program and have not run since; may be
 * below 0 for a moment. */
static _Atomic(int64_t) settled_bytes;

static uint32_t epoch(void)
{
    return atomic_load_explicit(&gcstack_epoch, memory_order_relaxed);
}

/* For the accounts. */
static void count_settled(int64_t bytes)
{
    atomic_fetch_add_explicit(&settled_bytes, bytes, memory_order_relaxed);
}

static int64_t used_bytes(const struct task *t)
{
    return t->stack.lo == NULL ? 0 : stack_hi(t->stack) - (char *)t->sp;
}

uint64_t gcstack_settled_bytes(void)
{
    int64_t bytes = atomic_load_explicit(&settled_bytes, memory_order_relaxed);

    return bytes > 0 ? (uint64_t)bytes : 0;
}

/* Of a task that the caller may change the record of. */
static void set_changed(struct task *t)
{
    parked_set_changed(t->slot);
    atomic_store_explicit(&t->marked, epoch() | HAS_RUN, memory_order_relaxed);
}

void gcstack_begin_task(struct task *t)
{
    if (gc_marks_beside())
        set_changed(t);
    else
        atomic_store_explicit(&t->marked, 0, memory_order_relaxed);
}

/* ---- in the stops ---- */

void gcstack_begin(world_scan_fn scan, void *ctx)
{
    struct worker *w = atomic_load_explicit(&sched.workers, memory_order_acquire);

    last_epoch = last_epoch >= BUSY - 3 ? 2 : last_epoch + 2;
    atomic_store_explicit(&gcstack_epoch, last_epoch, memory_order_relaxed);
    atomic_store_explicit(&settled_bytes, 0, memory_order_relaxed);
    for (; w != NULL; w = w->next_all) {
        struct task *t = w->current;

        if (t == NULL)
            continue;
        world_scan_task(t->slot, scan, ctx);
        set_changed(t);
    }
}

void gcstack_end(void)
{
    atomic_store_explicit(&gcstack_epoch, 0, memory_order_relaxed);
}

/* ---- beside the program ---- */

/* Searches T, which is BUSY; what it is marked as from then on. The last stop, if there is one,
 * needs a note of it. */
static uint32_t search_parked(const struct task *t, world_scan_fn scan, void *ctx)
{
    world_scan_task(t->slot, scan, ctx);
    if (epoch() == 0)
        return 0;
    if (!parked_note(t)) {
        parked_set_changed(t->slot);
        return epoch() | HAS_RUN;
    }
    count_settled(used_bytes(t));
    return epoch();
}

void gcstack_scan_parked(size_t slot, world_scan_fn scan, void *ctx)
{
    struct task *t = task_at(slot);
    uint32_t marked = atomic_load_explicit(&t->marked, memory_order_relaxed);
    uint32_t then = LEFT;

    /* Acquire: pairs with the release where a record becomes a task. If it does so now, either it
     * still looks dead, or the exchange sees what it is marked as since, and fails. */
    if (marked == BUSY || (marked & ~HAS_RUN) == epoch() ||
        atomic_load_explicit(&t->state, memory_order_acquire) == TASK_DEAD)
        return; /* BUSY: by who is about to run it */
    /* Acquire: pairs with the release of who let go of the task before, through the stop. */
    if (!atomic_compare_exchange_strong_explicit(&t->marked, &marked, BUSY, memory_order_acquire,
                                                 memory_order_relaxed))
        return;
    if (LIKELY(!gcleak_leaves_out(t)))
        then = search_parked(t, scan, ctx);
    /* Release: pairs with the acquire in gcstack_before_run: who runs the task may write its
     * stack. */
    atomic_store_explicit(&t->marked, then, memory_order_release);
}

/* ---- left out ---- */

bool gcstack_is_left_out(size_t slot)
{
    return atomic_load_explicit(&task_at(slot)->marked, memory_order_relaxed) == LEFT;
}

void gcstack_leave_out(size_t slot)
{
    atomic_store_explicit(&task_at(slot)->marked, LEFT, memory_order_relaxed);
}

bool gcstack_scan_left(size_t slot, bool (*reached)(const struct task *t), world_scan_fn scan,
                       void *ctx)
{
    struct task *t = task_at(slot);
    uint32_t left = LEFT;
    uint32_t then = LEFT;

    /* Acquire: as in gcstack_scan_parked. */
    if (!gcstack_is_left_out(slot) ||
        !atomic_compare_exchange_strong_explicit(&t->marked, &left, BUSY, memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    if (reached(t))
        then = search_parked(t, scan, ctx);
    /* Release: pairs with the acquire in gcstack_before_run. */
    atomic_store_explicit(&t->marked, then, memory_order_release);
    return then != LEFT;
}

/* Words of roots that are put aside for the markers. */
struct aside {
    struct workbuf *buf;
    uintptr_t lo; /* all arenas lie in [lo, lo + range) */
    uintptr_t range;
};

NO_SANITIZE_READS static void put_aside(void *ctx, const void *lo, const void *hi)
{
    struct aside *a = ctx;

    for (const uintptr_t *p = lo; p + 1 <= (const uintptr_t *)hi; p++) {
        if (*p - a->lo >= a->range)
            continue;
        if (a->buf != NULL && a->buf->n == WORKBUF_MAX) {
            work_put(a->buf);
            a->buf = NULL;
        }
        if (a->buf == NULL) {
            a->buf = work_get_empty();
            a->buf->raw = true;
        }
        a->buf->grey[a->buf->n++] = *p;
    }
}

static void scan_before_run(const struct task *t)
{
    struct aside a = {.lo = atomic_load_explicit(&arenas_lo, memory_order_relaxed)};

    a.range = atomic_load_explicit(&arenas_hi, memory_order_relaxed) - a.lo;
    world_scan_task(t->slot, put_aside, &a);
    if (a.buf != NULL)
        work_put(a.buf);
}

void gcstack_before_run(struct task *t)
{
    /* Acquire, here and below: pairs with the release in gcstack_scan_parked. */
    uint32_t marked = atomic_load_explicit(&t->marked, memory_order_acquire);
    int round = 0;

    while ((marked & ~HAS_RUN) != epoch()) {
        if (marked != BUSY &&
            atomic_compare_exchange_weak_explicit(&t->marked, &marked, BUSY, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            scan_before_run(t);
            break;
        }
        if (++round < SPINS)
            cpu_relax();
        else
            sched_yield();
        marked = atomic_load_explicit(&t->marked, memory_order_acquire);
    }
    if (marked == epoch())
        count_settled(-used_bytes(t));
    set_changed(t);
}
