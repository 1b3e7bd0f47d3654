/* SPDX-License-Identifier: MIT */
/* specialgc.c - special.h for the collector: what records keep, and what becomes of them when their
 * object is out of reach. */
#include "config.h"

#include "base/bits.h"
#include "base/check.h"
#include "runtime/due.h"
#include "runtime/gc.h"
#include "runtime/specials.h"

#define WORD_BYTES sizeof(uintptr_t)

/* ---- marks ---- */

static struct object_bits *bits_of(const struct span *s, uintptr_t base, uint64_t *bit)
{
    size_t i = span_slot_of(s, base);

    *bit = UINT64_C(1) << (i % 64);
    return &span_bits(s)[i / 64];
}

bool special_is_marked(const struct span *s, uintptr_t base)
{
    uint64_t bit = 0;
    const struct object_bits *b = bits_of(s, base, &bit);

    return (atomic_load_explicit(&b->mark, memory_order_relaxed) & bit) != 0;
}

/* The object at BASE, whose finalizer is due, lives on; all that it refers to has marks already. */
static void revive(const struct span *s, uintptr_t base)
{
    uint64_t bit = 0;
    struct object_bits *b = bits_of(s, base, &bit);

    if ((atomic_fetch_or_explicit(&b->mark, bit, memory_order_relaxed) & bit) == 0)
        gc_count_alloc(s->elem_bytes);
}

void special_marked(void)
{
    atomic_fetch_add_explicit(&special_cycle, 1, memory_order_relaxed);
}

/* ---- what comes off the objects of a span ---- */

struct settled {
    struct special *freed;
    struct due_list finalizers;
    struct due_list cleanups;
};

static void settled_end(struct settled *out)
{
    while (out->freed != NULL) {
        struct special *s = out->freed;

        out->freed = s->next;
        special_free(s);
    }
    due_push(DUE_FINALIZERS, &out->finalizers);
    due_push(DUE_CLEANUPS, &out->cleanups);
}

static void drop_locked(struct settled *out, struct special *s)
{
    if (special_kind_of(s) == SPECIAL_WEAK)
        /* Relaxed: the object's memory is used again only after the lock was let go of. */
        atomic_store_explicit(&special_weak_of(s)->target, 0, memory_order_relaxed);
    s->next = out->freed;
    out->freed = s;
}

static void make_due_locked(struct settled *out, struct special *s)
{
    if (special_kind_of(s) == SPECIAL_FINALIZER) {
        special_set_kind(s, SPECIAL_DUE_FINALIZER);
        due_list_add(&out->finalizers, s);
    } else {
        special_set_kind(s, SPECIAL_DUE_CLEANUP);
        due_list_add(&out->cleanups, s);
    }
}

/* ---- sweeping ---- */

static void keep_locked(const struct special *s)
{
    if (special_kind_of(s) == SPECIAL_WEAK)
        /* Release: pairs with the acquire in is_known_alive. */
        atomic_store_explicit(&special_weak_of(s)->alive,
                              atomic_load_explicit(&special_cycle, memory_order_relaxed),
                              memory_order_release);
}

/* Takes the records of KIND off the objects in the list at LINK that have no mark. */
static void settle_locked(struct span *span, struct special **link, enum special_kind kind,
                          struct settled *out)
{
    while (*link != NULL) {
        struct special *s = *link;
        uintptr_t base = atomic_load_explicit(&s->object, memory_order_relaxed);

        if (special_kind_of(s) != kind) {
            link = &s->next;
        } else if (special_is_marked(span, base)) {
            keep_locked(s);
            link = &s->next;
        } else if (kind == SPECIAL_WEAK) {
            drop_locked(out, special_detach_locked(span, link));
        } else {
            make_due_locked(out, special_detach_locked(span, link));
            if (kind == SPECIAL_FINALIZER)
                revive(span, base);
        }
    }
}

/* In this order: an object that is to be finalized has lost its weak pointers and keeps its
 * cleanups. */
static void settle_all_locked(struct span *span, struct special **list, struct settled *out)
{
    if (*list == NULL)
        return;
    settle_locked(span, list, SPECIAL_WEAK, out);
    settle_locked(span, list, SPECIAL_FINALIZER, out);
    settle_locked(span, list, SPECIAL_CLEANUP, out);
}

void special_sweep(struct span *s)
{
    struct settled out = {0};
    size_t npages = span_classes[s->spanclass].bytes == 0 ? 1 : s->npages;

    lock_take(special_lock_of(s));
    for (size_t i = 0; i < npages; i++)
        for (size_t k = 0; k < PAGE_SPECIALS; k++)
            settle_all_locked(s, &s->arena->specials[s->first_page + i][k], &out);
    lock_release(special_lock_of(s));
    settled_end(&out);
}

void special_freed(struct span *s, uintptr_t base)
{
    struct settled out = {0};
    struct special **link = special_list(s, base);

    lock_take(special_lock_of(s));
    while (*link != NULL) {
        if (atomic_load_explicit(&(*link)->object, memory_order_relaxed) != base)
            link = &(*link)->next;
        else if (special_kind_of(*link) == SPECIAL_CLEANUP)
            make_due_locked(&out, special_detach_locked(s, link));
        else
            drop_locked(&out, special_detach_locked(s, link));
    }
    lock_release(special_lock_of(s));
    settled_end(&out);
}

