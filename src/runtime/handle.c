/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/handle.h"

#include <inttypes.h>

#include "gort/live.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/records.h"

struct place {
    _Atomic(uintptr_t) value; /* link of the free list, while it is free */
    _Atomic(uint32_t) turn;   /* odd: in use */
    uint32_t unused;
};

static struct records places = RECORDS_INIT(sizeof(struct place));

/* Never 0: a turn that is in use is odd. */
static uint64_t handle_of(const struct place *p, uint32_t turn)
{
    return (uint64_t)turn << 32 | records_number(&places, p);
}

static struct place *place_of(const char *what, uint64_t h)
{
    struct place *p = records_at(&places, (uint32_t)h);
    uint32_t turn = (uint32_t)(h >> 32);

    /* Acquire: pairs with the release in gort_handle_new: the value. */
    if (p == NULL || turn % 2 == 0 || atomic_load_explicit(&p->turn, memory_order_acquire) != turn)
        gort_fatal("%s: %" PRIu64 " is not a handle, or was deleted", what, h);
    return p;
}

uint64_t gort_handle_new(const void *value)
{
    struct worker *w = rt_enter("gort_handle_new");
    struct place *p = records_take(&places);
    uint32_t turn = atomic_load_explicit(&p->turn, memory_order_relaxed) + 1;

    atomic_store_explicit(&p->value, (uintptr_t)value, memory_order_relaxed);
    atomic_store_explicit(&p->turn, turn, memory_order_release);
    rt_leave(w);
    return handle_of(p, turn);
}

void *gort_handle_get(uint64_t h)
{
    const struct place *p = place_of("gort_handle_get", h);

    return (void *)atomic_load_explicit(&p->value, memory_order_relaxed);
}

void gort_handle_delete(uint64_t h)
{
    struct worker *w = rt_enter("gort_handle_delete");
    struct place *p = place_of("gort_handle_delete", h);
    uint32_t turn = (uint32_t)(h >> 32);

    /* Of two that delete the same, one is told. */
    if (!atomic_compare_exchange_strong_explicit(&p->turn, &turn, turn + 1, memory_order_relaxed,
                                                 memory_order_relaxed))
        gort_fatal("gort_handle_delete: %" PRIu64 " is not a handle, or was deleted", h);
    atomic_store_explicit(&p->value, 0, memory_order_relaxed);
    records_give(&places, p);
    rt_leave(w);
}

uint64_t gort_handle_count(void)
{
    return atomic_load_explicit(&places.inuse, memory_order_relaxed);
}

uint32_t handle_pieces(void)
{
    return atomic_load_explicit(&places.nchunks, memory_order_acquire);
}

/* Links of the free list and numbers are scanned too: none is an address in the heap. */
void handle_scan(uint32_t i, world_scan_fn scan, void *ctx)
{
    uint32_t n = 0;
    const struct place *p = records_chunk(&places, i, &n);

    scan(ctx, p, p + n);
}
