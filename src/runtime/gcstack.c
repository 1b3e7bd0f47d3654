/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcstack.h"

#include <sched.h>
#include <string.h>

#include "base/bits.h"
#include "runtime/arena.h"
#include "runtime/cycles.h"
#include "runtime/gcdirty.h"
#include "runtime/gcwork.h"
#include "runtime/proc.h"
#include "runtime/stack.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"

#define BUSY        UINT32_MAX
#define HAS_RUN     UINT32_C(1)
#define SPINS       100
#define SLAB_PLACES ((size_t)1 << 15) /* twice as many as there may be slabs */
#define SLAB_WORDS  (STACK_SLAB_BYTES / DIRTY_PAGE_BYTES / 64)

_Atomic(uint32_t) gcstack_epoch;

/* Of the last mark; [stw] */
static uint32_t last_epoch;

/* Which pages of a slab were written, a bit for each; found by its place in the address space, a
 * number of stretches of STACK_SLAB_BYTES. [stw] */
struct written {
    uintptr_t place; /* 0: not in use */
    uint64_t *page;  /* NULL: no memory, all count as written */
};

static struct written *written; /* SLAB_PLACES, a table with open addresses; NULL: as page */

static struct written *written_at(uintptr_t addr)
{
    uintptr_t place = addr / STACK_SLAB_BYTES;
    size_t i = place % SLAB_PLACES;

    while (written[i].place != 0 && written[i].place != place)
        i = (i + 1) % SLAB_PLACES;
    return &written[i];
}

static uint32_t epoch(void)
{
    return atomic_load_explicit(&gcstack_epoch, memory_order_relaxed);
}

uint32_t gcstack_newborn(void)
{
    return gc_marks_beside() ? epoch() | HAS_RUN : 0;
}

/* ---- in the stops ---- */

void gcstack_begin(world_scan_fn scan, void *ctx)
{
    struct worker *w = atomic_load_explicit(&sched.workers, memory_order_acquire);

    last_epoch = last_epoch >= BUSY - 3 ? 2 : last_epoch + 2;
    atomic_store_explicit(&gcstack_epoch, last_epoch, memory_order_relaxed);
    for (; w != NULL; w = w->next_all) {
        struct task *t = w->current;

        if (t == NULL)
            continue;
        world_scan_task(t->slot, scan, ctx);
        atomic_store_explicit(&t->marked, last_epoch | HAS_RUN, memory_order_relaxed);
    }
}

void gcstack_end(void)
{
    atomic_store_explicit(&gcstack_epoch, 0, memory_order_relaxed);
}

/* ---- what others write ---- */

void gcstack_declare_clean(void)
{
    uint32_t n = stack_slab_count();

    for (uint32_t i = 0; i < n; i++) {
        uintptr_t lo = 0;
        uintptr_t hi = 0;

        stack_slab_used(i, &lo, &hi);
        dirty_declare_clean(lo, hi);
    }
}

static void note_written(void *ctx, uintptr_t lo, uintptr_t hi)
{
    uint64_t *page = ctx;

    for (; lo < hi; lo += DIRTY_PAGE_BYTES) {
        size_t i = lo % STACK_SLAB_BYTES / DIRTY_PAGE_BYTES;

        page[i / 64] |= UINT64_C(1) << (i % 64);
    }
}

static void look_at_slab(uint32_t i)
{
    uintptr_t lo = 0;
    uintptr_t hi = 0;
    struct written *w = NULL;

    stack_slab_used(i, &lo, &hi);
    w = written_at(lo);
    w->place = lo / STACK_SLAB_BYTES;
    if (w->page == NULL)
        w->page = sys_map(SLAB_WORDS * sizeof w->page[0], SYS_GC);
    if (w->page == NULL)
        return;
    memset(w->page, 0, SLAB_WORDS * sizeof w->page[0]);
    dirty_find(lo, hi, DIRTY_KEEP, note_written, w->page);
}

void gcstack_look(void)
{
    uint32_t n = stack_slab_count();

    if (written == NULL)
        written = sys_reserve(SLAB_PLACES * sizeof *written, 4096);
    if (written == NULL) /* all counts as written */
        return;
    for (uint32_t i = 0; i < n; i++)
        look_at_slab(i);
}

/* Whether a page of [LO, HI), of one slab, was written. */
static bool is_written(uintptr_t lo, uintptr_t hi)
{
    const uint64_t *page = written == NULL ? NULL : written_at(lo)->page;

    if (page == NULL)
        return true;
    for (lo = align_down(lo, DIRTY_PAGE_BYTES); lo < hi; lo += DIRTY_PAGE_BYTES) {
        size_t i = lo % STACK_SLAB_BYTES / DIRTY_PAGE_BYTES;

        if ((page[i / 64] >> (i % 64) & 1) != 0)
            return true;
    }
    return false;
}

bool gcstack_is_settled(size_t slot, size_t *bytes)
{
    const struct task *t = task_at(slot);
    uintptr_t sp = (uintptr_t)t->sp;

    *bytes = 0;
    if (atomic_load_explicit(&t->marked, memory_order_relaxed) != epoch())
        return false;
    if (t->stack.lo == NULL) /* not begun: there is its argument only */
        return true;
    if (sp < (uintptr_t)stack_lo(t->stack) || sp >= (uintptr_t)stack_hi(t->stack))
        return false;
    *bytes = (uintptr_t)stack_hi(t->stack) - sp;
    return !is_written(sp, (uintptr_t)stack_hi(t->stack));
}

/* ---- beside the program ---- */

void gcstack_scan_parked(size_t slot, world_scan_fn scan, void *ctx)
{
    struct task *t = task_at(slot);
    uint32_t marked = atomic_load_explicit(&t->marked, memory_order_relaxed);
    uint32_t busy = BUSY;

    if ((marked & ~HAS_RUN) == epoch() ||
        atomic_load_explicit(&t->state, memory_order_relaxed) == TASK_DEAD)
        return;
    /* Acquire: pairs with the release of who let go of the task before, through the stop. */
    if (!atomic_compare_exchange_strong_explicit(&t->marked, &marked, BUSY, memory_order_acquire,
                                                 memory_order_relaxed))
        return;
    world_scan_task(slot, scan, ctx);
    /* Fails if it was a record of the past, and is a new task by now. Release: pairs with the
     * acquire in gcstack_before_run: who runs the task may write its stack. */
    atomic_compare_exchange_strong_explicit(&t->marked, &busy, epoch(), memory_order_release,
                                            memory_order_relaxed);
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
    atomic_store_explicit(&t->marked, epoch() | HAS_RUN, memory_order_relaxed);
}
