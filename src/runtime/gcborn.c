/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcborn.h"

#include "runtime/gcmark.h"
#include "runtime/gcmarked.h"

/* The slots of WORD of S from the first of BITS to the last: no wider than need be, so that those
 * of a span whose free slots are few are few pages. */
static void note_pages(const struct span *s, unsigned word, uint64_t bits)
{
    uintptr_t base = s->base + (uintptr_t)word * 64 * s->elem_bytes;

    marked_note(base + bits_lowest(bits) * s->elem_bytes,
                base + (bits_highest(bits) + (uintptr_t)1) * s->elem_bytes);
}

void born_taken(struct span *s, unsigned word, uint64_t bits)
{
    uint64_t before = atomic_fetch_or_explicit(&span_bits(s)[word].mark, bits,
                                               memory_order_relaxed);

    if (span_kind_of(s) != SPAN_NOSCAN)
        note_pages(s, word, bits);
    /* What a word that is no reference has marked already is counted there. */
    mark_count_born((int64_t)(bits_count(bits & ~before) * s->elem_bytes));
}

void born_returned(struct span *s, unsigned word, uint64_t bits)
{
    atomic_fetch_and_explicit(&span_bits(s)[word].mark, ~bits, memory_order_relaxed);
    mark_count_born(-(int64_t)(bits_count(bits) * s->elem_bytes));
}
