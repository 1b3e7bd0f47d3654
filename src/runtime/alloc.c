/* SPDX-License-Identifier: MIT */
/* alloc.c - from a size to an object.
 * The fast way takes a bit from the cache's word of the size and kind, and clears the slot. All
 * that is rare takes the slow way: the word is empty, the object is to be sampled, or is large.
 * Pointer-free objects below 16 bytes share blocks of 16, which live as long as any of them.
 * A slot is zero when it is given out. Fresh memory is known to be; other slots are cleared as a
 * whole, because what lies behind the requested bytes is searched for references too. */
#include "config.h"

#include "runtime/alloc.h"

#include <string.h>

#include "runtime/alloclarge.h"
#include "runtime/allocsite.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/gcsweep.h"
#include "runtime/proc.h"

#define TINY_BYTES      ((size_t)16)
#define STRESS_OBJECTS  1000u
#define EXACT_MAX_BYTES ((size_t)128)
#define CALLER          ((uintptr_t)__builtin_return_address(0))

static struct heap_cache *own_cache(void)
{
    return worker_self()->proc->heap;
}

/* ---- the fast way ---- */

/* Clears BYTES, a multiple of 8, at P: overlapping stores for the common sizes. */
static inline void clear(char *p, size_t bytes)
{
    if (bytes <= 16) {
        memset(p, 0, 8);
        memset(p + bytes - 8, 0, 8);
    } else if (bytes <= 32) {
        memset(p, 0, 16);
        memset(p + bytes - 16, 0, 16);
    } else if (bytes <= 64) {
        memset(p, 0, 32);
        memset(p + bytes - 32, 0, 32);
    } else {
        memset(p, 0, bytes);
    }
}

/* The slot at P, of W's class, becomes an object of BYTES. */
static inline void *prepare(const struct cache_word *w, char *p, size_t bytes)
{
    if (SAN_ADDRESS)
        san_unpoison(p, w->bytes);
    if (LIKELY(w->needzero))
        clear(p, w->bytes);
    if (SAN_ADDRESS)
        san_poison(p + bytes, w->bytes - bytes);
    return p;
}

/* An object of BYTES, or NULL if that takes the slow way. */
static inline void *alloc_fast(struct heap_cache *c, unsigned spanclass, size_t bytes)
{
    struct cache_word *w = &c->words[spanclass];
    char *p = NULL;

    if (UNLIKELY(c->sample_left < (int64_t)w->bytes))
        return NULL;
    p = (char *)cache_take(c, spanclass);
    if (UNLIKELY(p == NULL))
        return NULL;
    c->sample_left -= w->bytes;
    return prepare(w, p, bytes);
}

/* ---- the slow way ---- */

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

static void *alloc_small_slow(unsigned spanclass, size_t bytes, uintptr_t pc)
{
    struct heap_cache *c = refill(spanclass, pc);
    struct cache_word *w = &c->words[spanclass];
    char *p = (char *)cache_take(c, spanclass);

    c->sample_left -= w->bytes;
    if (c->sample_left < 0) {
        allocsite_sample(c->spans[spanclass], (uintptr_t)p, pc);
        c->sample_left = allocsite_next_gap(&c->rng);
    }
    return prepare(w, p, bytes);
}

/* ---- both ---- */

static void *alloc_slow(size_t bytes, enum span_kind kind, uintptr_t pc)
{
    if (bytes > SMALL_MAX_BYTES)
        return alloc_large(bytes, kind, NULL, pc);
    return alloc_small_slow(span_class_of(size_class_of(bytes), kind), bytes, pc);
}

static inline void *alloc_in(struct heap_cache *c, size_t bytes, enum span_kind kind, uintptr_t pc)
{
    void *p = NULL;

    if (LIKELY(bytes <= SMALL_MAX_BYTES))
        p = alloc_fast(c, span_class_of(size_class_of(bytes), kind), bytes);
    return LIKELY(p != NULL) ? p : alloc_slow(bytes, kind, pc);
}

void *heap_alloc(size_t bytes, enum alloc_kind kind, uintptr_t pc)
{
    return alloc_in(own_cache(), bytes, kind == ALLOC_SCAN ? SPAN_CONSERVATIVE : SPAN_NOSCAN, pc);
}

/* As the size demands: whatever has this size is aligned to a power of two that divides it. */
static size_t tiny_align(size_t bytes)
{
    return bytes == 0 ? 1 : min_size(bytes & -bytes, 8);
}

