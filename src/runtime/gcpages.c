/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcpages.h"

#include "base/check.h"
#include "runtime/arena.h"
#include "runtime/gcmarked.h"
#include "runtime/span.h"
#include "runtime/sysmem.h"

#define ARENAS_MAX  ((size_t)1 << 16)
#define LARGE_PAGES (DIRTY_AT_ONCE / HEAP_PAGE_BYTES)
#define SMALL_PAGES ((size_t)64)
#define FEW_WRITTEN (ARENA_BYTES / DIRTY_PAGE_BYTES / 16) /* of an arena's pages */
#define GAP_PAGES   ((size_t)32) /* between two runs: a call of the kernel costs more */
#define FORGO_PAGES ((size_t)8)  /* fewer are cheaper to write one by one */

static struct {
    struct arena **arena; /* ARENAS_MAX; [owner] of the cycle, read by the markers */
    size_t count;
    size_t piece_pages; /* as arena */
} pages;

/* A run of pages in use, of one arena. */
struct run {
    size_t lo;
    size_t hi; /* equal: there is none */
};

/* The first run in [FROM, TO) of A: it ends before a gap that is worth it. */
static struct run next_run(const struct arena *a, size_t from, size_t to)
{
    struct run r = {from, from};

    while (r.lo < to && arena_desc(a, r.lo) == 0)
        r.lo++;
    r.hi = r.lo;
    for (size_t i = r.lo; i < to && i - r.hi <= GAP_PAGES; i++)
        if (arena_desc(a, i) != 0)
            r.hi = i + 1;
    return r;
}

/* The first run in [FROM, TO) of A on which marked objects lie: as above. */
static struct run next_marked_run(const struct arena *a, size_t from, size_t to)
{
    size_t next = marked_next(a, from, to);
    struct run r = {next, next};

    while (next < to && next - r.hi <= GAP_PAGES) {
        r.hi = marked_next_not(a, next, to);
        next = marked_next(a, r.hi, to);
    }
    return r;
}

static uintptr_t address_of(const struct arena *a, size_t page)
{
    return a->base + page * HEAP_PAGE_BYTES;
}

bool pages_init(void)
{
    pages.arena = sys_reserve(ARENAS_MAX * sizeof pages.arena[0], 4096);
    return pages.arena != NULL;
}

/* Of an arena. */
static size_t pieces(void)
{
    return ARENA_PAGES / pages.piece_pages;
}

static void list_arenas(void)
{
    size_t lo = atomic_load_explicit(&arenas_lo, memory_order_relaxed) >> ARENA_SHIFT;
    size_t hi = atomic_load_explicit(&arenas_hi, memory_order_relaxed) >> ARENA_SHIFT;

    pages.count = 0;
    for (size_t i = lo; i < hi; i++) {
        struct arena *a = arena_of(i << ARENA_SHIFT);

        if (a == NULL || a->kind != ARENA_SCAN)
            continue;
        CHECK(pages.count < ARENAS_MAX);
        pages.arena[pages.count++] = a;
    }
}

size_t pages_prepare_stopped(void)
{
    list_arenas();
    pages.piece_pages = LARGE_PAGES;
    return pages.count * pieces();
}

size_t pages_prepare_beside(uint64_t written)
{
    list_arenas();
    pages.piece_pages = written <= pages.count * FEW_WRITTEN ? LARGE_PAGES : SMALL_PAGES;
    return pages.count * pieces();
}

void pages_declare_clean(void)
{
    list_arenas();
    for (size_t i = 0; i < pages.count; i++) {
        const struct arena *a = pages.arena[i];

        for (struct run r = next_run(a, 0, ARENA_PAGES); r.lo < r.hi;
             r = next_run(a, r.hi, ARENA_PAGES))
            dirty_declare_clean(address_of(a, r.lo), address_of(a, r.hi));
    }
}

size_t pages_find(size_t i, enum dirty_how how, dirty_fn fn, void *ctx)
{
    const struct arena *a = pages.arena[i / pieces()];
    size_t from = i % pieces() * pages.piece_pages;
    size_t to = from + pages.piece_pages;
    size_t found = 0;

    for (struct run r = next_marked_run(a, from, to); r.lo < r.hi; r = next_marked_run(a, r.hi, to))
        found += dirty_find(address_of(a, r.lo), address_of(a, r.hi), how, fn, ctx);
    return found;
}

/* ---- what need not be noted ---- */

/* Whether objects may be made in the small span that begins at PAGE of A: not all of its slots are
 * known to live on. It may be swept at the same time: then it is a guess. */
NO_SANITIZE_READS static bool has_room(const struct arena *a, size_t page,
                                       const struct span_class *class)
{
    for (unsigned w = 0; w < (class->nelems + 63u) / 64; w++) {
        unsigned left = class->nelems - w * 64;
        uint64_t all = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;

        if ((atomic_load_explicit(&a->bits[page][w].mark, memory_order_relaxed) & all) != all)
            return true;
    }
    return false;
}

/* Steps over the span at *PAGE, or one page that is in none; whether it will be written soon. */
static bool step(const struct arena *a, size_t *page)
{
    unsigned desc = arena_desc(a, *page);
    const struct span_class *class = NULL;
    size_t first = *page;

    *page += 1;
    if (desc == 0)
        return false;
    class = &span_classes[(desc & 0xff) - 1];
    if (class->bytes == 0) /* it is cleared when it is used again, as a whole */
        return false;
    while (*page < ARENA_PAGES && arena_desc(a, *page) >> 8 == *page - first)
        *page += 1;
    return has_room(a, first, class);
}

static void forgo_run(const struct arena *a, struct run r)
{
    if (r.hi - r.lo >= FORGO_PAGES)
        dirty_declare_written(address_of(a, r.lo), address_of(a, r.hi));
}

static void forgo_arena(const struct arena *a)
{
    struct run r = {0, 0};

    for (size_t page = 0; page < ARENA_PAGES;) {
        size_t from = page;
        bool soon = step(a, &page);

        if (!soon || from != r.hi) {
            forgo_run(a, r);
            r = (struct run){soon ? from : page, page};
        }
        r.hi = page;
    }
    forgo_run(a, r);
}

void pages_forgo(void)
{
    for (size_t i = 0; i < pages.count; i++)
        forgo_arena(pages.arena[i]);
}
