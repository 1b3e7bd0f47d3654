/* SPDX-License-Identifier: MIT */
/* pooldeque.c - rings and their chain.
 * In a ring, the slots from tail to head hold pointers; all others are NULL, but for those that a
 * thief has got and not cleared yet. */
#include "config.h"

#include "runtime/pooldeque.h"

#include "base/bits.h"
#include "base/check.h"
#include "runtime/alloc.h"

#define RING_FIRST_SLOTS 8u
#define RING_MAX_SLOTS   (1u << 20)

struct pool_ring {
    _Atomic(uint64_t) ends; /* head in the upper half, tail in the lower; both wrap; [atomic] */
    uint32_t nslots;        /* a power of two; [const] */
    _Atomic(struct pool_ring *) newer; /* written by the owner; [atomic] */
    _Atomic(struct pool_ring *) older; /* cleared by the thief that leaves that behind; [atomic] */
    _Atomic(void *) slots[];
};

#define ONE_HEAD ((uint64_t)1 << 32)

static uint32_t head_of(uint64_t ends)
{
    return (uint32_t)(ends >> 32);
}

static uint32_t tail_of(uint64_t ends)
{
    return (uint32_t)ends;
}

static _Atomic(void *) *slot_at(struct pool_ring *r, uint32_t i)
{
    return &r->slots[i & (r->nslots - 1)];
}

/* ---- one ring ---- */

static bool ring_put(struct pool_ring *r, void *p)
{
    uint64_t ends = atomic_load_explicit(&r->ends, memory_order_relaxed);
    _Atomic(void *) *slot = slot_at(r, head_of(ends));

    if (head_of(ends) - tail_of(ends) == r->nslots)
        return false;
    /* Acquire: pairs with the release of the thief that has emptied the slot. */
    if (atomic_load_explicit(slot, memory_order_acquire) != NULL)
        return false;
    atomic_store_explicit(slot, p, memory_order_relaxed);
    /* Release: pairs with the acquire in ring_take_tail. */
    atomic_fetch_add_explicit(&r->ends, ONE_HEAD, memory_order_release);
    return true;
}

/* The owner sees its own slots; relaxed will do. */
static void *ring_take_head(struct pool_ring *r)
{
    uint64_t ends = atomic_load_explicit(&r->ends, memory_order_relaxed);
    _Atomic(void *) *slot;
    void *p;

    do {
        if (head_of(ends) == tail_of(ends))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&r->ends, &ends, ends - ONE_HEAD,
                                                    memory_order_relaxed, memory_order_relaxed));
    slot = slot_at(r, head_of(ends) - 1);
    p = atomic_load_explicit(slot, memory_order_relaxed);
    atomic_store_explicit(slot, NULL, memory_order_relaxed);
    return p;
}

static void *ring_take_tail(struct pool_ring *r)
{
    /* Acquire, here and below: pairs with the release in ring_put. */
    uint64_t ends = atomic_load_explicit(&r->ends, memory_order_acquire);
    uint64_t rest;
    _Atomic(void *) *slot;
    void *p;

    do {
        if (head_of(ends) == tail_of(ends))
            return NULL;
        rest = (ends & ~(uint64_t)UINT32_MAX) | (uint32_t)(tail_of(ends) + 1);
    } while (!atomic_compare_exchange_weak_explicit(&r->ends, &ends, rest, memory_order_acquire,
                                                    memory_order_acquire));
    slot = slot_at(r, tail_of(ends));
    p = atomic_load_explicit(slot, memory_order_relaxed);
    /* Release: pairs with the acquire of the owner that wants the slot again. */
    atomic_store_explicit(slot, NULL, memory_order_release);
    return p;
}

/* ---- the chain ---- */

bool pool_deque_put(struct pool_deque *d, void *p)
{
    DCHECK(p != NULL);
    return d->head != NULL && ring_put(d->head, p);
}

struct pool_ring *pool_ring_new(const struct pool_deque *d, uintptr_t pc)
{
    uint32_t nslots = d->head == NULL ? RING_FIRST_SLOTS : d->head->nslots * 2;
    struct pool_ring *r;

    if (nslots > RING_MAX_SLOTS)
        nslots = RING_MAX_SLOTS;
    r = heap_alloc(sizeof *r + nslots * sizeof r->slots[0], ALLOC_SCAN, pc);
    r->nslots = nslots;
    return r;
}

void pool_deque_grow(struct pool_deque *d, struct pool_ring *ring)
{
    struct pool_ring *before = d->head;

    d->head = ring;
    atomic_store_explicit(&ring->older, before, memory_order_relaxed);
    /* Release, both: pair with the acquires in pool_deque_take_tail, which then reads the ring. */
    if (before == NULL)
        atomic_store_explicit(&d->tail, ring, memory_order_release);
    else
        atomic_store_explicit(&before->newer, ring, memory_order_release);
}

void *pool_deque_take_head(struct pool_deque *d)
{
    struct pool_ring *r = d->head;
    void *p = NULL;

    while (r != NULL && (p = ring_take_head(r)) == NULL)
        r = atomic_load_explicit(&r->older, memory_order_relaxed);
    return p;
}

void *pool_deque_take_tail(struct pool_deque *d)
{
    struct pool_ring *r = atomic_load_explicit(&d->tail, memory_order_acquire);

    while (r != NULL) {
        /* Looked at before the take: once there is a newer ring, nothing is put into this one, so
         * that one found empty stays so. */
        struct pool_ring *newer = atomic_load_explicit(&r->newer, memory_order_acquire);
        void *p = ring_take_tail(r);

        if (p != NULL || newer == NULL)
            return p;
        if (atomic_compare_exchange_strong_explicit(&d->tail, &(struct pool_ring *){r}, newer,
                                                    memory_order_release, memory_order_relaxed))
            atomic_store_explicit(&newer->older, NULL, memory_order_relaxed);
        r = newer;
    }
    return NULL;
}
