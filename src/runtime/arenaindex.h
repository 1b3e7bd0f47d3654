/* SPDX-License-Identifier: MIT */
/* arenaindex.h - the arenas of one kind in order of address, and the free runs of pages in them.
 * Each arena has an upper bound of its longest free run, lowered by a search that fails and raised
 * by what is freed: most arenas are passed over without a look at their bits.
 * Threads: the caller holds HEAP. */
#ifndef RUNTIME_ARENAINDEX_H
#define RUNTIME_ARENAINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/arena.h"

#define ARENAS_MAX ((size_t)1 << 16) /* of one kind: 4 TiB */

struct arena_slot {
    struct arena *arena;
    size_t longest; /* no free run in it is longer */
};

struct arena_index {
    struct arena_slot *slots; /* in order of address; [const] */
    size_t count;
};

/* Makes an empty index; false if the system refuses. More than once is harmless. */
bool arenaindex_init(struct arena_index *index);

/* Adds A, of which no page is free yet. There is room for ARENAS_MAX. */
void arenaindex_add(struct arena_index *index, struct arena *a);

/* Pages of A, PAGE among them, have come free. */
void arenaindex_freed(struct arena_index *index, const struct arena *a, size_t page);

/* The address of the lowest run of NPAGES free pages within one arena; 0 if there is none. With
 * STRAYS_AVOIDED, none of the pages is noted as stray. */
enum arena_strays { STRAYS_TAKEN, STRAYS_AVOIDED };
uintptr_t arenaindex_find(struct arena_index *index, size_t npages, enum arena_strays strays);

/* The address of the lowest run of N neighbouring arenas no page of which is in a span; 0 if there
 * is none. */
uintptr_t arenaindex_find_empty(const struct arena_index *index, size_t n);

/* No page is noted as stray any more. [stw] */
void arenaindex_forget_strays(struct arena_index *index);

#endif
