/* SPDX-License-Identifier: MIT */
/* pool.h - many small things that are freed together.
 * Memory comes in blocks and is handed out from their front; equal texts are kept once. Nothing
 * in a pool moves, so that pointers into it hold until pool_fini. Running out of memory ends the
 * process.
 * Threads: one. */
#ifndef MON_POOL_H
#define MON_POOL_H

#include <stddef.h>

struct pool_block;

struct pool {
    struct pool_block *block; /* the one in use; older ones behind it */
    size_t used;              /* of the block in use */
    const char **text;        /* hash table of the texts kept, NULL where free */
    size_t ntexts;
    size_t nslots; /* of text: a power of two, or 0 */
};

void pool_init(struct pool *pool);
void pool_fini(struct pool *pool);

/* BYTES of zeroes, aligned for anything. */
void *pool_alloc(struct pool *pool, size_t bytes);

/* TEXT, kept until pool_fini. */
const char *pool_text(struct pool *pool, const char *text);

/* An array that grows by doubling: makes room for one element more than USED, of SIZE bytes, in the
 * malloc'ed ARRAY that has room for *ROOM; returns where it is now. */
void *array_grow(void *array, size_t used, size_t *room, size_t size);

#endif
