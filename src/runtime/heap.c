/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/heap.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/seqlock.h"
#include "runtime/arenaindex.h"
#include "runtime/lock.h"
#include "runtime/pagebits.h"
#include "runtime/sysmem.h"

#define GROW_PAGES      ((size_t)512)     /* 4 MiB */
#define SCAVENGE_PAGES  ((size_t)256)     /* 2 MiB given back by one call */
#define AVOIDING_PAGES  (ARENA_PAGES / 4) /* larger spans can't be choosy */
#define RECORDS_AT_ONCE ((size_t)64)
#define PAGES_WORDS     (sizeof(struct heap_pages) / sizeof(uint64_t))

static struct {
    struct lock lock;
    struct arena_index index[ARENA_KINDS];       /* [lock:heap] */
    struct span *records;                        /* free ones, linked by node.next; [lock:heap] */
    struct heap_pages pages;                     /* [lock:heap] */
    _Atomic(uint64_t) class_spans[SIZE_CLASSES]; /* written under the lock; [atomic] */
    uint64_t shown_seq;                          /* odd while shown is written; [atomic] */
    uint64_t shown[PAGES_WORDS];                 /* pages, for readers without the lock; [atomic] */
} heap = {.lock = LOCK_INIT(RANK_HEAP)};

/* Held while a run of pages is out of its arena to be given back, so that who waits for it finds
 * everything idle to be released. */
static struct lock scavenge_lock = LOCK_INIT(RANK_SCAVENGE);

bool heap_init_pages(void)
{
    span_init_classes();
    if (!arena_map_init())
        return false;
    for (int kind = 0; kind < ARENA_KINDS; kind++) {
        if (!arenaindex_init(&heap.index[kind]))
            return false;
    }
    return true;
}

/* ---- figures ---- */

static void show_pages_locked(void)
{
    uint64_t words[PAGES_WORDS];
    uint64_t n = heap.shown_seq / 2;

    memcpy(words, &heap.pages, sizeof words);
    seq_ring_begin(&heap.shown_seq, n);
    seq_store_words(heap.shown, words, PAGES_WORDS);
    seq_ring_commit(&heap.shown_seq, n);
}

void heap_read_pages(struct heap_pages *out)
{
    uint64_t words[PAGES_WORDS];
    uint64_t before = 0;

    for (;;) {
        before = seq_load(&heap.shown_seq);
        seq_load_words(words, heap.shown, PAGES_WORDS);
        if ((before & 1) == 0 && before == seq_load(&heap.shown_seq))
            break;
        sched_yield(); /* the writer may have been interrupted by the kernel */
    }
    memcpy(out, words, sizeof *out);
}

uint64_t heap_class_spans(unsigned size_class)
{
    CHECK(size_class < SIZE_CLASSES);
    return atomic_load_explicit(&heap.class_spans[size_class], memory_order_relaxed);
}

static void count_span_locked(unsigned spanclass, int64_t n)
{
    _Atomic(uint64_t) *count = &heap.class_spans[span_classes[spanclass].size_class];
    uint64_t before = atomic_load_explicit(count, memory_order_relaxed);

    atomic_store_explicit(count, before + (uint64_t)n, memory_order_relaxed);
}

/* ---- ranges of pages, which may lie in more than one arena ---- */

/* The part of [*ADDR, *ADDR + *NPAGES) that lies in its first arena; steps over it. */
struct segment {
    struct arena *arena;
    size_t page;
    size_t npages;
};

static struct segment next_segment(uintptr_t *addr, size_t *npages)
{
    struct segment s = {.arena = arena_of(*addr), .page = arena_page_of(*addr)};

    s.npages = min_size(*npages, ARENA_PAGES - s.page);
    *addr += s.npages * HEAP_PAGE_BYTES;
    *npages -= s.npages;
    return s;
}

/* Takes free pages into a span. Whether all of them were released, and so are zero. */
static bool take_pages_locked(uintptr_t addr, size_t npages)
{
    size_t total = npages;
    size_t nreleased = 0;

    while (npages > 0) {
        struct segment s = next_segment(&addr, &npages);

        DCHECK(pagebits_count(s.arena->free, s.page, s.npages) == s.npages);
        nreleased += pagebits_count(s.arena->released, s.page, s.npages);
        pagebits_clear(s.arena->free, s.page, s.npages);
        pagebits_clear(s.arena->released, s.page, s.npages);
    }
    heap.pages.inuse += total * HEAP_PAGE_BYTES;
    heap.pages.released -= nreleased * HEAP_PAGE_BYTES;
    heap.pages.free -= (total - nreleased) * HEAP_PAGE_BYTES;
    return nreleased == total;
}

/* Marks pages as free, which makes their run findable. */
static void free_segment_locked(struct segment s)
{
    DCHECK(pagebits_count(s.arena->free, s.page, s.npages) == 0);
    pagebits_set(s.arena->free, s.page, s.npages);
    arenaindex_freed(&heap.index[s.arena->kind], s.arena, s.page);
}

/* ---- finding and growing ---- */

