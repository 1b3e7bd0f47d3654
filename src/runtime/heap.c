/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/heap.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/seqlock.h"
#include "runtime/lock.h"
#include "runtime/pagebits.h"
#include "runtime/sysmem.h"

#define GROW_PAGES      ((size_t)512)     /* 4 MiB */
#define SCAVENGE_PAGES  ((size_t)256)     /* 2 MiB given back by one call */
#define MAX_ARENAS      ((size_t)1 << 16) /* of one kind: 4 TiB */
#define RECORDS_AT_ONCE ((size_t)64)
#define PAGES_WORDS     (sizeof(struct heap_pages) / sizeof(uint64_t))

struct arena_slot {
    struct arena *arena; /* [lock:heap] */
    size_t longest;      /* no free run in it is longer; [lock:heap] */
};

struct arena_index {          /* in order of address */
    struct arena_slot *slots; /* [const] */
    size_t count;             /* [lock:heap] */
};

static struct {
    struct lock lock;
    struct arena_index index[ARENA_KINDS];
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
        struct arena_index *index = &heap.index[kind];

        if (index->slots == NULL)
            index->slots = sys_reserve(MAX_ARENAS * sizeof *index->slots, 4096);
        if (index->slots == NULL)
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

static struct arena_slot *slot_of_locked(const struct arena *a)
{
    struct arena_index *index = &heap.index[a->kind];
    size_t lo = 0;
    size_t hi = index->count;

    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;

        if (index->slots[mid].arena->base <= a->base)
            lo = mid;
        else
            hi = mid;
    }
    DCHECK(index->slots[lo].arena == a);
    return &index->slots[lo];
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
    struct arena_slot *slot = slot_of_locked(s.arena);

    DCHECK(pagebits_count(s.arena->free, s.page, s.npages) == 0);
    pagebits_set(s.arena->free, s.page, s.npages);
    slot->longest = max_size(slot->longest,
                             pagebits_run_around(s.arena->free, ARENA_PAGES, s.page));
}

/* ---- finding and growing ---- */

static void insert_slot_locked(struct arena_index *index, struct arena *a)
{
    size_t at = index->count;

    while (at > 0 && index->slots[at - 1].arena->base > a->base)
        at--;
    memmove(&index->slots[at + 1], &index->slots[at], (index->count - at) * sizeof index->slots[0]);
    index->slots[at] = (struct arena_slot){.arena = a};
    index->count++;
}

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

/* The lowest run of NPAGES free pages in one arena of KIND; 0 if there is none. */
static uintptr_t find_locked(enum arena_kind kind, size_t npages)
{
    struct arena_index *index = &heap.index[kind];

    for (size_t i = 0; i < index->count; i++) {
        struct arena_slot *slot = &index->slots[i];
        size_t longest = 0;
        size_t page = 0;

        if (slot->longest < npages)
            continue;
        page = pagebits_find(slot->arena->free, ARENA_PAGES, npages, &longest);
        if (page != PAGEBITS_NONE)
            return slot->arena->base + page * HEAP_PAGE_BYTES;
        slot->longest = longest;
    }
    return 0;
}

/* Whether no page of the arena in SLOT is in a span. */
static bool is_empty_locked(const struct arena_slot *slot)
{
    const struct arena *a = slot->arena;

    return slot->longest >= a->npages && pagebits_count(a->free, 0, a->npages) == a->npages;
}

/* The lowest run of N empty neighbouring arenas of KIND; 0 if there is none. */
static uintptr_t find_arenas_locked(enum arena_kind kind, size_t n)
{
    struct arena_index *index = &heap.index[kind];
    size_t run = 0;

    for (size_t i = 0; i < index->count; i++) {
        struct arena_slot *slot = &index->slots[i];

        if (run > 0 && slot->arena->base != slot[-1].arena->base + ARENA_BYTES)
            run = 0;
        run = is_empty_locked(slot) ? run + 1 : 0;
        if (run == n)
            return slot[1 - (ptrdiff_t)n].arena->base;
    }
    return 0;
}

/* Makes N neighbouring arenas; the address of the first, or 0 if the system refuses. */
static uintptr_t add_arenas_locked(enum arena_kind kind, size_t n)
{
    struct arena_index *index = &heap.index[kind];
    struct arena *first = NULL;

    if (n > MAX_ARENAS - index->count)
        return 0;
    first = arena_new_locked(kind, n);
    if (first == NULL)
        return 0;
    for (size_t i = 0; i < n; i++)
        insert_slot_locked(index, arena_of(first->base + i * ARENA_BYTES));
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

/* Opens pages at the end of an arena that has room, so that a run of NPAGES arises. */
static bool grow_in_place_locked(enum arena_kind kind, size_t npages)
{
    struct arena_index *index = &heap.index[kind];

    for (size_t i = 0; i < index->count; i++) {
        struct arena *a = index->slots[i].arena;
        size_t tail = a->npages == 0 ? 0
                                     : pagebits_run_around(a->free, ARENA_PAGES, a->npages - 1u);

        if (npages > tail + (ARENA_PAGES - a->npages))
            continue;
        DCHECK(npages > tail);
        open_pages_locked(a,
                          min_size(align_up(npages - tail, GROW_PAGES), ARENA_PAGES - a->npages));
        return true;
    }
    return false;
}

/* Free pages for a span, from the heap or from the system; 0 if it refuses. More than an arena are
 * aligned as arenas are. */
static uintptr_t get_pages_locked(enum arena_kind kind, size_t npages)
{
    size_t narenas = (npages + ARENA_PAGES - 1) / ARENA_PAGES;
    uintptr_t addr = 0;

    if (narenas > 1) {
        addr = find_arenas_locked(kind, narenas);
        if (addr == 0)
            addr = add_arenas_locked(kind, narenas);
        if (addr != 0)
            open_range_locked(addr, npages);
        return addr;
    }
    addr = find_locked(kind, npages);
    if (addr != 0)
        return addr;
    if (!grow_in_place_locked(kind, npages)) {
        if (add_arenas_locked(kind, 1) == 0)
            return 0;
        CHECK(grow_in_place_locked(kind, npages));
    }
    return find_locked(kind, npages);
}

/* ---- spans ---- */

static struct span *record_new_locked(void)
{
    struct span *s = heap.records;

    if (s == NULL) {
        s = persist_alloc(RECORDS_AT_ONCE * sizeof *s, CACHE_LINE_BYTES, SYS_MSPAN);
        for (size_t i = 0; i < RECORDS_AT_ONCE; i++)
            s[i].node.next = i + 1 < RECORDS_AT_ONCE ? &s[i + 1].node : NULL;
    }
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
    addr = get_pages_locked(kind, npages + align_pages - 1);
    addr = align_up(addr, align_pages * HEAP_PAGE_BYTES);
    if (addr == 0) {
        lock_release(&heap.lock);
        return NULL;
    }
    zero = take_pages_locked(addr, npages);
    s = record_new_locked();
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
