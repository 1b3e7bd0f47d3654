/* SPDX-License-Identifier: MIT */
/* arena.h - 64 MiB of heap and what is known of its pages; from any address to the object there.
 * An arena holds pages of one kind: those that are searched for references, or those that are not.
 * Pointer-free arenas may use huge pages and are never touched by the collector.
 *
 * Beside it, at fixed places reckoned from the page, lie its tables:
 *   desc   two bytes a page: the span class + 1 and how far the page is from the first of its span.
 *          With the constants of the class that is all that is needed to go from an address to
 *          an object, so the mark loop never touches a span's record.
 *   bits   for 64 objects each, the mark word and the allocation word side by side, in one cache
 *          line: a span's are those of its first page.
 *   types  128 bytes a page: spans of typed objects keep here what their words are (span.h).
 *   specials  128 bytes a page: lists of what is attached to objects, by where they begin
 *          (special.h).
 *
 * Pages in no span to which the last mark has found a word that looks like a reference are noted as
 * stray: a large object there would most likely be kept by that word, and all that it refers to.
 *
 * Tables are address space; only what belongs to pages in use is ever touched.
 *
 * Threads: arena_of may be called by anyone; desc and spans of a page change only while nobody may
 * refer to objects of it. A mark that runs beside the program may look at them all the same.
 * Source: Go's heapArena; Whippet's side tables; Boehm, Space Efficient Conservative Garbage
 * Collection (1993), for the stray words. */
#ifndef RUNTIME_ARENA_H
#define RUNTIME_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "runtime/san.h"
#include "runtime/sizeclass.h"

#define ARENA_SHIFT       26u
#define ARENA_BYTES       ((size_t)1 << ARENA_SHIFT)
#define ARENA_PAGES       (ARENA_BYTES / HEAP_PAGE_BYTES)
#define ARENA_MAP_ENTRIES ((size_t)1 << (48 - ARENA_SHIFT))
#define PAGE_BIT_WORDS    (SPAN_MAX_OBJECTS / 64)
#define PAGE_TYPE_WORDS   (HEAP_PAGE_BYTES / 64 / sizeof(uint64_t))

#define SPECIAL_STRETCH_BYTES ((size_t)512) /* of heap for a list of specials */
#define PAGE_SPECIALS         (HEAP_PAGE_BYTES / SPECIAL_STRETCH_BYTES)
#define SPECIAL_PAGE_BYTES    ((size_t)4096) /* of their table, by which it is counted */
#define SPECIAL_TABLE_PAGES   (ARENA_PAGES * PAGE_SPECIALS * sizeof(void *) / SPECIAL_PAGE_BYTES)

enum arena_kind { ARENA_SCAN, ARENA_NOSCAN, ARENA_KINDS };

struct object_bits {
    _Atomic(uint64_t) mark; /* reached in this cycle; all zero outside a mark and its sweep */
    uint64_t alloc;         /* holds an object, or is in a proc's cache; [owner] of the span, read
                               by the mark, too */
};

struct span;
struct special;

struct arena {
    uintptr_t base;                      /* [const] */
    enum arena_kind kind;                /* [const] */
    uint32_t npages;                     /* first pages that came into use so far; [lock:heap] */
    uint64_t free[ARENA_PAGES / 64];     /* in no span; [lock:heap] */
    uint64_t released[ARENA_PAGES / 64]; /* free, and zero when touched; [lock:heap] */
    _Atomic(uint64_t) marked[ARENA_PAGES / 64]; /* hold marked objects: gcmarked.h; [atomic] */
    _Atomic(uint64_t) stray[ARENA_PAGES / 64]; /* see above; cleared [stw]; [atomic] */
    _Atomic(uint32_t) has_strays;              /* 1: some bit is set; as stray */
    uint16_t desc[ARENA_PAGES];                /* 0: in no span; [owner] of the span */
    struct span *spans[ARENA_PAGES];           /* [owner] of the span */
    struct object_bits bits[ARENA_PAGES][PAGE_BIT_WORDS];
    uint64_t types[ARENA_PAGES][PAGE_TYPE_WORDS]; /* [owner] of the span */
    struct special *specials[ARENA_PAGES][PAGE_SPECIALS]; /* [lock: the span's in special.c] */
    _Atomic(uint64_t) special_pages[SPECIAL_TABLE_PAGES / 64]; /* counted so far; [atomic] */
};

/* The arena of each 64 MiB of the address space, or NULL. [const] pointer, [atomic] entries. */
extern _Atomic(struct arena *) *arena_map;

/* Every arena lies in [arenas_lo, arenas_hi). Only grows; [atomic]. */
extern _Atomic(uintptr_t) arenas_lo;
extern _Atomic(uintptr_t) arenas_hi;

/* Makes the empty map; false if the system refuses. */
bool arena_map_init(void);

/* Reserves N neighbouring arenas of KIND and enters them in the map; the first, or NULL if the
 * system refuses. Nothing of them is counted yet. Lock: HEAP is held. */
struct arena *arena_new_locked(enum arena_kind kind, size_t n);

/* The arena of ADDR, or NULL. */
static inline NO_SANITIZE_READS struct arena *arena_of(uintptr_t addr)
{
    if (addr >> 48 != 0)
        return NULL;
    return atomic_load_explicit(&arena_map[addr >> ARENA_SHIFT], memory_order_acquire);
}

static inline NO_SANITIZE_READS size_t arena_page_of(uintptr_t addr)
{
    return addr >> HEAP_PAGE_SHIFT & (ARENA_PAGES - 1);
}

/* A word points to PAGE of A, which is in no span. A mark. */
static inline NO_SANITIZE_READS void arena_note_stray(struct arena *a, size_t page)
{
    atomic_fetch_or_explicit(&a->stray[page / 64], UINT64_C(1) << (page % 64),
                             memory_order_relaxed);
    atomic_store_explicit(&a->has_strays, 1, memory_order_relaxed);
}

/* desc of PAGE; spans and the bits of what it tells of can be read after it, also while the page
 * comes into use. Acquire: pairs with the release in span_open. */
static inline NO_SANITIZE_READS unsigned arena_desc(const struct arena *a, size_t page)
{
    return __atomic_load_n(&a->desc[page], __ATOMIC_ACQUIRE);
}

/* Memory of the tables that N pages need. */
static inline size_t arena_table_bytes(size_t npages)
{
    return npages *
           (sizeof(uint16_t) + sizeof(struct span *) + PAGE_BIT_WORDS * sizeof(struct object_bits) +
            PAGE_TYPE_WORDS * sizeof(uint64_t));
}

#endif