/* Brings the next N pages of A into use: they are free, released, and count from now on. */
static void open_pages_locked(struct arena *a, size_t n)
{
    struct segment s = {.arena = a, .page = a->npages, .npages = n};

    CHECK(a->npages + n <= ARENA_PAGES);
    a->npages += (uint32_t)n;
    pagebits_set(a->released, s.page, n);
    free_segment_locked(s);
    heap.pages.released += n * HEAP_PAGE_BYTES;
    sys_count(SYS_HEAP, (int64_t)(n * HEAP_PAGE_BYTES));
    sys_count(SYS_GC, (int64_t)arena_table_bytes(n));
}

/* Makes N neighbouring arenas; the address of the first, or 0 if the system refuses. */
static uintptr_t add_arenas_locked(enum arena_kind kind, size_t n)
{
    struct arena_index *index = &heap.index[kind];
    struct arena *first = NULL;

    if (n > ARENAS_MAX - index->count)
        return 0;
    first = arena_new_locked(kind, n);
    if (first == NULL)
        return 0;
    for (size_t i = 0; i < n; i++)
        arenaindex_add(index, arena_of(first->base + i * ARENA_BYTES));
    return first->base;
}

/* Opens what is not yet open of the NPAGES from ADDR, the start of an empty arena, on. */
static void open_range_locked(uintptr_t addr, size_t npages)
{
    while (npages > 0) {
        struct segment s = next_segment(&addr, &npages);
        size_t want = min_size(align_up(s.npages, GROW_PAGES), ARENA_PAGES);

        if (want > s.arena->npages)
            open_pages_locked(s.arena, want - s.arena->npages);
    }
}

/* Opens pages at the end of an arena that has room, so that a run of NPAGES arises, or if there is
 * one already, another. */
static bool grow_in_place_locked(enum arena_kind kind, size_t npages)
{
    struct arena_index *index = &heap.index[kind];

    for (size_t i = 0; i < index->count; i++) {
        struct arena *a = index->slots[i].arena;
        size_t tail = a->npages == 0 ? 0
                                     : pagebits_run_around(a->free, ARENA_PAGES, a->npages - 1u);

        size_t more = npages > tail ? npages - tail : npages; /* it is long enough: with strays */

        if (more > ARENA_PAGES - a->npages)
            continue;
        open_pages_locked(a, min_size(align_up(more, GROW_PAGES), ARENA_PAGES - a->npages));
        return true;
    }
    return false;
}

/* As get_pages_locked, of more than an arena. */
static uintptr_t get_arenas_locked(enum arena_kind kind, size_t npages)
{
    size_t narenas = (npages + ARENA_PAGES - 1) / ARENA_PAGES;
    uintptr_t addr = arenaindex_find_empty(&heap.index[kind], narenas);

    if (addr == 0)
        addr = add_arenas_locked(kind, narenas);
    if (addr != 0)
        open_range_locked(addr, npages);
    return addr;
}

/* Free pages for a span, from the heap or from the system; 0 if it refuses. More than an arena are
 * aligned as arenas are. */
static uintptr_t get_pages_locked(enum arena_kind kind, size_t npages, enum arena_strays strays)
{
    uintptr_t addr = 0;

    if (npages > ARENA_PAGES)
        return get_arenas_locked(kind, npages);
    addr = arenaindex_find(&heap.index[kind], npages, strays);
    if (addr != 0)
        return addr;
    if (grow_in_place_locked(kind, npages) ||
        (add_arenas_locked(kind, 1) != 0 && grow_in_place_locked(kind, npages)))
        addr = arenaindex_find(&heap.index[kind], npages, strays);
    return addr != 0 ? addr : arenaindex_find(&heap.index[kind], npages, STRAYS_TAKEN);
}

/* Whether a span is better kept off pages that stray words point to. Small spans are not: what is
 * kept with them is little, and such pages have to be used for something. */
static enum arena_strays strays_for(size_t npages, unsigned spanclass)
{
    const struct span_class *c = &span_classes[spanclass];

    return c->bytes == 0 && c->kind != SPAN_NOSCAN && npages <= AVOIDING_PAGES ? STRAYS_AVOIDED
                                                                               : STRAYS_TAKEN;
}

/* ---- spans ---- */

/* Whether there is a record for the next span: who gets pages must be sure of one. */
static bool has_record_locked(void)
{
    struct span *s = heap.records;

    if (s != NULL)
        return true;
    s = persist_try_alloc(RECORDS_AT_ONCE * sizeof *s, CACHE_LINE_BYTES, SYS_MSPAN);
    if (s == NULL)
        return false;
    for (size_t i = 0; i < RECORDS_AT_ONCE; i++)
        s[i].node.next = i + 1 < RECORDS_AT_ONCE ? &s[i + 1].node : NULL;
    heap.records = s;
    return true;
}

static struct span *record_take_locked(void)
{
    struct span *s = heap.records;

    heap.records = s->node.next == NULL ? NULL : container_of(s->node.next, struct span, node);
    heap.pages.span_inuse += sizeof *s;
    return s;
}

static void record_free_locked(struct span *s)
{
    s->node.next = heap.records == NULL ? NULL : &heap.records->node;
    heap.records = s;
    heap.pages.span_inuse -= sizeof *s;
}

