/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <gort.h>

#include "demo/resp.h"

#define NSHARDS 256      /* a power of two */
#define FIRST_BUCKETS 64 /* a power of two */
#define MOVES_PER_CHANGE 4

struct node {
    struct node *next;
    const struct blob *key;   /* [const] */
    const struct blob *value; /* [lock:shard.lock] */
    uint64_t hash;            /* of the key; [const] */
};

GORT_TYPE(node_type, struct node,
          GORT_PTR(struct node, next) | GORT_PTR(struct node, key) | GORT_PTR(struct node, value));

struct buckets {
    struct node **heads;
    size_t count; /* a power of two; 0: there is none */
};

/* While the shard grows, nodes are in both arrays: a bucket of `old` below `moved` is empty. All
 * but the lock is [lock:lock]. */
struct shard {
    gort_mutex lock;
    struct buckets now;
    struct buckets old;
    size_t moved;
    uint64_t nkeys;
    char padding[64]; /* no two shards share a cache line */
};

struct table {
    uint64_t seed[2]; /* [const] */
    struct shard shards[NSHARDS];
};

struct table *table_new(void)
{
    struct table *t = gort_new(struct table);

    if (getrandom(t->seed, sizeof t->seed, 0) != (ssize_t)sizeof t->seed)
        t->seed[0] = (uint64_t)gort_now();
    return t;
}

/* Multiplies to 128 bits and folds them. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes at a time, each folded in by a wide multiplication; the seed keeps outsiders from
 * choosing keys that collide. Source: Wang Yi, wyhash (the folding step). */
static uint64_t hash_of(const struct table *t, struct text key)
{
    uint64_t hash = t->seed[0] ^ key.bytes;
    const char *p = key.data;
    size_t left = key.bytes;
    uint64_t word;

    for (; left >= sizeof word; left -= sizeof word, p += sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = mix(hash ^ word, t->seed[1] | 1);
    }
    word = 0;
    memcpy(&word, p, left);
    return mix(hash ^ word, UINT64_C(0x9e3779b97f4a7c15));
}

/* The shard is chosen by the upper bits, the bucket by the lower ones. */
static struct shard *shard_of(struct table *t, uint64_t hash)
{
    return &t->shards[hash >> 56 & (NSHARDS - 1)];
}

static struct blob *blob_new(struct text text)
{
    struct blob *blob = gort_alloc_noscan(sizeof *blob + text.bytes);

    blob->bytes = text.bytes;
    memcpy(blob->data, text.data, text.bytes);
    return blob;
}

static struct node **bucket_of(struct buckets *b, uint64_t hash)
{
    return &b->heads[hash & (b->count - 1)];
}

/* Where the node of KEY hangs in this chain, or its end. */
static struct node **find_in_chain(struct node **link, uint64_t hash, struct text key)
{
    while (*link != NULL) {
        const struct node *node = *link;

        if (node->hash == hash && node->key->bytes == key.bytes &&
            memcmp(node->key->data, key.data, key.bytes) == 0)
            break;
        link = &(*link)->next;
    }
    return link;
}

/* The link to the node of KEY, or NULL. */
static struct node **find_locked(struct shard *s, uint64_t hash, struct text key)
{
    if (s->now.count > 0) {
        struct node **link = find_in_chain(bucket_of(&s->now, hash), hash, key);

        if (*link != NULL)
            return link;
    }
    if (s->old.count > 0) {
        struct node **link = find_in_chain(bucket_of(&s->old, hash), hash, key);

        if (*link != NULL)
            return link;
    }
    return NULL;
}

/* Moves some buckets of the old array; drops it when the last has gone. */
static void move_some_locked(struct shard *s)
{
    for (int i = 0; i < MOVES_PER_CHANGE && s->old.count > 0; i++) {
        struct node *node = s->old.heads[s->moved];

        while (node != NULL) {
            struct node *next = node->next;
            struct node **head = bucket_of(&s->now, node->hash);

            node->next = *head;
            *head = node;
            node = next;
        }
        s->old.heads[s->moved++] = NULL;
        if (s->moved == s->old.count)
            s->old = (struct buckets){0};
    }
}

