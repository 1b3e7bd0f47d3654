/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcmarked.h"

#include "runtime/span.h"

static _Atomic(uint32_t) is_on; /* 1: who marks has to note it; [owner] of the cycle writes it */

NO_SANITIZE_READS void marked_note_pages(uintptr_t lo, uintptr_t hi)
{
    uintptr_t next = 0;

    for (; lo < hi; lo = next) {
        next = min_size(align_down(lo, HEAP_PAGE_BYTES) + HEAP_PAGE_BYTES, hi);
        marked_note(lo, next);
    }
}

bool marked_is_on(void)
{
    return atomic_load_explicit(&is_on, memory_order_relaxed) != 0;
}

/* ---- all arenas ---- */

static void for_arenas(void (*fn)(struct arena *a))
{
    size_t lo = atomic_load_explicit(&arenas_lo, memory_order_relaxed) >> ARENA_SHIFT;
    size_t hi = atomic_load_explicit(&arenas_hi, memory_order_relaxed) >> ARENA_SHIFT;

    for (size_t i = lo; i < hi; i++) {
        struct arena *a = arena_of(i << ARENA_SHIFT);

        if (a != NULL && a->kind == ARENA_SCAN)
            fn(a);
    }
}

/* Whether an object is marked in the span that PAGE of A, whose description is DESC, belongs to. */
NO_SANITIZE_READS static bool is_any_marked(const struct arena *a, size_t page, unsigned desc)
{
    const struct span_class *class = &span_classes[(desc & 0xff) - 1];
    const struct object_bits *bits = a->bits[page - (desc >> 8)];

    if (class->bytes == 0)
        bits = span_bits(a->spans[page]);
    for (unsigned w = 0; w * 64 < class->nelems; w++)
        if (atomic_load_explicit(&bits[w].mark, memory_order_relaxed) != 0)
            return true;
    return false;
}

static uint64_t gather_word(const struct arena *a, size_t w)
{
    uint64_t marked = 0;

    for (size_t i = 0; i < 64; i++) {
        unsigned desc = arena_desc(a, w * 64 + i);

        if (desc != 0 && is_any_marked(a, w * 64 + i, desc))
            marked |= UINT64_C(1) << i;
    }
    return marked;
}

static void gather(struct arena *a)
{
    for (size_t w = 0; w < ARENA_PAGES / 64; w++) {
        uint64_t marked = gather_word(a, w);

        if (marked != 0) /* others, of newborn objects, may be noted at the same time */
            atomic_fetch_or_explicit(&a->marked[w], marked, memory_order_relaxed);
    }
}

void marked_gather(void)
{
    atomic_store_explicit(&is_on, 1, memory_order_relaxed);
    for_arenas(gather);
}

static void forget(struct arena *a)
{
    for (size_t w = 0; w < ARENA_PAGES / 64; w++)
        atomic_store_explicit(&a->marked[w], 0, memory_order_relaxed);
}

void marked_forget(void)
{
    atomic_store_explicit(&is_on, 0, memory_order_relaxed);
    for_arenas(forget);
}

/* ---- searching ---- */

/* The first page in [FROM, TO) whose bit differs from those of LIKE, 0 or all ones. */
static size_t next_unlike(const struct arena *a, uint64_t like, size_t from, size_t to)
{
    for (size_t page = from; page < to; page = align_down(page, 64) + 64) {
        uint64_t word = atomic_load_explicit(&a->marked[page / 64], memory_order_relaxed) ^ like;

        word &= UINT64_MAX << (page % 64);
        if (word != 0)
            return min_size(align_down(page, 64) + bits_lowest(word), to);
    }
    return to;
}

size_t marked_next(const struct arena *a, size_t from, size_t to)
{
    return next_unlike(a, 0, from, to);
}

size_t marked_next_not(const struct arena *a, size_t from, size_t to)
{
    return next_unlike(a, UINT64_MAX, from, to);
}
