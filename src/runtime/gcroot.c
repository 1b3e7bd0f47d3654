/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcroot.h"

#include <link.h>

#include "base/bits.h"
#include "base/check.h"
#include "gort/mem.h"
#include "runtime/fatal.h"
#include "runtime/handle.h"
#include "runtime/gcparked.h"
#include "runtime/gcstack.h"
#include "runtime/lock.h"
#include "runtime/noroot.h"
#include "runtime/pool.h"
#include "runtime/proc.h"
#include "runtime/special.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"
#include "runtime/timer.h"

#define RANGES_MAX  16384u /* of modules and of added roots, each */
#define PIECE_BYTES ((size_t)64 << 10)
#define PIECE_TASKS ((size_t)32)
#define FETCH_AHEAD ((size_t)4) /* records of tasks */
#define OS_PAGE     ((size_t)4096)

struct range {
    uintptr_t lo;
    uintptr_t hi;
    const void *key;    /* as the program gave it */
    size_t first_piece; /* its number; an empty range has none of its own; [stw] */
};

struct ranges {
    struct range *range;
    size_t count;
};

static struct {
    struct lock lock;
    struct ranges added;   /* [lock:lock] */
    struct ranges modules; /* [owner] of the cycle */
    unsigned long long
        changes;        /* the loader's count of modules come and gone; [owner] of the cycle */
    size_t task_pieces; /* [stw] */
    size_t ntasks;      /* slots; [stw] */
    size_t nprocs;      /* whose timers are a piece each; [stw] */
    size_t first_handle;  /* piece of handles; [stw] */
    size_t first_special; /* piece of what is attached to objects; [stw] */
    enum gcroot_how how;  /* [stw] */
} roots = {.lock = LOCK_INIT(RANK_ROOTS)};

bool gcroot_init(void)
{
    struct range *range = sys_map(2 * RANGES_MAX * sizeof *range, SYS_GC);

    if (range == NULL)
        return false;
    roots.modules.range = range;
    roots.added.range = range + RANGES_MAX;
    return true;
}

static int add_range(struct ranges *to, uintptr_t lo, uintptr_t hi, const void *key)
{
    if (to->range == NULL || to->count == RANGES_MAX)
        return GORT_ENOMEM;
    to->range[to->count++] = (struct range){.lo = lo, .hi = hi, .key = key};
    return GORT_OK;
}

/* ---- modules ---- */

/* What the loader made read-only after it had linked the module: no reference can be stored there.
 */
static struct range sealed_part(const struct dl_phdr_info *info)
{
    struct range r = {0};

    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type != PT_GNU_RELRO)
            continue;
        r.lo = info->dlpi_addr + p->p_vaddr;
        r.hi = align_down(r.lo + p->p_memsz, OS_PAGE);
    }
    return r;
}

/* [LO, HI) of a module, but for the runtime's own. */
static void add_between(uintptr_t lo, uintptr_t hi)
{
    while (lo < hi) {
        struct noroot_words none = noroot_first(lo, hi);

        if (lo < none.lo && add_range(&roots.modules, lo, none.lo, NULL) != GORT_OK)
            gort_fatal("too many loaded modules: the table of their data is full");
        lo = none.hi;
    }
}

static void add_writable(const struct dl_phdr_info *info, const ElfW(Phdr) * p)
{
    struct range sealed = sealed_part(info);
    uintptr_t lo = info->dlpi_addr + p->p_vaddr;
    uintptr_t hi = lo + p->p_memsz;

    if (sealed.lo <= lo && lo < sealed.hi)
        lo = sealed.hi;
    add_between(align_up(lo, sizeof(void *)), hi);
}

static int visit_module(struct dl_phdr_info *info, size_t bytes, void *first)
{
    unsigned long long changes = info->dlpi_adds + info->dlpi_subs;

    CHECK(bytes >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs);
    if (*(int *)first != 0) {
        *(int *)first = 0;
        if (changes == roots.changes)
            return 1;
        roots.changes = changes;
        roots.modules.count = 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type == PT_LOAD && (p->p_flags & PF_W) != 0)
            add_writable(info, p);
    }
    return 0;
}