struct span *heap_span_new(size_t npages, unsigned spanclass)
{
    return heap_span_new_aligned(npages, 1, spanclass);
}

struct span *heap_span_new_aligned(size_t npages, size_t align_pages, unsigned spanclass)
{
    enum arena_kind kind = span_classes[spanclass].kind == SPAN_NOSCAN ? ARENA_NOSCAN : ARENA_SCAN;
    struct span *s = NULL;
    uintptr_t addr = 0;
    bool zero = false;

    DCHECK(npages > 0 && is_pow2(align_pages) && align_pages < ARENA_PAGES);
    lock_take(&heap.lock);
    /* So many that an aligned run lies among them: what is not taken of them stays free. */
    if (has_record_locked())
        addr = get_pages_locked(kind, npages + align_pages - 1, strays_for(npages, spanclass));
    addr = align_up(addr, align_pages * HEAP_PAGE_BYTES);
    if (addr == 0) {
        lock_release(&heap.lock);
        return NULL;
    }
    zero = take_pages_locked(addr, npages);
    s = record_take_locked();
    count_span_locked(spanclass, 1);
    show_pages_locked();
    lock_release(&heap.lock);
    s->base = addr;
    s->npages = npages;
    s->arena = arena_of(addr);
    s->first_page = (uint32_t)arena_page_of(addr);
    span_open(s, spanclass, !zero);
    return s;
}

static bool are_free_locked(uintptr_t addr, size_t npages, enum arena_kind kind)
{
    while (npages > 0) {
        struct segment s = {.arena = arena_of(addr)};

        if (s.arena == NULL || s.arena->kind != kind)
            return false;
        s = next_segment(&addr, &npages);
        if (pagebits_count(s.arena->free, s.page, s.npages) != s.npages)
            return false;
    }
    return true;
}

bool heap_span_extend(struct span *s, size_t npages, bool *zero)
{
    uintptr_t end = span_end(s);
    bool free = false;

    lock_take(&heap.lock);
    free = are_free_locked(end, npages - s->npages, s->arena->kind);
    if (free) {
        *zero = take_pages_locked(end, npages - s->npages);
        show_pages_locked();
    }
    lock_release(&heap.lock);
    if (free)
        span_extend(s, npages);
    return free;
}

void heap_span_free(struct span *s)
{
    uintptr_t addr = s->base;
    size_t npages = s->npages;

    CHECK(s->nfree == s->nelems && s->samples == NULL);
    span_close(s);
    san_poison((void *)addr, npages * HEAP_PAGE_BYTES);
    lock_take(&heap.lock);
    heap.pages.inuse -= npages * HEAP_PAGE_BYTES;
    heap.pages.free += npages * HEAP_PAGE_BYTES;
    while (npages > 0)
        free_segment_locked(next_segment(&addr, &npages));
    count_span_locked(s->spanclass, -1);
    record_free_locked(s);
    show_pages_locked();
    lock_release(&heap.lock);
}

/* ---- giving back ---- */

/* Takes the highest run of idle pages out of its arena, so that nobody else takes it meanwhile. */
static bool scavenge_take_locked(struct segment *s)
{
    for (int kind = 0; kind < ARENA_KINDS; kind++) {
        struct arena_index *index = &heap.index[kind];

        for (size_t i = index->count; i-- > 0;) {
            struct arena *a = index->slots[i].arena;

            s->arena = a;
            s->page = pagebits_last_run(a->free, a->released, ARENA_PAGES, SCAVENGE_PAGES,
                                        &s->npages);
            if (s->page == PAGEBITS_NONE)
                continue;
            pagebits_clear(a->free, s->page, s->npages);
            return true;
        }
    }
    return false;
}

static bool scavenge_step_locked(size_t *bytes)
{
    struct segment s;
    bool gone = false;

    lock_take(&heap.lock);
    if (heap.pages.free == 0 || !scavenge_take_locked(&s)) {
        lock_release(&heap.lock);
        return false;
    }
    lock_release(&heap.lock);
    *bytes = s.npages * HEAP_PAGE_BYTES;
    gone = sys_advise((void *)(s.arena->base + s.page * HEAP_PAGE_BYTES), *bytes, MADV_DONTNEED);
    lock_take(&heap.lock);
    free_segment_locked(s);
    if (gone) {
        pagebits_set(s.arena->released, s.page, s.npages);
        heap.pages.free -= *bytes;
        heap.pages.released += *bytes;
        show_pages_locked();
    }
    lock_release(&heap.lock);
    return gone; /* locked memory can't be given back */
}

size_t heap_scavenge(size_t want_bytes)
{
    size_t total = 0;
    size_t step = 0;
    bool more = true;

    while (more && total < want_bytes) {
        lock_take(&scavenge_lock);
        more = scavenge_step_locked(&step);
        lock_release(&scavenge_lock);
        total += more ? step : 0;
    }
    return total;
}

void heap_forget_strays(void)
{
    lock_take(&heap.lock);
    arenaindex_forget_strays(&heap.index[ARENA_SCAN]);
    lock_release(&heap.lock);
}
