/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/central.h"

#include "runtime/gcsweep.h"
#include "runtime/heap.h"
#include "runtime/lock.h"
#include "runtime/noroot.h"

#define SWEEP_TRIES 100 /* full spans that are swept in vain before the heap grows instead */

enum { PARTIAL, FULL, FILLS };

struct central {
    _Alignas(CACHE_LINE_BYTES) struct lock lock;
    struct list spans[2][FILLS]; /* by parity of generation, and fill; [lock:lock] */
};

static struct central centrals[SPAN_CLASSES];
NO_ROOT(centrals);
static _Atomic(unsigned) swept_parity; /* changes in a pause */

/* Which lists of L hold swept spans. The background thread, which is not stopped in a pause, may
 * find the parity turn behind its back: under the lock it can't have taken the new lists of swept
 * spans for unswept ones, because nobody has put anything there. */
static unsigned swept_locked(const struct central *l)
{
    DCHECK(lock_is_held(&l->lock));
    /* Acquire: pairs with the release in central_flip: the accounts of the sweep. */
    return atomic_load_explicit(&swept_parity, memory_order_acquire);
}

void central_init(void)
{
    for (unsigned i = 0; i < SPAN_CLASSES; i++) {
        lock_init(&centrals[i].lock, RANK_CENTRAL);
        for (int parity = 0; parity < 2; parity++)
            for (int fill = 0; fill < FILLS; fill++)
                list_init(&centrals[i].spans[parity][fill]);
    }
}

static struct span *pop_locked(struct central *l, unsigned parity, int fill)
{
    struct list *node = list_pop_front(&l->spans[parity][fill]);

    DCHECK(lock_is_held(&l->lock));
    return node == NULL ? NULL : container_of(node, struct span, node);
}

void central_put(struct span *s)
{
    struct central *l = &centrals[s->spanclass];

    lock_take(&l->lock);
    s->parity = swept_locked(l);
    list_push_back(&l->spans[s->parity][s->nfree == 0 ? FULL : PARTIAL], &s->node);
    lock_release(&l->lock);
}

enum central_found central_remove(struct span *s)
{
    struct central *l = &centrals[s->spanclass];
    enum central_found found = CENTRAL_NOWHERE;

    lock_take(&l->lock);
    if (!list_is_empty(&s->node)) {
        list_remove(&s->node);
        found = s->parity == swept_locked(l) ? CENTRAL_SWEPT : CENTRAL_UNSWEPT;
    }
    lock_release(&l->lock);
    return found;
}

static struct span *take_swept(unsigned spanclass)
{
    struct central *l = &centrals[spanclass];
    struct span *s = NULL;

    lock_take(&l->lock);
    s = pop_locked(l, swept_locked(l), PARTIAL);
    lock_release(&l->lock);
    return s;
}

struct span *central_take_unswept(unsigned spanclass)
{
    struct central *l = &centrals[spanclass];
    unsigned unswept = 0;
    struct span *s = NULL;

    lock_take(&l->lock);
    unswept = !swept_locked(l);
    s = pop_locked(l, unswept, PARTIAL);
    if (s == NULL)
        s = pop_locked(l, unswept, FULL);
    lock_release(&l->lock);
    return s;
}

static struct span *sweep_for_slots(struct heap_cache *c, unsigned spanclass)
{
    for (int i = 0; i < SWEEP_TRIES; i++) {
        struct span *s = central_take_unswept(spanclass);

        if (s == NULL)
            return NULL;
        sweep_span(c, s);
        if (s->nfree == 0)
            central_put(s);
        sweep_leave();
        if (s->nfree > 0)
            return s;
    }
    return NULL;
}

struct span *central_take(struct heap_cache *c, unsigned spanclass)
{
    const struct span_class *info = &span_classes[spanclass];
    struct span *s = take_swept(spanclass);

    if (s == NULL)
        s = sweep_for_slots(c, spanclass);
    if (s == NULL)
        s = heap_span_new(size_classes[info->size_class].npages, spanclass);
    DCHECK(s == NULL || s->nfree > 0);
    return s;
}

void central_flip(void)
{
    unsigned swept = atomic_load_explicit(&swept_parity, memory_order_relaxed);

    if (GORT_DEBUG_CHECKS) {
        for (unsigned i = 0; i < SPAN_CLASSES; i++)
            for (int fill = 0; fill < FILLS; fill++)
                CHECK(list_is_empty(&centrals[i].spans[!swept][fill]));
    }
    atomic_store_explicit(&swept_parity, !swept, memory_order_release);
}
