/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/arena.h"

#include <sys/mman.h>

#include "base/check.h"
#include "runtime/gcdirty.h"
#include "runtime/sysmem.h"

_Atomic(struct arena *) *arena_map;
_Atomic(uintptr_t) arenas_lo = UINTPTR_MAX;
_Atomic(uintptr_t) arenas_hi;

bool arena_map_init(void)
{
    if (arena_map != NULL)
        return true;
    arena_map = sys_reserve(ARENA_MAP_ENTRIES * sizeof *arena_map, 4096);
    return arena_map != NULL;
}

static void widen_bounds(uintptr_t lo, uintptr_t hi)
{
    if (lo < atomic_load_explicit(&arenas_lo, memory_order_relaxed))
        atomic_store_explicit(&arenas_lo, lo, memory_order_relaxed);
    if (hi > atomic_load_explicit(&arenas_hi, memory_order_relaxed))
        atomic_store_explicit(&arenas_hi, hi, memory_order_relaxed);
}

static void advise(void *p, size_t bytes, enum arena_kind kind)
{
    /* Advice only: kernels without huge pages refuse it. Tables are touched sparsely, and pages
     * that the collector will protect must be small ones. */
    if (kind == ARENA_SCAN)
        sys_advise(p, bytes, MADV_NOHUGEPAGE);
}

static void enter(struct arena *a, uintptr_t base, enum arena_kind kind)
{
    CHECK(base >> 48 == 0 && base % ARENA_BYTES == 0);
    a->base = base;
    a->kind = kind;
    /* Pairs with the acquire in arena_of. */
    atomic_store_explicit(&arena_map[base >> ARENA_SHIFT], a, memory_order_release);
}

struct arena *arena_new_locked(enum arena_kind kind, size_t n)
{
    size_t table_bytes = align_up(sizeof(struct arena), 4096);
    char *memory = NULL;
    char *tables = NULL;

    if (n > SIZE_MAX / 2 / ARENA_BYTES)
        return NULL;
    memory = sys_reserve(n * ARENA_BYTES, ARENA_BYTES);
    if (memory == NULL)
        return NULL;
    tables = sys_reserve(n * table_bytes, 4096);
    if (tables == NULL) {
        CHECK(munmap(memory, n * ARENA_BYTES) == 0);
        return NULL;
    }
    advise(memory, n * ARENA_BYTES, kind);
    advise(tables, n * table_bytes, ARENA_SCAN);
    san_poison(memory, n * ARENA_BYTES);
    san_root_add(memory, n * ARENA_BYTES);
    if (kind == ARENA_SCAN)
        dirty_watch(memory, n * ARENA_BYTES);
    for (size_t i = 0; i < n; i++)
        enter((struct arena *)(void *)(tables + i * table_bytes),
              (uintptr_t)memory + i * ARENA_BYTES, kind);
    widen_bounds((uintptr_t)memory, (uintptr_t)memory + n * ARENA_BYTES);
    return (struct arena *)(void *)tables;
}
