/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/arenaindex.h"

#include <string.h>

#include "base/check.h"
#include "runtime/pagebits.h"
#include "runtime/sysmem.h"

bool arenaindex_init(struct arena_index *index)
{
    if (index->slots == NULL)
        index->slots = sys_reserve(ARENAS_MAX * sizeof *index->slots, 4096);
    return index->slots != NULL;
}

void arenaindex_add(struct arena_index *index, struct arena *a)
{
    size_t at = index->count;

    DCHECK(index->count < ARENAS_MAX);
    while (at > 0 && index->slots[at - 1].arena->base > a->base)
        at--;
    memmove(&index->slots[at + 1], &index->slots[at], (index->count - at) * sizeof index->slots[0]);
    index->slots[at] = (struct arena_slot){.arena = a};
    index->count++;
}

static struct arena_slot *slot_of(struct arena_index *index, const struct arena *a)
{
    size_t lo = 0;
    size_t hi = index->count;

    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;

        if (index->slots[mid].arena->base <= a->base)
            lo = mid;
        else
            hi = mid;
    }
    DCHECK(index->slots[lo].arena == a);
    return &index->slots[lo];
}

void arenaindex_freed(struct arena_index *index, const struct arena *a, size_t page)
{
    struct arena_slot *slot = slot_of(index, a);

    slot->longest = max_size(slot->longest, pagebits_run_around(a->free, ARENA_PAGES, page));
}

/* ---- free runs ---- */

static size_t find_any(struct arena_slot *slot, size_t npages)
{
    size_t longest = 0;
    size_t page = pagebits_find(slot->arena->free, ARENA_PAGES, npages, &longest);

    if (page == PAGEBITS_NONE)
        slot->longest = longest;
    return page;
}

static size_t find_without_strays(const struct arena *a, size_t npages)
{
    uint64_t good[ARENA_PAGES / 64];
    size_t longest = 0;

    for (size_t w = 0; w < ARRAY_COUNT(good); w++)
        good[w] = a->free[w] & ~atomic_load_explicit(&a->stray[w], memory_order_relaxed);
    return pagebits_find(good, ARENA_PAGES, npages, &longest);
}

uintptr_t arenaindex_find(struct arena_index *index, size_t npages, enum arena_strays strays)
{
    for (size_t i = 0; i < index->count; i++) {
        struct arena_slot *slot = &index->slots[i];
        struct arena *a = slot->arena;
        bool avoid = strays == STRAYS_AVOIDED &&
                     atomic_load_explicit(&a->has_strays, memory_order_relaxed) != 0;
        size_t page = 0;

        if (slot->longest < npages)
            continue;
        page = avoid ? find_without_strays(a, npages) : find_any(slot, npages);
        if (page != PAGEBITS_NONE)
            return a->base + page * HEAP_PAGE_BYTES;
    }
    return 0;
}

/* Whether no page of the arena in SLOT is in a span. */
static bool is_empty(const struct arena_slot *slot)
{
    const struct arena *a = slot->arena;

    return slot->longest >= a->npages && pagebits_count(a->free, 0, a->npages) == a->npages;
}

uintptr_t arenaindex_find_empty(const struct arena_index *index, size_t n)
{
    size_t run = 0;

    for (size_t i = 0; i < index->count; i++) {
        const struct arena_slot *slot = &index->slots[i];

        if (run > 0 && slot->arena->base != slot[-1].arena->base + ARENA_BYTES)
            run = 0;
        run = is_empty(slot) ? run + 1 : 0;
        if (run == n)
            return slot[1 - (ptrdiff_t)n].arena->base;
    }
    return 0;
}

void arenaindex_forget_strays(struct arena_index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        struct arena *a = index->slots[i].arena;

        if (atomic_load_explicit(&a->has_strays, memory_order_relaxed) == 0)
            continue;
        for (size_t w = 0; w < ARENA_PAGES / 64; w++)
            atomic_store_explicit(&a->stray[w], 0, memory_order_relaxed);
        atomic_store_explicit(&a->has_strays, 0, memory_order_relaxed);
    }
}
