/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/cache.h"

#include <sched.h>
#include <string.h>

#include "runtime/alloc.h"
#include "runtime/allocsite.h"
#include "runtime/central.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/gcborn.h"
#include "runtime/gcstack.h"
#include "runtime/sysmem.h"

#define CACHES_MAX      1280u /* one a proc, and those of the collector's threads */
#define TRIES_AT_ONCE   8u    /* to read counts while they change */
#define CLEAR_MAX_BYTES 128u  /* slots up to that are cleared with their word, 8 KiB at once */

static struct {
    _Atomic(struct heap_cache *) cache[CACHES_MAX]; /* [atomic] through count */
    _Atomic(uint32_t) count;
} caches;

struct heap_cache *heap_cache_new(void)
{
    struct heap_cache *c = persist_alloc(sizeof *c, CACHE_LINE_BYTES, SYS_MCACHE);
    uint32_t i = atomic_fetch_add_explicit(&caches.count, 1, memory_order_relaxed);

    if (i >= CACHES_MAX)
        gort_fatal("too many allocation caches: %u", CACHES_MAX);
    c->rng = (debug.seed + UINT64_C(0x9e3779b97f4a7c15) * (i + 1)) | 1;
    c->sample_left = allocsite_next_gap(&c->rng);
    /* Release: pairs with the acquire in cache_at. */
    atomic_store_explicit(&caches.cache[i], c, memory_order_release);
    return c;
}

/* The cache numbered I, or NULL if it is just being made. */
static struct heap_cache *cache_at(size_t i)
{
    return atomic_load_explicit(&caches.cache[i], memory_order_acquire);
}

size_t cache_count(void)
{
    return atomic_load_explicit(&caches.count, memory_order_relaxed);
}

uint64_t cache_inuse_bytes(void)
{
    return cache_count() * sizeof(struct heap_cache);
}

/* ---- words and spans ---- */

/* Under gcstress: a word was taken, and with it so many objects. */
static void count_stress(struct heap_cache *c, uint32_t nobjects)
{
    c->stress_left = c->stress_left > nobjects ? c->stress_left - nobjects : 0;
}

/* Clears the slots BITS of W, run by run. */
static void clear_slots(const struct cache_word *w, uint64_t bits)
{
    while (bits != 0) {
        unsigned first = bits_lowest(bits);
        uint64_t run = bits >> first;
        unsigned n = ~run == 0 ? 64 : bits_lowest(~run);

        memset((void *)(w->base + (uintptr_t)first * w->bytes), 0, (size_t)n * w->bytes);
        bits = first + n == 64 ? 0 : bits & UINT64_MAX << (first + n);
    }
}

/* W are the slots BITS of word number WORD of S. */
static void open_word(struct cache_word *w, const struct span *s, unsigned word, uint64_t bits)
{
    w->base = s->base + (uintptr_t)word * 64 * s->elem_bytes;
    w->bytes = (uint32_t)s->elem_bytes;
    w->type = NULL;
    w->needzero = s->needzero;
    /* Under the address sanitizer, free slots must not be touched. */
    if (s->needzero && s->elem_bytes <= CLEAR_MAX_BYTES && !SAN_ADDRESS) {
        clear_slots(w, bits);
        w->needzero = false;
    }
}

bool cache_next_word(struct heap_cache *c, unsigned spanclass)
{
    struct cache_word *w = &c->words[spanclass];
    struct span *s = c->spans[spanclass];
    unsigned word = 0;
    uint64_t bits = 0;

    DCHECK(atomic_load_explicit(&w->bits, memory_order_relaxed) == 0);
    if (s == NULL || !span_take_word(s, &word, &bits))
        return false;
    c->word_no[spanclass] = (uint16_t)word;
    if (gc_marks_beside())
        born_taken(s, word, bits);
    open_word(w, s, word, bits);
    counts_begin(&c->counts);
    counts_take(&c->counts, spanclass, bits_count(bits));
    atomic_store_explicit(&w->bits, bits, memory_order_release);
    counts_end(&c->counts);
    count_stress(c, bits_count(bits));
    return true;
}

