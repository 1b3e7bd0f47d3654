/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcborn.h"

#include "runtime/gcmark.h"

void born_taken(struct span *s, unsigned word, uint64_t bits)
{
    uint64_t before = atomic_fetch_or_explicit(&span_bits(s)[word].mark, bits,
                                               memory_order_relaxed);

    /* What a word that is no reference has marked already is counted there. */
    mark_count_born((int64_t)(bits_count(bits & ~before) * s->elem_bytes));
}

void born_returned(struct span *s, unsigned word, uint64_t bits)
{
    atomic_fetch_and_explicit(&span_bits(s)[word].mark, ~bits, memory_order_relaxed);
    mark_count_born(-(int64_t)(bits_count(bits) * s->elem_bytes));
}