struct held {
    void (*fn)(void *arg);
    void *arg;
};

/* The loader's lock is held here, and may be taken again. */
static int call_held(struct dl_phdr_info *info, size_t bytes, void *arg)
{
    const struct held *h = arg;
    int first = 1;

    (void)info;
    (void)bytes;
    dl_iterate_phdr(visit_module, &first);
    h->fn(h->arg);
    return 1; /* once, not for each module */
}

void gcroot_hold_modules(void (*fn)(void *arg), void *arg)
{
    struct held h = {.fn = fn, .arg = arg};

    dl_iterate_phdr(call_held, &h);
}

/* ---- added roots ---- */

int gort_root_add(const void *p, size_t bytes)
{
    uintptr_t lo = align_up((uintptr_t)p, sizeof(void *));
    uintptr_t hi = (uintptr_t)p + bytes;
    int err = GORT_OK;

    if (p == NULL || hi < (uintptr_t)p)
        gort_fatal("gort_root_add: no such memory: %p, %zu bytes", p, bytes);
    rt_enter("gort_root_add");
    lock_take(&roots.lock);
    err = add_range(&roots.added, lo, hi, p);
    lock_release(&roots.lock);
    rt_leave(worker_self());
    return err;
}

static bool remove_locked(const void *key)
{
    struct ranges *added = &roots.added;

    for (size_t i = added->count; i-- > 0;) {
        if (added->range[i].key != key)
            continue;
        added->range[i] = added->range[--added->count];
        return true;
    }
    return false;
}

void gort_root_remove(const void *p)
{
    bool found = false;

    rt_enter("gort_root_remove");
    lock_take(&roots.lock);
    found = remove_locked(p);
    lock_release(&roots.lock);
    rt_leave(worker_self());
    if (!found)
        gort_fatal("gort_root_remove: %p was not added", p);
}

/* ---- beside the program ---- */

struct beside {
    world_scan_fn scan;
    void *ctx;
};

static void scan_in_pieces(const struct range *r, const struct beside *b)
{
    for (uintptr_t lo = r->lo; lo < r->hi; lo += PIECE_BYTES)
        b->scan(b->ctx, (const void *)lo, (const void *)min_size(lo + PIECE_BYTES, r->hi));
}

static void scan_modules(void *arg)
{
    for (size_t i = 0; i < roots.modules.count; i++)
        scan_in_pieces(&roots.modules.range[i], arg);
}

/* The lock keeps what is searched from being removed, and then unmapped. */
static void scan_added(const struct beside *b)
{
    lock_take(&roots.lock);
    for (size_t i = 0; i < roots.added.count; i++)
        scan_in_pieces(&roots.added.range[i], b);
    lock_release(&roots.lock);
}

static void scan_timers(const struct beside *b)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_acquire);

    for (uint32_t i = 0; i < n; i++) {
        struct timers *ts = &sched.procs[i]->timers;

        lock_take(&ts->lock);
        timers_scan(ts, b->scan, b->ctx);
        lock_release(&ts->lock);
    }
}

void gcroot_scan_beside(world_scan_fn scan, void *ctx)
{
    struct beside b = {.scan = scan, .ctx = ctx};

    gcroot_hold_modules(scan_modules, &b);
    scan_added(&b);
    scan_timers(&b);
}

void gcroot_begin_beside(world_scan_fn scan, void *ctx)
{
    roots.ntasks = tasks_used();
    roots.task_pieces = (roots.ntasks + PIECE_TASKS - 1) / PIECE_TASKS;
    gcstack_begin(scan, ctx);
    world_scan_workers(scan, ctx);
    pools_scan(scan, ctx);
}

size_t gcroot_beside_pieces(void)
{
    return roots.task_pieces;
}

