/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcroot.h"

#include <errno.h>
#include <link.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/check.h"
#include "gort/mem.h"
#include "runtime/fatal.h"
#include "runtime/lock.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"

#define RANGES_MAX    16384u /* of modules and of added roots, each */
#define PIECE_BYTES   ((size_t)64 << 10)
#define PIECE_TASKS   ((size_t)32)
#define OS_PAGE       ((size_t)4096)
#define PAGES_AT_ONCE 1024u

struct range {
    uintptr_t lo;
    uintptr_t hi;
    const void *key; /* as the program gave it */
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
} roots = {.lock = LOCK_INIT(RANK_ROOTS)};

static int add_range(struct ranges *to, uintptr_t lo, uintptr_t hi, const void *key)
{
    if (to->range == NULL)
        to->range = sys_map(RANGES_MAX * sizeof *to->range, SYS_GC);
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

static void add_writable(const struct dl_phdr_info *info, const ElfW(Phdr) * p)
{
    struct range sealed = sealed_part(info);
    uintptr_t lo = info->dlpi_addr + p->p_vaddr;
    uintptr_t hi = lo + p->p_memsz;

    if (sealed.lo <= lo && lo < sealed.hi)
        lo = sealed.hi;
    lo = align_up(lo, sizeof(void *));
    if (lo < hi && add_range(&roots.modules, lo, hi, NULL) != GORT_OK)
        gort_fatal("out of memory: no room for the list of loaded modules");
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

void gcroot_refresh(void)
{
    int first = 1;

    dl_iterate_phdr(visit_module, &first);
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

/* ---- pieces: the workers, then the tasks, then the ranges ---- */

static size_t pieces_of(const struct range *r)
{
    return (r->hi - r->lo + PIECE_BYTES - 1) / PIECE_BYTES;
}

static size_t pieces_of_all(const struct ranges *all)
{
    size_t n = 0;

    for (size_t i = 0; i < all->count; i++)
        n += pieces_of(&all->range[i]);
    return n;
}

/* Whether every page of [LO, HI) is mapped. */
static bool is_mapped(uintptr_t lo, uintptr_t hi)
{
    unsigned char resident[PAGES_AT_ONCE];

    for (lo = align_down(lo, OS_PAGE); lo < hi; lo += sizeof resident * OS_PAGE)
        if (mincore((void *)lo, min_size(hi - lo, sizeof resident * OS_PAGE), resident) != 0 &&
            errno == ENOMEM)
            return false;
    return true;
}

/* Leaves out what is no longer mapped: a module may have been unloaded since gcroot_refresh. */
static void drop_unmapped(struct ranges *all)
{
    int saved = errno;

    for (size_t i = all->count; i-- > 0;) {
        if (is_mapped(all->range[i].lo, all->range[i].hi))
            continue;
        all->range[i] = all->range[--all->count];
        roots.changes = 0; /* look again next time */
    }
    errno = saved;
}

size_t gcroot_prepare(void)
{
    drop_unmapped(&roots.modules);
    roots.ntasks = tasks_used();
    roots.task_pieces = (roots.ntasks + PIECE_TASKS - 1) / PIECE_TASKS;
    return 1 + roots.task_pieces + pieces_of_all(&roots.modules) + pieces_of_all(&roots.added);
}

static void scan_tasks(size_t piece, world_scan_fn scan, void *ctx)
{
    size_t end = min_size((piece + 1) * PIECE_TASKS, roots.ntasks);

    for (size_t slot = piece * PIECE_TASKS; slot < end; slot++)
        world_scan_task(slot, scan, ctx);
}

/* Searches piece *I of ALL; if there are fewer, takes their number off *I and returns false. */
static bool scan_ranges(const struct ranges *all, size_t *i, world_scan_fn scan, void *ctx)
{
    for (size_t k = 0; k < all->count; k++) {
        const struct range *r = &all->range[k];
        size_t n = pieces_of(r);
        uintptr_t lo = r->lo + *i * PIECE_BYTES;

        if (*i < n) {
            scan(ctx, (const void *)lo, (const void *)min_size(lo + PIECE_BYTES, r->hi));
            return true;
        }
        *i -= n;
    }
    return false;
}

void gcroot_scan(size_t i, world_scan_fn scan, void *ctx)
{
    if (i == 0) {
        world_scan_workers(scan, ctx);
        return;
    }
    i--;
    if (i < roots.task_pieces) {
        scan_tasks(i, scan, ctx);
        return;
    }
    i -= roots.task_pieces;
    if (!scan_ranges(&roots.modules, &i, scan, ctx))
        CHECK(scan_ranges(&roots.added, &i, scan, ctx));
}

enum gcroot_kind gcroot_kind(size_t i)
{
    return i < 1 + roots.task_pieces ? GCROOT_STACKS : GCROOT_GLOBALS;
}
