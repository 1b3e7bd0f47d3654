/* SPDX-License-Identifier: MIT */
/* gcmarked.h - on which pages of the heap marked objects lie, or parts of them.
 * A mark beside the program has to know of these, and only of these, whether they were written: an
 * object that is marked later is searched then, with all that has been stored in it. To ask the
 * kernel about a page costs one or two nanoseconds, all of them in the last stop; in a heap that
 * has doubled since the last collection half of the pages hold nothing but garbage.
 * Most objects are marked before anybody asks. Their pages are gathered at once, from the mark
 * bits; from then on whoever marks an object notes its pages.
 * Invariant: from marked_gather on, all pages of marked objects that may hold references are noted
 * when a part of the mark ends, those of newborn ones before the program gets them. Outside a cycle
 * nothing is noted. The last stop needs to note nothing that it marks itself.
 * Threads: marked_note by who marks, at any time; the others as they say. */
#ifndef RUNTIME_GCMARKED_H
#define RUNTIME_GCMARKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "runtime/arena.h"

/* As marked_note, for what lies on several pages. */
void marked_note_pages(uintptr_t lo, uintptr_t hi);

/* What lies in [LO, HI), not empty, in memory of the heap, is marked. */
static inline NO_SANITIZE_READS void marked_note(uintptr_t lo, uintptr_t hi)
{
    size_t page = arena_page_of(lo);
    uint64_t bit = UINT64_C(1) << (page % 64);
    _Atomic(uint64_t) *word = NULL;

    if (UNLIKELY((lo ^ (hi - 1)) >> HEAP_PAGE_SHIFT != 0)) {
        marked_note_pages(lo, hi);
        return;
    }
    word = &arena_of(lo)->marked[page / 64];
    if ((atomic_load_explicit(word, memory_order_relaxed) & bit) == 0)
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
}

/* Notes all that is marked. Whoever marks from now on notes it, too. The owner of the cycle,
 * between two parts of the mark. */
void marked_gather(void);

/* Whether it has been called: for who joins a part of the mark. */
bool marked_is_on(void);

/* The first page in [FROM, TO) of A that is noted, or that is not; TO: none. What is noted at the
 * same time may be found or not. */
size_t marked_next(const struct arena *a, size_t from, size_t to);
size_t marked_next_not(const struct arena *a, size_t from, size_t to);

/* Forgets all. The owner of the cycle, when the mark has ended. */
void marked_forget(void);

#endif