bool cache_refill(struct heap_cache *c, unsigned spanclass)
{
    struct span *s = c->spans[spanclass];

    if (s != NULL) {
        c->spans[spanclass] = NULL;
        central_put(s);
    }
    s = central_take(c, spanclass);
    if (s == NULL)
        return false;
    c->spans[spanclass] = s;
    gc_count_alloc(s->nfree * s->elem_bytes);
    return cache_next_word(c, spanclass);
}

void cache_set_type(struct heap_cache *c, unsigned spanclass, const gort_type *type)
{
    struct cache_word *w = &c->words[spanclass];

    span_set_types(c->spans[spanclass], c->word_no[spanclass],
                   atomic_load_explicit(&w->bits, memory_order_relaxed), type);
    w->type = type;
}

static void flush_class(struct heap_cache *c, unsigned spanclass)
{
    struct cache_word *w = &c->words[spanclass];
    struct span *s = c->spans[spanclass];
    uint64_t bits = atomic_load_explicit(&w->bits, memory_order_relaxed);

    if (s == NULL)
        return;
    span_give_back(s, c->word_no[spanclass], bits);
    if (gc_marks_beside())
        born_returned(s, c->word_no[spanclass], bits);
    counts_begin(&c->counts);
    counts_take(&c->counts, spanclass, -(uint64_t)bits_count(bits));
    atomic_store_explicit(&w->bits, 0, memory_order_release);
    counts_end(&c->counts);
    c->spans[spanclass] = NULL;
    central_put(s);
}

/* ---- slots that were freed ---- */

static NO_SANITIZE_READS uintptr_t next_freed(uintptr_t addr)
{
    return *(const uintptr_t *)addr;
}

static NO_SANITIZE_READS void set_next_freed(uintptr_t addr, uintptr_t next)
{
    *(uintptr_t *)addr = next;
}

void cache_push_freed(struct heap_cache *c, unsigned spanclass, uintptr_t addr)
{
    set_next_freed(addr, c->freed[spanclass]);
    c->freed[spanclass] = addr;
}

uintptr_t cache_pop_freed(struct heap_cache *c, unsigned spanclass)
{
    uintptr_t addr = c->freed[spanclass];

    if (addr != 0)
        c->freed[spanclass] = next_freed(addr);
    return addr;
}

bool cache_is_freed(const struct heap_cache *c, unsigned spanclass, uintptr_t addr, size_t most)
{
    uintptr_t at = c->freed[spanclass];

    while (at != 0 && at != addr && most-- > 0)
        at = next_freed(at);
    return at == addr;
}

static void give_back_freed(struct heap_cache *c, unsigned spanclass)
{
    uintptr_t addr = 0;

    while ((addr = cache_pop_freed(c, spanclass)) != 0) {
        struct span *s = span_of(addr);
        size_t slot = 0;

        CHECK(s != NULL);
        slot = span_slot_of(s, addr);
        span_give_back(s, (unsigned)(slot / 64), UINT64_C(1) << (slot % 64));
        s->needzero = true;
    }
}

/* ---- all of it ---- */

void cache_flush(struct heap_cache *c)
{
    for (unsigned i = 0; i < SPAN_CLASSES; i++)
        flush_class(c, i);
    c->tiny = 0;
}

void cache_flush_all(void)
{
    for (size_t i = 0; i < cache_count(); i++) {
        struct heap_cache *c = cache_at(i);

        if (c == NULL) /* it is being made, by a thread that is no worker */
            continue;
        cache_flush(c);
        for (unsigned sc = 0; sc < SPAN_CLASSES; sc++)
            give_back_freed(c, sc);
    }
}

/* ---- reading the counts ---- */

/* One consistent reading of a cache's counts, as a list: most classes are never used. */
struct reading {
    uint64_t count[SPAN_CLASSES];
    uint8_t class[SPAN_CLASSES]; /* of count[i] */
    unsigned n;
    uint64_t large_allocs; /* large frees are among the counts */
    uint64_t large_bytes;
};

