/* SPDX-License-Identifier: MIT */
/* pool.c - a pool's record: a shard for each proc.
 * The one object of a shard that only its proc takes needs no atomic operation; what is put beyond
 * that goes to a deque, from which other procs take. Who finds nothing anywhere looks at the
 * victims.
 * A record has room for all procs that there may ever be: its memory comes into use page by page,
 * as procs open their shards. So shards never move, and those of procs that are gone are still
 * taken from. Records are kept for the next pool, never unmapped.
 * Threads: shards by the holder of their proc, the tails of deques by anyone who holds one; the
 * list of records under the lock, and by the collector with the world stopped. Lock: POOLS. */
#include "config.h"

#include "runtime/pool.h"

#include <string.h>

#include "gort/pool.h"
#include "runtime/pooldeque.h"
#include "runtime/proc.h"
#include "runtime/sysmem.h"

#define CALLER        ((uintptr_t)__builtin_return_address(0))
#define OS_PAGE_BYTES ((size_t)4096)

struct kept {
    void *own; /* [owner] */
    struct pool_deque deque;
};

/* Two lines: the processor fetches them in pairs. */
struct shard {
    _Alignas(2 * CACHE_LINE_BYTES) struct kept now;
    struct kept victim;
    bool open; /* counted in nshards; [owner] */
};

struct gort_pool_state {
    struct gort_pool_state *next;  /* [lock:lock] */
    _Atomic(uint32_t) nshards;     /* all open ones are below; grows under the lock; [atomic] */
    _Atomic(uint32_t) has_victims; /* 0: there is none; [atomic] */
    struct shard shards[PROC_MAX];
};

static struct {
    struct lock lock;
    struct gort_pool_state *used; /* [lock:lock] */
    struct gort_pool_state *free; /* [lock:lock] */
} pools = {.lock = LOCK_INIT(RANK_POOLS)};

/* ---- records ---- */

static struct shard *own_shard(struct gort_pool_state *s)
{
    return &s->shards[worker_self()->proc->id];
}

/* Bytes of a record with N shards that come into use. */
static size_t used_bytes(uint32_t n)
{
    return align_up(offsetof(struct gort_pool_state, shards) + n * sizeof(struct shard),
                    OS_PAGE_BYTES);
}

/* NULL before the first put. */
static struct gort_pool_state *state_if_any(gort_pool *p)
{
    /* Acquire: pairs with the release in state_of. */
    return atomic_load_explicit(&p->gort_state, memory_order_acquire);
}

/* NULL if the system gives no memory. */
static struct gort_pool_state *take_record_locked(void)
{
    struct gort_pool_state *s = pools.free;

    if (s != NULL) {
        pools.free = s->next;
    } else {
        s = sys_reserve(sizeof *s, OS_PAGE_BYTES);
        if (s == NULL)
            return NULL;
        sys_count(SYS_OTHER, (int64_t)used_bytes(0));
    }
    s->next = pools.used;
    pools.used = s;
    return s;
}

/* The record of P, made if there is none; NULL if that can't be. */
static struct gort_pool_state *state_of(gort_pool *p)
{
    struct gort_pool_state *s;

    lock_take(&pools.lock);
    s = atomic_load_explicit(&p->gort_state, memory_order_relaxed);
    if (s == NULL && (s = take_record_locked()) != NULL)
        /* Release: pairs with the acquire in state_if_any. */
        atomic_store_explicit(&p->gort_state, s, memory_order_release);
    lock_release(&pools.lock);
    return s;
}

static void open_shard(struct gort_pool_state *s)
{
    struct shard *shard = own_shard(s);
    uint32_t end = worker_self()->proc->id + 1;
    uint32_t before;

    if (shard->open)
        return;
    lock_take(&pools.lock);
    before = atomic_load_explicit(&s->nshards, memory_order_relaxed);
    if (before < end) {
        sys_count(SYS_OTHER, (int64_t)(used_bytes(end) - used_bytes(before)));
        atomic_store_explicit(&s->nshards, end, memory_order_relaxed);
    }
    lock_release(&pools.lock);
    shard->open = true;
}

static void unlink_locked(const struct gort_pool_state *s)
{
    struct gort_pool_state **at = &pools.used;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
}

/* What was counted for its shards stays in use. */
static void give_record_locked(struct gort_pool_state *s)
{
    uint32_t n = atomic_load_explicit(&s->nshards, memory_order_relaxed);

    for (uint32_t i = 0; i < n; i++) {
        bool open = s->shards[i].open;

        memset(&s->shards[i], 0, sizeof s->shards[i]);
        s->shards[i].open = open;
    }
    s->next = pools.free;
    pools.free = s;
}

void gort_pool_fini(gort_pool *p)
{
    struct worker *w = rt_enter("gort_pool_fini");
    struct gort_pool_state *s = atomic_load_explicit(&p->gort_state, memory_order_relaxed);

    if (s != NULL) {
        lock_take(&pools.lock);
        unlink_locked(s);
        give_record_locked(s);
        lock_release(&pools.lock);
        atomic_store_explicit(&p->gort_state, NULL, memory_order_relaxed);
    }
    rt_leave(w);
}

