/* SPDX-License-Identifier: MIT */
/* bufferpool.c - pools of buffers, by size.
 * A buffer serves the tier whose size it has at least, so that one that has grown in use serves a
 * higher one than it came from. */
#include "config.h"

#include "base/bits.h"
#include "base/check.h"
#include "gort/pool.h"
#include "runtime/alloc.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"

#define TIER_MIN_BYTES ((size_t)64)
#define TIER_MAX_BYTES (TIER_MIN_BYTES << (GORT_BUFFER_TIERS - 1))
#define CALLER         ((uintptr_t)__builtin_return_address(0))

/* The tier of buffers of up to BYTES, which is not above the last one's. */
static unsigned tier_above(size_t bytes)
{
    return bytes <= TIER_MIN_BYTES ? 0 : bits_highest(bytes - 1) + 1 - bits_highest(TIER_MIN_BYTES);
}

/* A byte more than is used, so that an address just behind the end still lies in the object. */
static void *new_buffer(size_t bytes, uintptr_t pc)
{
    void *p;

    rt_enter("gort_buffer_get");
    p = heap_alloc(bytes == SIZE_MAX ? bytes : bytes + 1, ALLOC_NOSCAN, pc);
    rt_leave_to(worker_self(), pc);
    return p;
}

void *gort_buffer_get(gort_buffer_pool *bp, size_t bytes, size_t *capacity)
{
    unsigned tier;
    void *buf;

    *capacity = bytes;
    if (bytes > TIER_MAX_BYTES)
        return new_buffer(bytes, CALLER);
    tier = tier_above(bytes);
    *capacity = TIER_MIN_BYTES << tier;
    buf = gort_pool_get(&bp->gort_tiers[tier]);
    return buf != NULL ? buf : new_buffer(*capacity, CALLER);
}

void gort_buffer_put(gort_buffer_pool *bp, void *buf, size_t capacity)
{
    unsigned tier;

    if (buf == NULL || capacity < TIER_MIN_BYTES || capacity > TIER_MAX_BYTES)
        return;
    tier = tier_above(capacity);
    if (TIER_MIN_BYTES << tier > capacity)
        tier--;
    gort_pool_put(&bp->gort_tiers[tier], buf);
}

void gort_buffer_fini(gort_buffer_pool *bp)
{
    for (unsigned i = 0; i < GORT_BUFFER_TIERS; i++)
        gort_pool_fini(&bp->gort_tiers[i]);
}
