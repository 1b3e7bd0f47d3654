/* SPDX-License-Identifier: MIT */
/* allocfast.h - the fast way from a size to an object, to be inlined where objects are made.
 * It takes a bit from the cache's word of the size and kind. All that is rare makes it give up: the
 * word is empty, the object is to be sampled, or it is large.
 * A slot is zero when it is given out. Fresh memory is known to be; other slots are cleared as a
 * whole, because what lies behind the requested bytes is searched for references too.
 * Threads: the holder of the proc, in the runtime. */
#ifndef RUNTIME_ALLOCFAST_H
#define RUNTIME_ALLOCFAST_H

#include <string.h>

#include "base/check.h"
#include "runtime/cache.h"
#include "runtime/san.h"

/* Takes a slot of W; false if that takes the slow way. The slot is not cleared yet. */
static ALWAYS_INLINE bool fast_take(struct heap_cache *c, struct cache_word *w, char **p)
{
    int64_t sample_left = c->sample_left - w->bytes;
    uint64_t bits = atomic_load_explicit(&w->bits, memory_order_relaxed);

    if (UNLIKELY(sample_left < 0 || bits == 0))
        return false;
    atomic_store_explicit(&w->bits, bits & (bits - 1), memory_order_relaxed);
    c->sample_left = sample_left;
    *p = (char *)(w->base + (uintptr_t)bits_lowest(bits) * w->bytes);
    return true;
}

/* Whether fast_prepare has something to do. */
static ALWAYS_INLINE bool fast_must_prepare(const struct cache_word *w)
{
    return SAN_ADDRESS || w->needzero;
}

/* The slot at P, of W, becomes an object of BYTES. */
static inline void *fast_prepare(const struct cache_word *w, char *p, size_t bytes)
{
    if (SAN_ADDRESS)
        san_unpoison(p, w->bytes);
    if (w->needzero)
        memset(p, 0, w->bytes);
    if (SAN_ADDRESS)
        san_poison(p + bytes, w->bytes - bytes);
    return p;
}

/* The slot at ADDR, of W's class of 8 to 512 bytes, gets BITS, of which those behind its end are 0,
 * as the bits of its words. */
static ALWAYS_INLINE void fast_set_type(const struct cache_word *w, uintptr_t addr, uint64_t bits)
{
    size_t at = (addr & (ARENA_BYTES - 1)) / sizeof(uint64_t);
    unsigned shift = at % 64;
    unsigned n = w->bytes / (unsigned)sizeof(uint64_t);
    uint64_t mask = UINT64_MAX >> (64 - n);
    uint64_t *low = &arena_of(addr)->types[0][0] + at / 64;

    *low = (*low & ~(mask << shift)) | bits << shift;
    if (UNLIKELY(shift + n > 64))
        low[1] = (low[1] & ~(mask >> (64 - shift))) | bits >> (64 - shift);
}

#endif