_Static_assert(SPAN_CLASSES <= UINT8_MAX + 1, "a class fits into a byte");
_Static_assert(CLASS_SET_WORDS(SPAN_CLASSES) >= CLASS_SET_WORDS(SIZE_CLASSES), "sets are lists");

/* Lists the classes in SET. */
static void list_classes(struct reading *r, const uint64_t *set, size_t nwords)
{
    r->n = 0;
    for (size_t i = 0; i < nwords; i++)
        for (uint64_t word = seq_load(&set[i]); word != 0; word &= word - 1)
            r->class[r->n++] = (uint8_t)(i * 64 + bits_lowest(word));
}

static void copy_allocs(const struct heap_cache *c, struct reading *r)
{
    list_classes(r, c->counts.took, ARRAY_COUNT(c->counts.took));
    for (unsigned i = 0; i < r->n; i++) {
        unsigned sc = r->class[i];

        r->count[i] = seq_load(&c->counts.taken[sc]) -
                      bits_count(atomic_load_explicit(&c->words[sc].bits, memory_order_acquire));
    }
    r->large_allocs = seq_load(&c->counts.large_allocs);
    r->large_bytes = seq_load(&c->counts.large_alloc_bytes);
}

static void copy_frees(const struct heap_cache *c, struct reading *r)
{
    list_classes(r, c->counts.freeing, ARRAY_COUNT(c->counts.freeing));
    for (unsigned i = 0; i < r->n; i++)
        r->count[i] = seq_load(&c->counts.freed[r->class[i]]);
    r->large_bytes = seq_load(&c->counts.large_free_bytes);
}

/* COPY of the counts of C, of one moment. */
static void read_counts(const struct heap_cache *c, struct reading *r,
                        void (*copy)(const struct heap_cache *c, struct reading *r))
{
    for (unsigned tries = 1;; tries++) {
        uint64_t before = seq_load(&c->counts.seq);

        copy(c, r);
        if ((before & 1) == 0 && before == seq_load(&c->counts.seq))
            return;
        if (tries % TRIES_AT_ONCE == 0)
            sched_yield(); /* the writer may have been interrupted by the kernel */
    }
}

static void add_frees(const struct heap_cache *c, struct heap_sums *sums)
{
    struct reading r;

    read_counts(c, &r, copy_frees);
    for (unsigned i = 0; i < r.n; i++)
        sums->frees[r.class[i]] += r.count[i];
    sums->large_free_bytes += r.large_bytes;
}

static void add_allocs(const struct heap_cache *c, struct heap_sums *sums)
{
    struct reading r;

    read_counts(c, &r, copy_allocs);
    for (unsigned i = 0; i < r.n; i++)
        sums->mallocs[span_classes[r.class[i]].size_class] += r.count[i];
    sums->mallocs[0] += r.large_allocs;
    sums->large_alloc_bytes += r.large_bytes;
    sums->tiny_allocs += seq_load(&c->counts.tiny_allocs);
}

void cache_read_sums(struct heap_sums *sums)
{
    size_t n = cache_count();

    *sums = (struct heap_sums){0};
    /* What was freed had been allocated before: frees first, so that they never exceed. */
    for (size_t i = 0; i < n; i++)
        if (cache_at(i) != NULL)
            add_frees(cache_at(i), sums);
    for (size_t i = 0; i < n; i++)
        if (cache_at(i) != NULL)
            add_allocs(cache_at(i), sums);
}

void cache_read_allocs(const struct heap_cache *c, uint64_t *mallocs, uint64_t *bytes)
{
    struct reading r;

    read_counts(c, &r, copy_allocs);
    *mallocs = r.large_allocs + seq_load(&c->counts.tiny_allocs);
    *bytes = r.large_bytes;
    for (unsigned i = 0; i < r.n; i++) {
        *mallocs += r.count[i];
        *bytes += r.count[i] * span_classes[r.class[i]].bytes;
    }
}
