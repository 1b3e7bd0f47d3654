/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/allocfree.h"

#include <string.h>

#include "runtime/alloc.h"
#include "runtime/alloclarge.h"
#include "runtime/allocsite.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/gcsweep.h"
#include "runtime/proc.h"
#include "runtime/special.h"

#define TINY_CLASS_BYTES 16u
#define CLOBBERED_LEAST  32u   /* bytes: no program stores three such words by chance */
#define SEARCHED_MOST    1000u /* slots of a chain, for one that is freed twice */

struct span *object_span(const char *what, const void *p)
{
    uintptr_t addr = (uintptr_t)p;
    struct span *s = span_of(addr);

    if (UNLIKELY(s == NULL))
        gort_fatal("%s: %p is no object of the heap, or was freed", what, p);
    if (UNLIKELY(object_is_tiny(s)))
        return s;
    if (s->base + span_slot_of(s, addr) * s->elem_bytes != addr)
        gort_fatal("%s: %p points into an object", what, p);
    return s;
}

bool object_is_tiny(const struct span *s)
{
    return s->elem_bytes == TINY_CLASS_BYTES && span_kind_of(s) == SPAN_NOSCAN;
}

static void die_of_second(const void *p)
{
    gort_fatal("gort_free: %p was freed before", p);
}

static void count_free(struct heap_cache *c, const struct span *s)
{
    counts_begin(&c->counts);
    counts_free(&c->counts, span_classes[s->spanclass].size_class, 1);
    counts_end(&c->counts);
}

static void hide(const struct span *s, void *p)
{
    if (debug.clobberfree != 0)
        sweep_clobber(p, s->elem_bytes);
    if (SAN_ADDRESS)
        san_poison(p, s->elem_bytes);
}

/* Slot number I of S is free again; it is one of the word that C allocates from. */
static void free_in_word(struct heap_cache *c, struct span *s, size_t i, void *p)
{
    struct cache_word *w = &c->words[s->spanclass];
    uint64_t bits = atomic_load_explicit(&w->bits, memory_order_relaxed);
    uint64_t bit = UINT64_C(1) << (i % 64);

    if ((bits & bit) != 0)
        die_of_second(p);
    if (w->needzero || debug.clobberfree != 0) {
        w->needzero = true;
        s->needzero = true; /* the slot may go back to it unused */
        hide(s, p);
    } else {
        if (SAN_ADDRESS)
            san_unpoison(p, s->elem_bytes);
        memset(p, 0, s->elem_bytes); /* as the other slots of the word */
        if (SAN_ADDRESS)
            san_poison(p, s->elem_bytes);
    }
    counts_begin(&c->counts);
    counts_free(&c->counts, span_classes[s->spanclass].size_class, 1);
    counts_take(&c->counts, s->spanclass, 1);
    atomic_store_explicit(&w->bits, bits | bit, memory_order_release);
    counts_end(&c->counts);
}

/* Slot number I of S, which is C's, is sampled no more. */
__attribute__((noinline)) static void forget_sample(struct span *s, size_t i)
{
    uint64_t freed[PAGE_BIT_WORDS] = {0};

    freed[i / 64] = UINT64_C(1) << (i % 64);
    allocsite_swept(s, freed);
}

/* Slot number I of S, which is C's, is free again. */
static void free_own(struct heap_cache *c, struct span *s, size_t i, void *p)
{
    uint64_t bit = UINT64_C(1) << (i % 64);

    if ((span_bits(s)[i / 64].alloc & bit) == 0)
        die_of_second(p);
    if (UNLIKELY(s->samples != NULL))
        forget_sample(s, i);
    if (i / 64 == c->word_no[s->spanclass]) {
        free_in_word(c, s, i, p);
        return;
    }
    hide(s, p);
    span_give_back(s, (unsigned)(i / 64), bit);
    s->needzero = true;
    count_free(c, s);
}

static bool fits_into_chain(const struct span *s)
{
    return !span_has_samples(s) &&
           (span_kind_of(s) != SPAN_TYPED || s->elem_bytes > SPAN_BITMAP_MAX_BYTES);
}

/* Whether P looks as an object does that was freed, by any proc. The first word may be a chain's.
 */
static NO_SANITIZE_READS bool looks_clobbered(const struct span *s, const void *p)
{
    const uint64_t *word = p;

    if (s->elem_bytes < CLOBBERED_LEAST)
        return false;
    for (size_t i = 1; i < s->elem_bytes / sizeof *word; i++)
        if (word[i] != SWEEP_CLOBBER)
            return false;
    return true;
}

static void check_second(const struct heap_cache *c, const struct span *s, const void *p)
{
    if ((debug.clobberfree != 0 && looks_clobbered(s, p)) ||
        cache_is_freed(c, s->spanclass, (uintptr_t)p, SEARCHED_MOST))
        die_of_second(p);
}

static void free_into_chain(struct heap_cache *c, const struct span *s, void *p)
{
    if (debug.clobberfree != 0 || GORT_DEBUG_CHECKS)
        check_second(c, s, p);
    hide(s, p);
    cache_push_freed(c, s->spanclass, (uintptr_t)p);
    count_free(c, s);
}

void object_free(struct span *s, void *p)
{
    struct heap_cache *c = worker_self()->proc->heap;
    enum gc_phase phase = gc_phase();

    if (object_is_tiny(s)) /* others may live in its block */
        return;
    if (UNLIKELY(span_has_specials(s)))
        special_freed(s, (uintptr_t)p);
    /* A phase changes while the world stands still: it stays what it is until this task leaves. */
    if (phase != GC_OFF && phase != GC_SWEEP)
        hide(s, p);
    else if (span_classes[s->spanclass].size_class == 0)
        alloc_large_free(s);
    else if (c->spans[s->spanclass] == s)
        free_own(c, s, span_slot_of(s, (uintptr_t)p), p);
    else if (fits_into_chain(s))
        free_into_chain(c, s, p);
    else
        hide(s, p);
}

void gort_free(void *p)
{
    if (p == NULL)
        return;
    rt_enter("gort_free");
    object_free(object_span("gort_free", p), p);
    rt_leave(worker_self());
}
