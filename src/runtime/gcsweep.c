/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcsweep.h"

#include "base/clock.h"
#include "runtime/allocsite.h"
#include "runtime/central.h"
#include "runtime/debug.h"
#include "runtime/gc.h"
#include "runtime/gcpace.h"
#include "runtime/heap.h"
#include "runtime/special.h"

#define TIMED_ONE_IN 16u

static struct {
    uint64_t total;              /* spans to sweep in this cycle; [stw] */
    uint64_t room;               /* bytes; [stw] */
    _Atomic(uint64_t) left;      /* spans not swept yet, those being swept included */
    _Atomic(uint64_t) allocated; /* bytes since the mark, as far as sweep_assist was told */
    _Atomic(uint32_t) next;      /* classes below it have most likely nothing unswept */
    _Atomic(uint64_t) timed_ns;  /* spent on the spans that were timed */
} sweep;

uint64_t sweep_begin(uint64_t room_bytes)
{
    uint64_t total = 0;

    DCHECK(sweep_is_done());
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        total += heap_class_spans(i);
    sweep.total = total;
    sweep.room = room_bytes;
    atomic_store_explicit(&sweep.allocated, 0, memory_order_relaxed);
    atomic_store_explicit(&sweep.next, 0, memory_order_relaxed);
    atomic_store_explicit(&sweep.left, total, memory_order_relaxed);
    central_flip(); /* the background thread, which nobody stops, may begin at once */
    return total;
}

bool sweep_is_done(void)
{
    return atomic_load_explicit(&sweep.left, memory_order_acquire) == 0;
}

uint64_t sweep_total_ns(void)
{
    return atomic_load_explicit(&sweep.timed_ns, memory_order_relaxed) * TIMED_ONE_IN;
}

/* ---- one span ---- */

void sweep_clobber(void *p, size_t bytes)
{
    uint64_t *word = p;

    san_unpoison(p, bytes);
    for (size_t i = 0; i < bytes / sizeof *word; i++)
        word[i] = SWEEP_CLOBBER;
}

/* Fills the slots FREED with rubbish, or hides them from the address sanitizer. */
static void treat_freed(const struct span *s, const uint64_t freed[PAGE_BIT_WORDS])
{
    for (uint32_t i = 0; i < s->nelems; i++) {
        void *p = (void *)(s->base + i * s->elem_bytes);

        if ((freed[i / 64] >> (i % 64) & 1) == 0)
            continue;
        if (debug.clobberfree != 0)
            sweep_clobber(p, s->elem_bytes);
        san_poison(p, s->elem_bytes);
    }
}

static void count_frees(struct cache_counts *n, const struct span *s, uint32_t nfreed)
{
    unsigned size_class = span_classes[s->spanclass].size_class;

    counts_begin(n);
    counts_free(n, size_class, nfreed);
    if (size_class == 0)
        counts_add(&n->large_free_bytes, nfreed * s->elem_bytes);
    counts_end(n);
}

static void sweep_untimed(struct heap_cache *c, struct span *s)
{
    uint64_t freed[PAGE_BIT_WORDS];
    uint32_t nfreed = 0;

    if (UNLIKELY(span_has_specials(s)))
        special_sweep(s);
    nfreed = span_sweep_bits(s, freed);
    if (nfreed == 0)
        return;
    if (UNLIKELY(s->samples != NULL))
        allocsite_swept(s, freed);
    if (SAN_ADDRESS || debug.clobberfree != 0)
        treat_freed(s, freed);
    count_frees(&c->counts, s, nfreed);
}

void sweep_span(struct heap_cache *c, struct span *s)
{
    uint64_t left = atomic_load_explicit(&sweep.left, memory_order_relaxed);

    if (left % TIMED_ONE_IN == 0) {
        int64_t start_ns = clock_mono_ns();

        sweep_untimed(c, s);
        atomic_fetch_add_explicit(&sweep.timed_ns, (uint64_t)(clock_mono_ns() - start_ns),
                                  memory_order_relaxed);
    } else {
        sweep_untimed(c, s);
    }
}

void sweep_leave(void)
{
    /* Release: pairs with the acquire in sweep_is_done: every span is where it belongs. */
    if (atomic_fetch_sub_explicit(&sweep.left, 1, memory_order_acq_rel) == 1)
        gc_sweep_ended();
}

/* Sweeps S and gives it to who can use it; how many pages came free. */
static size_t sweep_and_put(struct heap_cache *c, struct span *s)
{
    size_t npages = 0;

    sweep_span(c, s);
    if (s->nfree == s->nelems) {
        npages = s->npages;
        heap_span_free(s);
    } else {
        central_put(s);
    }
    sweep_leave();
    return npages;
}

/* ---- many ---- */

/* A span of a class from FIRST on, taken off its list; NULL if there is none. */
static struct span *take_from(uint32_t first)
{
    for (uint32_t i = first; i < SPAN_CLASSES; i++) {
        struct span *s = central_take_unswept(i);

        if (s == NULL)
            continue;
        atomic_store_explicit(&sweep.next, i, memory_order_relaxed);
        return s;
    }
    return NULL;
}

bool sweep_one(struct heap_cache *c)
{
    uint32_t first = atomic_load_explicit(&sweep.next, memory_order_relaxed);
    struct span *s = NULL;

    if (sweep_is_done())
        return false;
    s = take_from(first);
    if (s == NULL && first > 0) /* it is a hint only */
        s = take_from(0);
    if (s == NULL)
        return false;
    sweep_and_put(c, s);
    return true;
}

void sweep_for_pages(struct heap_cache *c, size_t npages)
{
    size_t freed = 0;

    for (unsigned kind = 0; kind < SPAN_KINDS && freed < npages && !sweep_is_done(); kind++) {
        unsigned spanclass = span_class_of(0, (enum span_kind)kind);
        struct span *s = NULL;

        while (freed < npages && (s = central_take_unswept(spanclass)) != NULL)
            freed += sweep_and_put(c, s);
    }
}

void sweep_assist(struct heap_cache *c, uint64_t bytes)
{
    uint64_t allocated = 0;
    uint64_t due = 0;

    if (sweep_is_done())
        return;
    allocated = atomic_fetch_add_explicit(&sweep.allocated, bytes, memory_order_relaxed) + bytes;
    due = pace_sweep_due(sweep.total, allocated, sweep.room);
    while (sweep.total - atomic_load_explicit(&sweep.left, memory_order_relaxed) < due &&
           sweep_one(c))
        continue;
}