/* ---- get ---- */

/* From any shard but that of START, whose owner has looked itself; the nearest first. */
static void *steal(struct gort_pool_state *s, uint32_t start)
{
    uint32_t n = atomic_load_explicit(&s->nshards, memory_order_relaxed);
    void *object = NULL;

    for (uint32_t i = 1; i <= n && object == NULL; i++)
        object = pool_deque_take_tail(&s->shards[(start + i) % n].now.deque);
    return object;
}

static void *take_victim(struct gort_pool_state *s, uint32_t start)
{
    uint32_t n = atomic_load_explicit(&s->nshards, memory_order_relaxed);
    void *object = s->shards[start].victim.own;

    if (object != NULL)
        s->shards[start].victim.own = NULL;
    for (uint32_t i = 0; i < n && object == NULL; i++)
        object = pool_deque_take_tail(&s->shards[(start + i) % n].victim.deque);
    if (object == NULL) /* what others have of their own is not worth the search */
        atomic_store_explicit(&s->has_victims, 0, memory_order_relaxed);
    return object;
}

static void *get_slow(struct gort_pool_state *s, uint32_t id)
{
    void *object = pool_deque_take_head(&s->shards[id].now.deque);

    if (object == NULL)
        object = steal(s, id);
    if (object == NULL && atomic_load_explicit(&s->has_victims, memory_order_relaxed) != 0)
        object = take_victim(s, id);
    return object;
}

static void *get_kept(gort_pool *p, uint32_t id)
{
    struct gort_pool_state *s = state_if_any(p);
    struct shard *shard;
    void *object;

    if (UNLIKELY(s == NULL))
        return NULL;
    shard = &s->shards[id];
    object = shard->now.own;
    if (UNLIKELY(object == NULL))
        return get_slow(s, id);
    shard->now.own = NULL;
    return object;
}

void *gort_pool_get(gort_pool *p)
{
    struct worker *w = rt_enter("gort_pool_get");
    void *object = get_kept(p, w->proc->id);

    rt_leave(w);
    if (LIKELY(object != NULL) || p->make == NULL)
        return object;
    return p->make(p->arg);
}

/* ---- put ---- */

/* The task may be on another proc after the allocation, and what was kept may have become victims:
 * so all is looked at again. */
static void grow_and_put(struct gort_pool_state *s, void *object, uintptr_t pc)
{
    struct pool_ring *ring = pool_ring_new(&own_shard(s)->now.deque, pc);
    struct pool_deque *d = &own_shard(s)->now.deque;

    open_shard(s);
    if (pool_deque_put(d, object))
        return;
    pool_deque_grow(d, ring);
    CHECK(pool_deque_put(d, object));
}

static void put_slow(gort_pool *p, void *object, uintptr_t pc)
{
    struct gort_pool_state *s = state_if_any(p);
    struct shard *shard;

    if (s == NULL && (s = state_of(p)) == NULL)
        return;
    shard = own_shard(s);
    if (UNLIKELY(!shard->open))
        open_shard(s);
    if (shard->now.own == NULL)
        shard->now.own = object;
    else if (!pool_deque_put(&shard->now.deque, object))
        grow_and_put(s, object, pc);
}

/* Whether the shard of proc ID had room for one object of its own. */
static bool put_own(gort_pool *p, uint32_t id, void *object)
{
    struct gort_pool_state *s = state_if_any(p);
    struct shard *shard;

    if (UNLIKELY(s == NULL))
        return false;
    shard = &s->shards[id];
    if (UNLIKELY(!shard->open) || shard->now.own != NULL)
        return false;
    shard->now.own = object;
    return true;
}

void gort_pool_put(gort_pool *p, void *object)
{
    struct worker *w;

    if (object == NULL)
        return;
    if (p->reset != NULL)
        p->reset(object);
    w = rt_enter("gort_pool_put");
    if (LIKELY(put_own(p, w->proc->id, object))) {
        rt_leave(w);
        return;
    }
    put_slow(p, object, CALLER);
    rt_leave(worker_self());
}

/* ---- the collector ---- */

static void age(struct gort_pool_state *s)
{
    uint32_t n = atomic_load_explicit(&s->nshards, memory_order_relaxed);
    uint32_t any = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct shard *shard = &s->shards[i];

        any |= shard->now.own != NULL || shard->now.deque.head != NULL;
        memcpy(&shard->victim, &shard->now, sizeof shard->victim);
        memset(&shard->now, 0, sizeof shard->now);
    }
    atomic_store_explicit(&s->has_victims, any, memory_order_relaxed);
}

void pools_age(void)
{
    for (struct gort_pool_state *s = pools.used; s != NULL; s = s->next)
        age(s);
}

void pools_scan(world_scan_fn scan, void *ctx)
{
    for (struct gort_pool_state *s = pools.used; s != NULL; s = s->next) {
        uint32_t n = atomic_load_explicit(&s->nshards, memory_order_relaxed);

        for (uint32_t i = 0; i < n; i++)
            scan(ctx, &s->shards[i].now, &s->shards[i].victim + 1);
    }
}
