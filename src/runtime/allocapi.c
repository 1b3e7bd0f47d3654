/* SPDX-License-Identifier: MIT */
/* allocapi.c - gort/mem.h: allocation.
 * The fast way of each function is short and keeps nothing over a call; what it can't do it leaves
 * to a function of its own, which enters the runtime a second time: that changes nothing.
 * Pointer-free objects below 16 bytes share blocks of 16, which live as long as any of them.
 *
 * A byte more is allocated than was asked for, so that an address just behind the end still lies in
 * the slot. Only single small objects go without: nobody steps through them to their end. */
#include "config.h"

#include "gort/mem.h"

#include "runtime/alloc.h"
#include "runtime/allocfast.h"
#include "runtime/alloclarge.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"

#define TINY_BYTES      ((size_t)16)
#define TINY_SPAN_CLASS span_class_of(2, SPAN_NOSCAN) /* of 16 bytes */
#define EXACT_MAX_BYTES ((size_t)128)
#define CALLER          ((uintptr_t)__builtin_return_address(0))
#define SLOW            __attribute__((noinline, cold))

/* PC, here and below: who called the public function. */
static void *leave_with(void *p, uintptr_t pc)
{
    rt_leave_to(worker_self(), pc);
    return p;
}

SLOW static void *attend_with(struct worker *w, void *p, uintptr_t pc)
{
    rt_leave_slow(w, pc);
    return p;
}