/* With MOVES_PER_CHANGE above 1 the old array is empty long before the new one is full. */
static void grow_if_full_locked(struct shard *s)
{
    if (s->nkeys < s->now.count || s->old.count > 0)
        return;
    s->old = s->now;
    s->moved = 0;
    s->now.count = s->old.count > 0 ? s->old.count * 2 : FIRST_BUCKETS;
    s->now.heads = gort_make(struct node *, s->now.count);
}

/* Gives KEY the VALUE, in a new node if it has none. */
static void put_locked(struct shard *s, uint64_t hash, struct text key, const struct blob *value)
{
    struct node **link;
    struct node *node;

    move_some_locked(s);
    link = find_locked(s, hash, key);
    if (link != NULL) {
        (*link)->value = value;
        return;
    }
    grow_if_full_locked(s);
    link = bucket_of(&s->now, hash);
    node = gort_alloc_typed(&node_type, 1);
    node->key = blob_new(key);
    node->value = value;
    node->hash = hash;
    node->next = *link;
    *link = node;
    s->nkeys++;
}

const struct blob *table_get(struct table *t, struct text key)
{
    uint64_t hash = hash_of(t, key);
    struct shard *s = shard_of(t, hash);
    const struct blob *value = NULL;
    struct node **link;

    gort_mutex_lock(&s->lock);
    link = find_locked(s, hash, key);
    if (link != NULL)
        value = (*link)->value;
    gort_mutex_unlock(&s->lock);
    return value;
}

void table_set(struct table *t, struct text key, struct text value)
{
    uint64_t hash = hash_of(t, key);
    struct shard *s = shard_of(t, hash);
    const struct blob *blob = blob_new(value);

    gort_mutex_lock(&s->lock);
    put_locked(s, hash, key, blob);
    gort_mutex_unlock(&s->lock);
}

int table_delete(struct table *t, struct text key)
{
    uint64_t hash = hash_of(t, key);
    struct shard *s = shard_of(t, hash);
    struct node **link;

    gort_mutex_lock(&s->lock);
    move_some_locked(s);
    link = find_locked(s, hash, key);
    if (link != NULL) {
        *link = (*link)->next;
        s->nkeys--;
    }
    gort_mutex_unlock(&s->lock);
    return link != NULL;
}

static enum table_result add_locked(struct shard *s, uint64_t hash, struct text key, int64_t by,
                                    int64_t *out)
{
    struct node **link = find_locked(s, hash, key);
    int64_t number = 0;
    char digits[24];

    if (link != NULL &&
        resp_number((*link)->value->data, (*link)->value->bytes, &number) != 0)
        return TABLE_NOT_A_NUMBER;
    if (__builtin_add_overflow(number, by, &number))
        return TABLE_OVERFLOW;
    *out = number;
    number = snprintf(digits, sizeof digits, "%" PRId64, number);
    put_locked(s, hash, key, blob_new((struct text){digits, (uint32_t)number}));
    return TABLE_OK;
}

enum table_result table_add(struct table *t, struct text key, int64_t by, int64_t *out)
{
    uint64_t hash = hash_of(t, key);
    struct shard *s = shard_of(t, hash);
    enum table_result result;

    gort_mutex_lock(&s->lock);
    result = add_locked(s, hash, key, by, out);
    gort_mutex_unlock(&s->lock);
    return result;
}

uint64_t table_count(struct table *t)
{
    uint64_t nkeys = 0;

    for (size_t i = 0; i < NSHARDS; i++) {
        gort_mutex_lock(&t->shards[i].lock);
        nkeys += t->shards[i].nkeys;
        gort_mutex_unlock(&t->shards[i].lock);
    }
    return nkeys;
}

void table_clear(struct table *t)
{
    for (size_t i = 0; i < NSHARDS; i++) {
        struct shard *s = &t->shards[i];

        gort_mutex_lock(&s->lock);
        s->now = (struct buckets){0};
        s->old = (struct buckets){0};
        s->moved = 0;
        s->nkeys = 0;
        gort_mutex_unlock(&s->lock);
    }
}