static void *alloc_tiny(struct heap_cache *c, size_t bytes, uintptr_t pc)
{
    size_t at = align_up(c->tiny_used, tiny_align(bytes));

    /* Strictly below: an address just behind the object must still lie in the block. */
    if (c->tiny == 0 || at + bytes >= TINY_BYTES) {
        void *block = alloc_in(c, TINY_BYTES, SPAN_NOSCAN, pc);

        c = own_cache();
        c->tiny = (uintptr_t)block;
        at = 0;
    }
    c->tiny_used = at + bytes;
    counts_add(&c->counts.tiny_allocs, 1);
    return (void *)(c->tiny + at);
}

/* N elements of TYPE, BYTES in all, in the task's proc. */
static void *alloc_typed(const gort_type *type, size_t n, size_t bytes, uintptr_t pc)
{
    unsigned spanclass = 0;
    struct heap_cache *c = NULL;
    void *p = NULL;

    if (type->nwords == 0)
        return alloc_in(own_cache(), bytes, SPAN_NOSCAN, pc);
    if (bytes > SMALL_MAX_BYTES)
        return alloc_large(bytes, SPAN_TYPED, type, pc);
    spanclass = span_class_of(size_class_of(bytes), SPAN_TYPED);
    p = alloc_in(own_cache(), bytes, SPAN_TYPED, pc);
    c = own_cache();
    span_set_type(c->spans[spanclass], (uintptr_t)p, type, n);
    return p;
}

/* ---- public ----
 * A byte more than was asked for, so that an address just behind the end still lies in the slot.
 * Only single small objects go without: nobody steps through them to their end. */

static void *leave_with(void *p)
{
    rt_leave(worker_self());
    return p;
}

/* What overflows here is refused as too large later. Slots of 24 bytes, for 17, are not aligned as
 * 16 bytes have to be; all other sizes just above a multiple of 16 are. */
static size_t with_end(size_t bytes)
{
    if (bytes == 16)
        return 25;
    return bytes == SIZE_MAX ? bytes : bytes + 1;
}

static inline void *alloc_public(const char *what, size_t bytes, enum span_kind kind, uintptr_t pc)
{
    struct worker *w = rt_enter(what);

    if (LIKELY(bytes <= SMALL_MAX_BYTES)) {
        unsigned spanclass = span_class_of(size_class_of(bytes), kind);
        void *p = alloc_fast(w->proc->heap, spanclass, bytes);

        if (LIKELY(p != NULL)) {
            rt_leave(w);
            return p;
        }
    }
    return leave_with(alloc_slow(bytes, kind, pc));
}

void *gort_alloc(size_t bytes)
{
    return alloc_public("gort_alloc", with_end(bytes), SPAN_CONSERVATIVE, CALLER);
}

void *gort_alloc_object(size_t bytes)
{
    return alloc_public("gort_alloc_object", bytes <= EXACT_MAX_BYTES ? bytes : with_end(bytes),
                        SPAN_CONSERVATIVE, CALLER);
}

void *gort_alloc_noscan(size_t bytes)
{
    if (bytes < TINY_BYTES && !SAN_ADDRESS) {
        struct worker *w = rt_enter("gort_alloc_noscan");

        return leave_with(alloc_tiny(w->proc->heap, bytes, CALLER));
    }
    return alloc_public("gort_alloc_noscan", with_end(bytes), SPAN_NOSCAN, CALLER);
}

void *gort_alloc_array(size_t n, size_t bytes)
{
    size_t all = 0;

    if (__builtin_mul_overflow(n, bytes, &all))
        all = SIZE_MAX;
    return alloc_public("gort_alloc_array", with_end(all), SPAN_CONSERVATIVE, CALLER);
}

void *gort_alloc_typed(const gort_type *type, size_t n)
{
    size_t all = 0;

    rt_enter("gort_alloc_typed");
    if (type->nwords > 0 &&
        (type->bytes % sizeof(void *) != 0 || type->nwords > type->bytes / sizeof(void *)))
        gort_fatal("gort_alloc_typed: %s: %zu words of references in %zu bytes", type->name,
                   type->nwords, type->bytes);
    if (__builtin_mul_overflow(n, type->bytes, &all))
        all = SIZE_MAX;
    if (n != 1 || all > EXACT_MAX_BYTES)
        all = with_end(all);
    return leave_with(alloc_typed(type, n, all, CALLER));
}
