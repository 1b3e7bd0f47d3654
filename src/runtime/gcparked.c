/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcparked.h"

#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "runtime/fatal.h"
#include "runtime/gcdirty.h"
#include "runtime/gcstack.h"
#include "runtime/proc.h"
#include "runtime/stack.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"

#define SLAB_PLACES   ((size_t)1 << 15) /* twice as many as there may be slabs */
#define SLAB_STACKS   (STACK_SLAB_BYTES / STACK_MIN_BYTES)
#define CHANGED_WORDS ((size_t)TASKS_MAX / 64)
#define PIECE_WORDS   ((size_t)8)
#define NOBODY        UINT32_MAX

/* The stacks of a slab, which is found by its place in the address space, a number of stretches of
 * STACK_SLAB_BYTES. */
struct owners {
    uintptr_t place;    /* 0: not in use; [owner] of the cycle */
    size_t stack_bytes; /* as place */
    uint32_t *slot;     /* SLAB_STACKS, or NULL: no memory; the slots by who searches their tasks */
};

static struct {
    struct owners *owners; /* SLAB_PLACES, a table with open addresses; as owners.place */
    _Atomic(uint64_t)
        *changed;    /* CHANGED_WORDS; set by anyone, cleared by the owner of the cycle */
    uint32_t nslabs; /* that are in the table; as owners.place */
} parked;

static struct owners *owners_of(uintptr_t addr)
{
    uintptr_t place = addr / STACK_SLAB_BYTES;
    size_t i = place % SLAB_PLACES;

    while (parked.owners[i].place != 0 && parked.owners[i].place != place)
        i = (i + 1) % SLAB_PLACES;
    return &parked.owners[i];
}

/* Words of parked.changed that are in use. */
static size_t changed_words(void)
{
    return (tasks_used() + 63) / 64;
}

/* ---- before the mark ---- */

static void reset_slab(uint32_t i)
{
    uintptr_t lo = 0;
    uintptr_t hi = 0;
    size_t stack_bytes = stack_slab_used(i, &lo, &hi);
    struct owners *o = owners_of(lo);

    o->place = lo / STACK_SLAB_BYTES;
    o->stack_bytes = stack_bytes;
    if (o->slot == NULL)
        o->slot = sys_map(SLAB_STACKS * sizeof o->slot[0], SYS_GC);
    if (o->slot != NULL)
        memset(o->slot, 0xff, STACK_SLAB_BYTES / stack_bytes * sizeof o->slot[0]);
    dirty_declare_clean(lo, hi);
}

static bool make_tables(void)
{
    if (parked.owners == NULL)
        parked.owners = sys_reserve(SLAB_PLACES * sizeof *parked.owners, 4096);
    if (parked.changed == NULL)
        parked.changed = sys_reserve(CHANGED_WORDS * sizeof *parked.changed, 4096);
    return parked.owners != NULL && parked.changed != NULL;
}

void parked_declare_clean(void)
{
    uint32_t n = stack_slab_count();

    _Static_assert(NOBODY == UINT32_MAX, "what memset makes of 0xff");
    if (!make_tables())
        gort_fatal("out of memory: no room for the collector's tables of stacks");
    for (size_t w = 0; w < changed_words(); w++)
        atomic_store_explicit(&parked.changed[w], 0, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++)
        reset_slab(i);
    parked.nslabs = n;
}

/* ---- meanwhile ---- */

bool parked_note(const struct task *t)
{
    uintptr_t lo = (uintptr_t)t->stack.lo;
    uintptr_t sp = (uintptr_t)t->sp;
    struct owners *o = NULL;

    if (t->stack.lo == NULL) /* not begun: there is its argument only */
        return true;
    if (sp < (uintptr_t)stack_lo(t->stack) || sp >= (uintptr_t)stack_hi(t->stack))
        return false;
    o = owners_of(lo);
    if (o->place == 0 || o->slot == NULL)
        return false;
    o->slot[lo % STACK_SLAB_BYTES / o->stack_bytes] = t->slot;
    return true;
}

void parked_set_changed(uint32_t slot)
{
    _Atomic(uint64_t) *word = &parked.changed[slot / 64];
    uint64_t bit = UINT64_C(1) << (slot % 64);

    if ((atomic_load_explicit(word, memory_order_relaxed) & bit) == 0)
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
}

