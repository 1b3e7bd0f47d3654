/* SPDX-License-Identifier: MIT */
/* table.h - the keys and values of gort-kv, in the collected heap.
 * A hash table in shards, each with its lock: chains of nodes in an array of buckets that doubles.
 * A full array is not copied at once; every change of a shard moves a few of its buckets to the new
 * one, so that no request pays for all of them. Values never change: a new one replaces the old,
 * which the collector reclaims when the last reader is through. So a lock is held for the lookup
 * alone, never for copying or sending.
 * Threads: any task; the locks are inside. Source: incremental rehashing as in Redis' dict. */
#ifndef DEMO_TABLE_H
#define DEMO_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table;

/* A text in the collected heap, pointer-free, that never changes. */
struct blob {
    uint32_t bytes;
    char data[];
};

/* A text that is borrowed for the call. */
struct text {
    const char *data;
    uint32_t bytes;
};

enum table_result {
    TABLE_OK,
    TABLE_NOT_A_NUMBER, /* the value is no decimal number of 64 bits */
    TABLE_OVERFLOW,     /* the sum would not fit in 64 bits */
};

/* A new table, in the collected heap. */
struct table *table_new(void);

/* The value of KEY, or NULL if it has none. It stays alive as long as it is referred to. */
const struct blob *table_get(struct table *t, struct text key);

/* Copies both texts. */
void table_set(struct table *t, struct text key, struct text value);

/* Returns 1 if KEY was there, else 0. */
int table_delete(struct table *t, struct text key);

/* Adds BY to the number that KEY holds, 0 if it has no value, in one step; *OUT is the sum. */
enum table_result table_add(struct table *t, struct text key, int64_t by, int64_t *out);

/* Keys now; exact when nobody writes. */
uint64_t table_count(struct table *t);

/* Removes all keys, shard after shard: what is written meanwhile may stay. */
void table_clear(struct table *t);

#endif
