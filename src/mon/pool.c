/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/hash.h"

#define BLOCK_BYTES ((size_t)64 << 10)
#define FIRST_SLOTS 256

struct pool_block {
    struct pool_block *older;
    size_t bytes;
    alignas(max_align_t) char data[];
};

void pool_init(struct pool *pool)
{
    memset(pool, 0, sizeof *pool);
}

void pool_fini(struct pool *pool)
{
    for (struct pool_block *b = pool->block; b != NULL;) {
        struct pool_block *older = b->older;

        free(b);
        b = older;
    }
    free(pool->text);
    pool_init(pool);
}

void *pool_alloc(struct pool *pool, size_t bytes)
{
    void *p;

    bytes = align_up(bytes, alignof(max_align_t));
    if (pool->block == NULL || pool->block->bytes - pool->used < bytes) {
        size_t room = max_size(bytes, BLOCK_BYTES);
        struct pool_block *b = calloc(1, sizeof *b + room);

        CHECK(b != NULL);
        b->older = pool->block;
        b->bytes = room;
        pool->block = b;
        pool->used = 0;
    }
    p = pool->block->data + pool->used;
    pool->used += bytes;
    return p;
}

/* Where TEXT is, or belongs. */
static const char **find_slot(const char **table, size_t nslots, const char *text)
{
    size_t i = hash_text(text) & (nslots - 1);

    while (table[i] != NULL && strcmp(table[i], text) != 0)
        i = (i + 1) & (nslots - 1);
    return &table[i];
}

static void grow_texts(struct pool *pool)
{
    size_t nslots = pool->nslots == 0 ? FIRST_SLOTS : pool->nslots * 2;
    const char **table = calloc(nslots, sizeof *table);

    CHECK(table != NULL);
    for (size_t i = 0; i < pool->nslots; i++) {
        if (pool->text[i] != NULL)
            *find_slot(table, nslots, pool->text[i]) = pool->text[i];
    }
    free(pool->text);
    pool->text = table;
    pool->nslots = nslots;
}

const char *pool_text(struct pool *pool, const char *text)
{
    const char **slot;
    size_t bytes;
    char *copy;

    if (pool->ntexts * 2 >= pool->nslots)
        grow_texts(pool);
    slot = find_slot(pool->text, pool->nslots, text);
    if (*slot != NULL)
        return *slot;
    bytes = strlen(text) + 1;
    copy = pool_alloc(pool, bytes);
    memcpy(copy, text, bytes);
    *slot = copy;
    pool->ntexts++;
    return copy;
}

void *array_grow(void *array, size_t used, size_t *room, size_t size)
{
    if (used < *room)
        return array;
    *room = max_size(*room * 2, 64);
    array = reallocarray(array, *room, size);
    CHECK(array != NULL);
    return array;
}
