/* SPDX-License-Identifier: MIT */
/* alloc.c - from a size to an object: the slow way, and objects of the runtime itself. The fast way
 * is in allocfast.h, the public functions are in allocapi.c. */
#include "config.h"

#include "runtime/alloc.h"

#include <string.h>

#include "runtime/allocfast.h"
#include "runtime/alloclarge.h"
#include "runtime/allocsite.h"
#include "runtime/debug.h"
#include "runtime/gc.h"
#include "runtime/gcowner.h"
#include "runtime/gcsweep.h"
#include "runtime/proc.h"

#define STRESS_OBJECTS 1000u

static struct heap_cache *own_cache(void)
{
    return worker_self()->proc->heap;
}

static bool is_stressed(const struct heap_cache *c)
{
    return debug.gcstress != 0 && c->stress_left == 0;
}

static void collect_under_stress(uintptr_t pc)
{
    gc_collect(GC_BY_HEAP, pc);
    own_cache()->stress_left = STRESS_OBJECTS;
}

/* Whether the word of SPANCLASS has a slot, perhaps after a look at the rest of its span. */
static bool has_slot(struct heap_cache *c, unsigned spanclass)
{
    return atomic_load_explicit(&c->words[spanclass].bits, memory_order_relaxed) != 0 ||
           cache_next_word(c, spanclass);
}

/* Sees to it that the word of SPANCLASS has a slot: in the cache of the proc that the task is on
 * afterwards. */
static struct heap_cache *refill(unsigned spanclass, uintptr_t pc)
{
    const struct size_class *size = &size_classes[span_classes[spanclass].size_class];

    if (!is_stressed(own_cache()) && has_slot(own_cache(), spanclass))
        return own_cache();
    if (debug.gcstress != 0)
        collect_under_stress(pc);
    gc_make_room(size->npages * HEAP_PAGE_BYTES, pc);
    sweep_assist(own_cache(), size->npages * HEAP_PAGE_BYTES);
    if (has_slot(own_cache(), spanclass) || cache_refill(own_cache(), spanclass))
        return own_cache();
    gc_collect(GC_BY_LIMIT, pc); /* the system gives nothing more: what is dead may do */
    if (!has_slot(own_cache(), spanclass) && !cache_refill(own_cache(), spanclass))
        alloc_out_of_memory(size->bytes, pc);
    return own_cache();
}

/* A slot of SPANCLASS that the program has freed becomes an object of BYTES; NULL if there is none.
 * It is never sampled: the samples belong to the owner of its span. */
static void *reuse_freed(struct heap_cache *c, unsigned spanclass, size_t bytes)
{
    size_t slot_bytes = span_classes[spanclass].bytes;
    char *p = (char *)cache_pop_freed(c, spanclass);

    if (p == NULL)
        return NULL;
    counts_begin(&c->counts);
    counts_take(&c->counts, spanclass, 1);
    counts_end(&c->counts);
    if (SAN_ADDRESS)
        san_unpoison(p, slot_bytes);
    memset(p, 0, slot_bytes);
    if (SAN_ADDRESS)
        san_poison(p + bytes, slot_bytes - bytes);
    return p;
}

static void *alloc_small_slow(unsigned spanclass, size_t bytes, uintptr_t pc)
{
    struct heap_cache *c = own_cache();
    struct cache_word *w = NULL;
    char *p = is_stressed(c) ? NULL : reuse_freed(c, spanclass, bytes);

    if (p != NULL)
        return p;
    c = refill(spanclass, pc);
    w = &c->words[spanclass];
    p = (char *)cache_take(c, spanclass);

    c->sample_left -= w->bytes;
    if (c->sample_left < 0) {
        allocsite_sample(c->spans[spanclass], (uintptr_t)p, pc);
        c->sample_left = allocsite_next_gap(&c->rng);
    }
    return fast_prepare(w, p, bytes);
}

void *alloc_in_proc(size_t bytes, enum span_kind kind, uintptr_t pc)
{
    struct heap_cache *c = own_cache();
    struct cache_word *w = NULL;
    unsigned spanclass = 0;
    char *p = NULL;

    if (bytes > SMALL_MAX_BYTES)
        return alloc_large(bytes, kind, NULL, pc);
    spanclass = span_class_of(size_class_of(bytes), kind);
    w = &c->words[spanclass];
    return fast_take(c, w, &p) ? fast_prepare(w, p, bytes) : alloc_small_slow(spanclass, bytes, pc);
}

void *heap_alloc(size_t bytes, enum alloc_kind kind, uintptr_t pc)
{
    return alloc_in_proc(bytes, kind == ALLOC_SCAN ? SPAN_CONSERVATIVE : SPAN_NOSCAN, pc);
}