void gcroot_scan_beside_piece(size_t i, world_scan_fn scan, void *ctx)
{
    size_t end = min_size((i + 1) * PIECE_TASKS, roots.ntasks);

    for (size_t slot = i * PIECE_TASKS; slot < end; slot++)
        gcstack_scan_parked(slot, scan, ctx);
}

/* ---- pieces: the workers and the pools, then the tasks, the timers, the ranges, the handles, the
 * specials: these last, because they search only what has no mark ---- */

/* Numbers the pieces of ALL from FIRST on; the number of the first piece behind them. */
static size_t number_pieces(struct ranges *all, size_t first)
{
    for (size_t i = 0; i < all->count; i++) {
        struct range *r = &all->range[i];

        r->first_piece = first;
        first += (r->hi - r->lo + PIECE_BYTES - 1) / PIECE_BYTES;
    }
    return first;
}

size_t gcroot_prepare(enum gcroot_how how)
{
    size_t first = 0;

    roots.how = how;
    roots.ntasks = tasks_used();
    roots.task_pieces = how == GCROOT_ALL ? (roots.ntasks + PIECE_TASKS - 1) / PIECE_TASKS
                                          : parked_pieces();
    roots.nprocs = atomic_load_explicit(&sched.nprocs, memory_order_acquire);
    first = number_pieces(&roots.modules, 1 + roots.task_pieces + roots.nprocs);
    roots.first_handle = number_pieces(&roots.added, first);
    roots.first_special = roots.first_handle + handle_pieces();
    return roots.first_special + special_pieces();
}

static void scan_tasks(size_t piece, world_scan_fn scan, void *ctx)
{
    size_t end = min_size((piece + 1) * PIECE_TASKS, roots.ntasks);

    for (size_t slot = piece * PIECE_TASKS; slot < end; slot++) {
        if (slot + FETCH_AHEAD < end)
            task_fetch(task_at(slot + FETCH_AHEAD));
        if (!gcstack_is_left_out(slot))
            world_scan_task(slot, scan, ctx);
    }
}

/* Searches piece I, which is in ALL: that of the last range whose pieces begin at or below it. */
static void scan_ranges(const struct ranges *all, size_t i, world_scan_fn scan, void *ctx)
{
    size_t lo = 0;
    size_t hi = all->count;
    uintptr_t from;

    while (hi - lo > 1) {
        size_t middle = lo + (hi - lo) / 2;

        if (all->range[middle].first_piece <= i)
            lo = middle;
        else
            hi = middle;
    }
    from = all->range[lo].lo + (i - all->range[lo].first_piece) * PIECE_BYTES;
    scan(ctx, (const void *)from, (const void *)min_size(from + PIECE_BYTES, all->range[lo].hi));
}

void gcroot_scan(size_t i, world_scan_fn scan, void *ctx)
{
    const struct ranges *added = &roots.added;

    if (i == 0) {
        world_scan_workers(scan, ctx);
        pools_scan(scan, ctx);
    } else if (i < 1 + roots.task_pieces && roots.how == GCROOT_CHANGED) {
        parked_scan(i - 1, scan, ctx);
    } else if (i < 1 + roots.task_pieces) {
        scan_tasks(i - 1, scan, ctx);
    } else if (i < 1 + roots.task_pieces + roots.nprocs) {
        timers_scan(&sched.procs[i - 1 - roots.task_pieces]->timers, scan, ctx);
    } else if (i >= roots.first_special) {
        special_scan((uint32_t)(i - roots.first_special), scan, ctx);
    } else if (i >= roots.first_handle) {
        handle_scan((uint32_t)(i - roots.first_handle), scan, ctx);
    } else if (added->count > 0 && i >= added->range[0].first_piece) {
        scan_ranges(added, i, scan, ctx);
    } else {
        scan_ranges(&roots.modules, i, scan, ctx);
    }
}

enum gcroot_kind gcroot_kind(size_t i)
{
    return i < 1 + roots.task_pieces ? GCROOT_STACKS : GCROOT_GLOBALS;
}