/* As leave_with, for the fast way. */
static ALWAYS_INLINE void *leave_fast_with(struct worker *w, void *p, uintptr_t pc)
{
    /* As in rt_leave, which says what pairs with it. */
    atomic_store_explicit(&w->inrt, 0, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    if (UNLIKELY(atomic_load_explicit(&w->here.attention, memory_order_relaxed) != 0))
        return attend_with(w, p, pc);
    return p;
}

/* As rt_enter, but NULL if that is not simple; then rt_enter has to be called. */
static ALWAYS_INLINE struct worker *enter_fast(void)
{
    struct worker *w = worker_self();

    if (UNLIKELY(w == NULL))
        return NULL;
    atomic_store_explicit(&w->inrt, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    return UNLIKELY(atomic_load_explicit(&w->seize, memory_order_relaxed) != SEIZE_NONE) ? NULL : w;
}

SLOW static void *public_slow(const char *what, size_t bytes, enum span_kind kind, uintptr_t pc)
{
    rt_enter(what);
    return leave_with(alloc_in_proc(bytes, kind, pc), pc);
}

/* The slot at P of W becomes an object of BYTES. */
__attribute__((noinline)) static void *prepare_and_leave(const struct cache_word *w, char *p,
                                                         size_t bytes, uintptr_t pc)
{
    return leave_with(fast_prepare(w, p, bytes), pc);
}

/* Sizes that have no entry in size_class_by_8 are not worth a branch of their own. */
static ALWAYS_INLINE void *alloc_public(const char *what, size_t bytes, enum span_kind kind,
                                        uintptr_t pc)
{
    struct worker *w = enter_fast();
    struct cache_word *word = NULL;
    char *p = NULL;

    if (UNLIKELY(w == NULL || bytes > SIZE_BY_8_MAX))
        return public_slow(what, bytes, kind, pc);
    word = &w->proc->heap->words[span_class_of(size_class_by_8[(bytes + 7) / 8], kind)];
    if (UNLIKELY(!fast_take(w->proc->heap, word, &p)))
        return public_slow(what, bytes, kind, pc);
    if (UNLIKELY(fast_must_prepare(word)))
        return prepare_and_leave(word, p, bytes, pc);
    return leave_fast_with(w, p, pc);
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

void *gort_alloc_array(size_t n, size_t bytes)
{
    size_t all = 0;

    if (__builtin_mul_overflow(n, bytes, &all))
        all = SIZE_MAX;
    return alloc_public("gort_alloc_array", with_end(all), SPAN_CONSERVATIVE, CALLER);
}

/* ---- tiny objects ---- */

/* As the size demands: whatever has this size is aligned to a power of two that divides it. */
static inline size_t tiny_align(size_t bytes)
{
    return bytes == 0 ? 1 : min_size(bytes & -bytes, 8);
}

/* The object at offset AT of the block that C has. */
static inline void *take_tiny(struct heap_cache *c, size_t at, size_t bytes)
{
    c->tiny_used = at + bytes;
    counts_add(&c->counts.tiny_allocs, 1);
    return (void *)(c->tiny + at);
}

/* The first object in a new block. */
SLOW static void *tiny_slow(size_t bytes, uintptr_t pc)
{
    struct heap_cache *c = NULL;
    void *block = NULL;

    rt_enter("gort_alloc_noscan");
    block = heap_alloc(TINY_BYTES, ALLOC_NOSCAN, pc);
    c = worker_self()->proc->heap;
    c->tiny = (uintptr_t)block;
    return leave_with(take_tiny(c, 0, bytes), pc);
}

static ALWAYS_INLINE void *alloc_tiny(size_t bytes, uintptr_t pc)
{
    struct worker *w = enter_fast();
    struct heap_cache *c = NULL;
    char *block = NULL;
    size_t at = 0;

    if (UNLIKELY(w == NULL))
        return tiny_slow(bytes, pc);
    c = w->proc->heap;
    at = align_up(c->tiny_used, tiny_align(bytes));
    /* Strictly below: an address just behind the object must still lie in the block. */
    if (c->tiny == 0 || at + bytes >= TINY_BYTES) {
        if (UNLIKELY(!fast_take(c, &c->words[TINY_SPAN_CLASS], &block)))
            return tiny_slow(bytes, pc);
        DCHECK(!fast_must_prepare(&c->words[TINY_SPAN_CLASS]));
        c->tiny = (uintptr_t)block;
        at = 0;
    }
    return leave_fast_with(w, take_tiny(c, at, bytes), pc);
}

void *gort_alloc_noscan(size_t bytes)
{
    if (bytes < TINY_BYTES && !SAN_ADDRESS)
        return alloc_tiny(bytes, CALLER);
    return alloc_public("gort_alloc_noscan", with_end(bytes), SPAN_NOSCAN, CALLER);
}

void *gort_alloc_noscan_array(size_t n, size_t bytes)
{
    size_t all = 0;

    if (__builtin_mul_overflow(n, bytes, &all))
        all = SIZE_MAX;
    return alloc_public("gort_alloc_noscan_array", with_end(all), SPAN_NOSCAN, CALLER);
}

/* ---- typed objects ---- */

static void check_type(const gort_type *type)
{
    if (type->nwords > 0 &&
        (type->bytes % sizeof(void *) != 0 || type->nwords > type->bytes / sizeof(void *)))
        gort_fatal("gort_alloc_typed: %s: %zu words of references in %zu bytes", type->name,
                   type->nwords, type->bytes);
}

/* Whether TYPE has references, and one object of it goes without a byte more. */
static ALWAYS_INLINE bool is_simple(const gort_type *type)
{
    return type->bytes <= EXACT_MAX_BYTES && type->bytes % sizeof(void *) == 0 &&
           type->nwords - 1 < type->bytes / sizeof(void *);
}

/* More objects of TYPE may follow: their slots are prepared. */
static void expect_more(const gort_type *type)
{
    struct heap_cache *c = worker_self()->proc->heap;
    unsigned spanclass = span_class_of(size_class_by_8[type->bytes / 8], SPAN_TYPED);

    if (c->words[spanclass].type == NULL)
        cache_set_type(c, spanclass, type);
}

/* N elements of TYPE, BYTES in all. */
static void *typed_in_proc(const gort_type *type, size_t n, size_t bytes, uintptr_t pc)
{
    struct span *s = NULL;
    void *p = NULL;

    if (type->nwords == 0)
        return alloc_in_proc(bytes, SPAN_NOSCAN, pc);
    if (bytes > SMALL_MAX_BYTES)
        return alloc_large(bytes, SPAN_TYPED, type, pc);
    p = alloc_in_proc(bytes, SPAN_TYPED, pc);
    s = span_of((uintptr_t)p);
    CHECK(s != NULL);
    span_set_type(s, (uintptr_t)p, type, n);
    if (n == 1 && is_simple(type))
        expect_more(type);
    return p;
}

__attribute__((noinline)) static void *typed_slow(const gort_type *type, size_t n, uintptr_t pc)
{
    size_t all = 0;

    rt_enter("gort_alloc_typed");
    check_type(type);
    if (__builtin_mul_overflow(n, type->bytes, &all))
        all = SIZE_MAX;
    if (n != 1 || all > EXACT_MAX_BYTES)
        all = with_end(all);
    return leave_with(typed_in_proc(type, n, all, pc), pc);
}

/* As gort_alloc_typed, for an object whose slot is one of another type. */
__attribute__((noinline)) static void *typed_anew(const gort_type *type, uintptr_t pc)
{
    struct worker *w = enter_fast();
    struct cache_word *word = NULL;
    char *p = NULL;

    if (type->nwords == 0 && type->bytes <= EXACT_MAX_BYTES)
        return alloc_public("gort_alloc_typed", type->bytes, SPAN_NOSCAN, pc);
    if (UNLIKELY(w == NULL || !is_simple(type)))
        return typed_slow(type, 1, pc);
    word = &w->proc->heap->words[span_class_of(size_class_by_8[type->bytes / 8], SPAN_TYPED)];
    if (UNLIKELY(!fast_take(w->proc->heap, word, &p)))
        return typed_slow(type, 1, pc);
    fast_set_type(word, (uintptr_t)p, span_type_bits(type, 0));
    if (UNLIKELY(fast_must_prepare(word)))
        return prepare_and_leave(word, p, type->bytes, pc);
    return leave_fast_with(w, p, pc);
}

void *gort_alloc_typed(const gort_type *type, size_t n)
{
    struct worker *w = NULL;
    struct cache_word *word = NULL;
    char *p = NULL;

    if (UNLIKELY(n != 1 || type->bytes > EXACT_MAX_BYTES || (w = enter_fast()) == NULL))
        return typed_slow(type, n, CALLER);
    word = &w->proc->heap->words[span_class_of(size_class_by_8[type->bytes / 8], SPAN_TYPED)];
    if (UNLIKELY(word->type != type))
        return typed_anew(type, CALLER);
    if (UNLIKELY(!fast_take(w->proc->heap, word, &p)))
        return typed_slow(type, n, CALLER);
    if (UNLIKELY(fast_must_prepare(word)))
        return prepare_and_leave(word, p, type->bytes, CALLER);
    return leave_fast_with(w, p, CALLER);
}