void parked_clear_changed(uint32_t slot)
{
    atomic_fetch_and_explicit(&parked.changed[slot / 64], ~(UINT64_C(1) << (slot % 64)),
                              memory_order_relaxed);
}

static uint64_t changed_word(size_t w)
{
    return atomic_load_explicit(&parked.changed[w], memory_order_relaxed);
}

size_t parked_count_changed(void)
{
    size_t n = 0;

    for (size_t w = 0; w < changed_words(); w++)
        n += bits_count(changed_word(w));
    return n;
}

/* ---- searching them again ---- */

struct looking {
    const struct owners *owners;
    uint32_t epoch;
    world_scan_fn scan;
    void *ctx;
};

/* [LO, HI), of one stack, was written. Beside the program its task may come to run meanwhile: then
 * it has changed, all of it is searched again, and it does not matter what is read here. */
NO_SANITIZE_READS static void scan_part(const struct looking *l, uint32_t slot, uintptr_t lo,
                                        uintptr_t hi)
{
    const struct task *t = task_at(slot);

    if (atomic_load_explicit(&t->marked, memory_order_relaxed) != l->epoch)
        return; /* it has changed */
    lo = max_size(lo, align_down((uintptr_t)t->sp, sizeof(uintptr_t)));
    if (lo < hi)
        l->scan(l->ctx, (const void *)lo, (const void *)hi);
}

static void scan_written(void *ctx, uintptr_t lo, uintptr_t hi)
{
    const struct looking *l = ctx;

    while (lo < hi) {
        size_t i = lo % STACK_SLAB_BYTES / l->owners->stack_bytes;
        uintptr_t next = min_size(align_down(lo, l->owners->stack_bytes) + l->owners->stack_bytes,
                                  hi);

        if (l->owners->slot[i] != NOBODY)
            scan_part(l, l->owners->slot[i], lo, next);
        lo = next;
    }
}

/* A slab without a place for its owners has none: all of its tasks count as changed. */
static void scan_slab(size_t i, enum dirty_how how, world_scan_fn scan, void *ctx)
{
    struct looking l = {.epoch = atomic_load_explicit(&gcstack_epoch, memory_order_relaxed),
                        .scan = scan,
                        .ctx = ctx};
    uintptr_t lo = 0;
    uintptr_t hi = 0;

    stack_slab_used((uint32_t)i, &lo, &hi);
    l.owners = owners_of(lo);
    if (l.owners->slot != NULL)
        dirty_find(lo, hi, how, scan_written, &l);
}

/* The tasks of a piece that have changed, one after the other. FN searches one. */
static void for_changed(size_t piece, void (*fn)(size_t slot, world_scan_fn scan, void *ctx),
                        world_scan_fn scan, void *ctx)
{
    for (size_t w = piece * PIECE_WORDS; w < (piece + 1) * PIECE_WORDS; w++) {
        uint64_t bits = changed_word(w);

        for (; bits != 0; bits &= bits - 1) {
            uint64_t next = bits & (bits - 1);

            if (next != 0)
                task_fetch(task_at(w * 64 + bits_lowest(next)));
            fn(w * 64 + bits_lowest(bits), scan, ctx);
        }
    }
}

/* ---- the last stop ---- */

size_t parked_pieces(void)
{
    return parked_settle_pieces() + parked.nslabs;
}

void parked_scan(size_t i, world_scan_fn scan, void *ctx)
{
    size_t n = parked_settle_pieces();

    if (i < n)
        for_changed(i, world_scan_task, scan, ctx);
    else
        scan_slab(i - n, DIRTY_KEEP, scan, ctx);
}

/* ---- before it ---- */

size_t parked_renew_pieces(void)
{
    return parked.nslabs;
}

void parked_renew(size_t i, world_scan_fn scan, void *ctx)
{
    scan_slab(i, DIRTY_RENEW, scan, ctx);
}

size_t parked_settle_pieces(void)
{
    return (changed_words() + PIECE_WORDS - 1) / PIECE_WORDS;
}

void parked_settle(size_t i, world_scan_fn scan, void *ctx)
{
    for_changed(i, gcstack_settle, scan, ctx);
}
