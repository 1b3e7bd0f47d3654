/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/records.h"

#include "base/bits.h"
#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/san.h"
#include "runtime/sysmem.h"

#define CHUNK_BYTES ((size_t)64 << 10)
#define CHUNKS_MAX  ((size_t)64 << 10)
#define PAGE_BYTES  ((size_t)4096)

struct records_chunk {
    uint32_t number;        /* [const] */
    _Atomic(uint32_t) ncut; /* records that exist; [atomic], grows under the lock */
    _Alignas(CACHE_LINE_BYTES) char record[];
};

static uint32_t per_chunk(const struct records *r)
{
    return (uint32_t)((CHUNK_BYTES - sizeof(struct records_chunk)) / r->bytes);
}

static void *reserve(size_t bytes, size_t align)
{
    void *p = sys_reserve(bytes, align);

    if (p == NULL)
        gort_fatal("out of memory: the system refuses %zu bytes for the runtime's records", bytes);
    return p;
}

static struct records_chunk *chunk_at(const struct records *r, uint32_t i)
{
    return atomic_load_explicit(&r->chunk[i], memory_order_relaxed);
}

static struct records_chunk *add_chunk_locked(struct records *r)
{
    uint32_t n = atomic_load_explicit(&r->nchunks, memory_order_relaxed);
    struct records_chunk *c = NULL;

    if (n == CHUNKS_MAX)
        gort_fatal("out of memory: %u records of %zu bytes", n * per_chunk(r), r->bytes);
    if (r->chunk == NULL)
        r->chunk = reserve(CHUNKS_MAX * sizeof r->chunk[0], PAGE_BYTES);
    if (n % (PAGE_BYTES / sizeof r->chunk[0]) == 0)
        sys_count(SYS_OTHER, PAGE_BYTES);
    c = reserve(CHUNK_BYTES, CHUNK_BYTES);
    sys_count(SYS_OTHER, CHUNK_BYTES);
    san_root_add(c, CHUNK_BYTES);
    c->number = n;
    atomic_store_explicit(&r->chunk[n], c, memory_order_relaxed);
    /* Release: pairs with the acquires of the readers below. */
    atomic_store_explicit(&r->nchunks, n + 1, memory_order_release);
    return c;
}

/* A record that never was one. */
static void *cut_locked(struct records *r)
{
    uint32_t n = atomic_load_explicit(&r->nchunks, memory_order_relaxed);
    struct records_chunk *c = n == 0 ? NULL : chunk_at(r, n - 1);
    uint32_t ncut = 0;

    if (c == NULL || atomic_load_explicit(&c->ncut, memory_order_relaxed) == per_chunk(r))
        c = add_chunk_locked(r);
    ncut = atomic_load_explicit(&c->ncut, memory_order_relaxed);
    atomic_store_explicit(&c->ncut, ncut + 1, memory_order_relaxed);
    return c->record + ncut * r->bytes;
}

static void count_locked(struct records *r, uint64_t n)
{
    uint64_t before = atomic_load_explicit(&r->inuse, memory_order_relaxed);

    atomic_store_explicit(&r->inuse, before + n, memory_order_relaxed);
}

void *records_take(struct records *r)
{
    void *record = NULL;

    lock_take(&r->lock);
    record = r->free;
    if (record != NULL)
        r->free = *(void **)record;
    else
        record = cut_locked(r);
    count_locked(r, 1);
    lock_release(&r->lock);
    return record;
}

void records_give(struct records *r, void *record)
{
    lock_take(&r->lock);
    *(void **)record = r->free;
    r->free = record;
    count_locked(r, (uint64_t)-1);
    lock_release(&r->lock);
}

uint32_t records_number(const struct records *r, const void *record)
{
    const struct records_chunk *c = (const void *)align_down((uintptr_t)record, CHUNK_BYTES);

    return c->number * per_chunk(r) +
           (uint32_t)((size_t)((const char *)record - c->record) / r->bytes);
}

void *records_at(const struct records *r, uint32_t number)
{
    uint32_t i = number / per_chunk(r);
    struct records_chunk *c = NULL;

    if (i >= atomic_load_explicit(&r->nchunks, memory_order_acquire))
        return NULL;
    c = chunk_at(r, i);
    if (number % per_chunk(r) >= atomic_load_explicit(&c->ncut, memory_order_relaxed))
        return NULL;
    return c->record + number % per_chunk(r) * r->bytes;
}

void *records_chunk(const struct records *r, uint32_t i, uint32_t *n)
{
    struct records_chunk *c = NULL;

    CHECK(i < atomic_load_explicit(&r->nchunks, memory_order_acquire));
    c = chunk_at(r, i);
    *n = atomic_load_explicit(&c->ncut, memory_order_relaxed);
    return c->record;
}
