/* SPDX-License-Identifier: MIT */
/* specials.h - what special.c (the program's side) and specialgc.c (the collector's) share, and
 * nobody else includes. */
#ifndef RUNTIME_SPECIALS_H
#define RUNTIME_SPECIALS_H

#include "runtime/lock.h"
#include "runtime/records.h"
#include "runtime/special.h"

#define SPECIAL_LOCKS        64u
#define SPECIAL_KIND_BITS    8u
#define SPECIAL_SERIAL_SHIFT 16u

extern struct records special_records;
extern _Atomic(uint32_t) special_cycle; /* marks done so far; changes in a pause */

struct special_lock {
    _Alignas(CACHE_LINE_BYTES) struct lock lock;
};
extern struct special_lock special_locks[SPECIAL_LOCKS];

/* ---- the word of a record: kind in the low byte, number of the lock in the next, serial number
 * above ---- */

static inline uint64_t special_word(const struct special *s)
{
    return atomic_load_explicit(&s->word, memory_order_relaxed);
}

static inline enum special_kind special_kind_in(uint64_t word)
{
    return (enum special_kind)(word & ((1u << SPECIAL_KIND_BITS) - 1));
}

static inline enum special_kind special_kind_of(const struct special *s)
{
    return special_kind_in(special_word(s));
}

static inline uint64_t special_word_as(uint64_t word, enum special_kind kind)
{
    return (word & ~((UINT64_C(1) << SPECIAL_KIND_BITS) - 1)) | kind;
}

static inline void special_set_kind(struct special *s, enum special_kind kind)
{
    atomic_store_explicit(&s->word, special_word_as(special_word(s), kind), memory_order_relaxed);
}

/* ---- places ---- */

static inline uint32_t special_lock_number(const struct span *s)
{
    return (uint32_t)(s->base >> HEAP_PAGE_SHIFT) & (SPECIAL_LOCKS - 1);
}

static inline struct lock *special_lock_of(const struct span *s)
{
    return &special_locks[special_lock_number(s)].lock;
}

/* The list for the objects of SPAN that begin where BASE does. */
static inline struct special **special_list(const struct span *span, uintptr_t base)
{
    size_t stretch = (base & (HEAP_PAGE_BYTES - 1)) / SPECIAL_STRETCH_BYTES;

    return &span->arena->specials[arena_page_of(base)][stretch];
}

/* The place of the object at ADDR; false if there is none. */
bool special_find_place(uintptr_t addr, struct special_place *at);

/* Whether this cycle's mark has reached the object at BASE in S. Until S is swept. */
bool special_is_marked(const struct span *s, uintptr_t base);

/* ---- records ---- */

/* Takes the record at LINK off an object of SPAN. Lock: that of SPAN is held. */
struct special *special_detach_locked(struct span *span, struct special **link);

/* Frees S, which is in no list. */
void special_free(struct special *s);

static inline struct gort_weak *special_weak_of(const struct special *s)
{
    return atomic_load_explicit(&s->arg, memory_order_relaxed);
}

#endif
