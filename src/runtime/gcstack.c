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

#define BUSY  UINT32_MAX
#define LEFT  (UINT32_MAX - 1)
#define RUNS  UINT32_C(1)
#define RAN   UINT32_C(2)
#define STEP  UINT32_C(4) /* from one mark's number to the next */
#define SPINS 100

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

/* Whether it says that the task was searched in this mark. */
static bool is_searched(uint32_t marked)
{
    return (marked & ~(STEP - 1)) == epoch();
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

/* Of a task that the caller may change the record of, and no marker. */
static void set_running(struct task *t)
{
    parked_set_changed(t->slot);
    atomic_store_explicit(&t->marked, epoch() | RUNS, memory_order_relaxed);
}

void gcstack_begin_task(struct task *t)
{
    if (gc_marks_beside())
        set_running(t);
    else
        atomic_store_explicit(&t->marked, 0, memory_order_relaxed);
}

/* ---- in the stops ---- */

void gcstack_begin(world_scan_fn scan, void *ctx)
{
    struct worker *w = atomic_load_explicit(&sched.workers, memory_order_acquire);

    last_epoch = last_epoch >= LEFT - 2 * STEP ? STEP : last_epoch + STEP;
    atomic_store_explicit(&gcstack_epoch, last_epoch, memory_order_relaxed);
    atomic_store_explicit(&settled_bytes, 0, memory_order_relaxed);
    for (; w != NULL; w = w->next_all) {
        struct task *t = w->current;

        if (t == NULL)
            continue;
        world_scan_task(t->slot, scan, ctx);
        set_running(t);
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
        return epoch() | RAN;
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
    if (marked == BUSY || is_searched(marked) ||
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

/* ---- once more ---- */

void gcstack_settle(size_t slot, world_scan_fn scan, void *ctx)
{
    struct task *t = task_at(slot);
    uint32_t ran = epoch() | RAN;

    /* Acquire: pairs with the release in gcstack_after_run. */
    if (atomic_load_explicit(&t->marked, memory_order_relaxed) != ran ||
        !atomic_compare_exchange_strong_explicit(&t->marked, &ran, BUSY, memory_order_acquire,
                                                 memory_order_relaxed))
        return;
    parked_clear_changed(t->slot); /* before it may run again, which sets it */
    /* Release: pairs with the acquire in gcstack_before_run. */
    atomic_store_explicit(&t->marked, search_parked(t, scan, ctx), memory_order_release);
}

void gcstack_after_run(struct task *t)
{
    if (LIKELY(atomic_load_explicit(&t->marked, memory_order_relaxed) == (epoch() | RUNS)))
        atomic_store_explicit(&t->marked, epoch() | RAN, memory_order_release);
}

/* ---- before it runs ---- */

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

/* While a marker searches it, or is about to. Returns what T is marked as after that. */
static uint32_t wait_for_marker(const struct task *t, int round)
{
    if (round < SPINS)
        cpu_relax();
    else
        sched_yield();
    /* Acquire: pairs with the release of the marker. */
    return atomic_load_explicit(&t->marked, memory_order_acquire);
}

void gcstack_before_run(struct task *t)
{
    /* Acquire: as in wait_for_marker. */
    uint32_t marked = atomic_load_explicit(&t->marked, memory_order_acquire);

    /* Nobody but its owner changes what is E or E | RUNS. */
    for (int round = 0; marked != epoch() && marked != (epoch() | RUNS); round++) {
        if (marked != BUSY &&
            atomic_compare_exchange_weak_explicit(&t->marked, &marked, BUSY, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            if (!is_searched(marked))
                scan_before_run(t);
            break;
        }
        marked = wait_for_marker(t, round);
    }
    if (marked == epoch())
        count_settled(-used_bytes(t));
    set_running(t);
}
