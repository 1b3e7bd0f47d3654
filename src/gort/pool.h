/* SPDX-License-Identifier: MIT */
/* pool.h - objects that are used again and again, kept between uses.
 * What is put into a pool may be had again from it, by any task, and is dropped, without a word, in
 * the second collection in which nobody has asked for it. So a pool saves allocations and is no
 * place to keep anything. Each proc has a part of its own; who finds that empty takes from the
 * others. None of these calls blocks the task.
 * A pool is ready when it is zero but for make and reset, and must not be copied after first use.
 * Source: Go's sync.Pool. */
#ifndef GORT_POOL_H
#define GORT_POOL_H

#include <gort/base.h>
#include <stdatomic.h>

/* What is put into a pool is kept alive by it; but memory from malloc that is dropped is freed by
 * nobody. MAKE and RESET run in the task that calls, and may do anything. */
typedef struct gort_pool {
    void *(*make)(void *arg);    /* gives a new object when there is none; may be NULL */
    void (*reset)(void *object); /* called with each object that is put back; may be NULL */
    void *arg;                   /* for make */
    _Atomic(struct gort_pool_state *) gort_state;
} gort_pool;

/* An object that was put into P, any of them, or what make returns, or NULL without make. It
 * belongs to the caller. */
GORT_API GORT_MUST_CHECK void *gort_pool_get(gort_pool *p);

/* Takes OBJECT, which the caller must not use any more; NULL is ignored. */
GORT_API void gort_pool_put(gort_pool *p, void *object);

/* Drops everything, and the runtime's record of P, for which P has to stay where it is until then:
 * for pools that are not static. No other call on P may be under way. P may be used again. */
GORT_API void gort_pool_fini(gort_pool *p);

/* Buffers for bytes, pointer-free, in tiers: powers of two from 64 bytes to 1 MiB, each a pool.
 * Ready when it is zero. */
#define GORT_BUFFER_TIERS 15

typedef struct gort_buffer_pool {
    gort_pool gort_tiers[GORT_BUFFER_TIERS];
} gort_buffer_pool;

/* A buffer of at least BYTES: of the smallest tier that has them, or allocated to measure when none
 * has. *CAPACITY is how many it holds; it may not be NULL. Contents: what the last user left. */
GORT_API void *gort_buffer_get(gort_buffer_pool *bp, size_t bytes, size_t *capacity)
    __attribute__((returns_nonnull));

/* Takes BUF, which holds at least CAPACITY bytes, and comes from here or from gort_alloc_noscan. It
 * goes to the largest tier that it can serve. Below 64 bytes and above 1 MiB it is dropped. */
GORT_API void gort_buffer_put(gort_buffer_pool *bp, void *buf, size_t capacity);

/* gort_pool_fini of all tiers. */
GORT_API void gort_buffer_fini(gort_buffer_pool *bp);

#endif