bool special_is_awaited(void)
{
    return gc_phase() == GC_SWEEP &&
           atomic_load_explicit(&special_records.inuse, memory_order_relaxed) != 0;
}

/* ---- roots ---- */

uint32_t special_pieces(void)
{
    return atomic_load_explicit(&special_records.nchunks, memory_order_acquire);
}

/* The words of the object at BASE that are references, one by one. */
NO_SANITIZE_READS static void scan_bits(uintptr_t base, uint64_t bits, uintptr_t end,
                                        world_scan_fn scan, void *ctx)
{
    for (; bits != 0; bits &= bits - 1) {
        uintptr_t word = base + bits_lowest(bits) * WORD_BYTES;

        if (word + WORD_BYTES <= end)
            scan(ctx, (const void *)word, (const void *)(word + WORD_BYTES));
    }
}

NO_SANITIZE_READS static void scan_typed(const struct span *s, uintptr_t base, world_scan_fn scan,
                                         void *ctx)
{
    uintptr_t end = base + s->elem_bytes;
    const gort_type *type = NULL;

    if (s->elem_bytes <= SPAN_BITMAP_MAX_BYTES) {
        scan_bits(base, arena_ptr_bits(s->arena, base), end, scan, ctx);
        return;
    }
    type = span_type_of(s, span_slot_of(s, base));
    for (uintptr_t element = base; element < end; element += type->bytes)
        for (size_t w = 0; w < type->nwords; w += 64)
            scan_bits(element + w * WORD_BYTES, span_type_bits(type, w / 64), end, scan, ctx);
}

/* What the object at BASE refers to. One that has a mark is or was searched as any other. */
NO_SANITIZE_READS static void scan_object(uintptr_t base, world_scan_fn scan, void *ctx)
{
    const struct span *s = span_of(base);

    if (s == NULL || special_is_marked(s, base))
        return;
    switch (span_kind_of(s)) {
    case SPAN_CONSERVATIVE:
        scan(ctx, (const void *)base, (const void *)(base + s->elem_bytes));
        return;
    case SPAN_TYPED:
        scan_typed(s, base, scan, ctx);
        return;
    case SPAN_NOSCAN:
    case SPAN_KINDS:
        return;
    }
}

static void scan_word(_Atomic(void *) *word, world_scan_fn scan, void *ctx)
{
    scan(ctx, word, word + 1);
}

static void scan_record(struct special *s, world_scan_fn scan, void *ctx)
{
    uintptr_t object = 0;

    /* Acquire: pairs with the release in record_new: its other words. */
    switch (special_kind_in(atomic_load_explicit(&s->word, memory_order_acquire))) {
    case SPECIAL_FREE:
    case SPECIAL_STOPPED:
        return;
    case SPECIAL_CLEANUP:
    case SPECIAL_DUE_CLEANUP:
    case SPECIAL_WEAK:
        scan_word(&s->arg, scan, ctx);
        return;
    case SPECIAL_FINALIZER:
        scan_object(atomic_load_explicit(&s->object, memory_order_relaxed), scan, ctx);
        return;
    case SPECIAL_DUE_FINALIZER:
        object = atomic_load_explicit(&s->object, memory_order_relaxed);
        scan(ctx, &object, &object + 1);
        return;
    }
}

void special_scan(uint32_t i, world_scan_fn scan, void *ctx)
{
    uint32_t n = 0;
    struct special *s = records_chunk(&special_records, i, &n);

    for (uint32_t k = 0; k < n; k++)
        scan_record(&s[k], scan, ctx);
}

void special_scan_weak(uint32_t i, world_scan_fn scan, void *ctx)
{
    uint32_t n = 0;
    struct special *s = records_chunk(&special_records, i, &n);

    for (uint32_t k = 0; k < n; k++) {
        uintptr_t object = 0;

        /* Acquire: as in scan_record. */
        if (special_kind_in(atomic_load_explicit(&s[k].word, memory_order_acquire)) != SPECIAL_WEAK)
            continue;
        object = atomic_load_explicit(&s[k].object, memory_order_relaxed);
        scan(ctx, &object, &object + 1);
    }
}

/* ---- calls ---- */

bool special_take_call(struct special *s, struct special_call *call)
{
    uint64_t word = special_word(s);
    bool finalizes = special_kind_in(word) == SPECIAL_DUE_FINALIZER;
    bool taken = special_kind_in(word) != SPECIAL_STOPPED &&
                 atomic_compare_exchange_strong_explicit(
                     &s->word, &word, special_word_as(word, SPECIAL_FREE), memory_order_relaxed,
                     memory_order_relaxed);

    call->fn = s->fn;
    call->arg = finalizes ? (void *)s->addr : atomic_load_explicit(&s->arg, memory_order_relaxed);
    special_free(s);
    return taken;
}
