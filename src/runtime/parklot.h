/* SPDX-License-Identifier: MIT */
/* parklot.h - tasks that wait on an address.
 * A word of a sync type says whether anyone waits; who waits is kept here, so that such a type
 * needs a few bytes only. Addresses fall into buckets, each a tree of waiters with a lock. The use:
 * lot_lock(addr); look at the word again; then lot_park, which queues the task and lets the lock
 * go, or lot_unlock. Who wakes takes waiters out under the same lock, changes the word accordingly,
 * unlocks, and readies them. Locks: one bucket at a time, rank SEMA. Source: Pizlo, Locking in
 * WebKit (2016). */
#ifndef RUNTIME_PARKLOT_H
#define RUNTIME_PARKLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "runtime/sched.h"
#include "runtime/waittree.h"

struct lot_bucket {
    _Alignas(CACHE_LINE_BYTES) struct lock lock;
    struct lot_waiter *root;   /* [lock:lock] */
    _Atomic(uint32_t) waiting; /* tasks that wait or are about to; for semaphores; [atomic] */
};

/* What the address is a part of, for those who ask what a task waits for. */
enum lot_kind {
    LOT_OTHER,        /* nothing that has a holder */
    LOT_MUTEX,        /* gort_mutex */
    LOT_RW_READERS,   /* gort_rwmutex.gort_readers: the task wants to read */
    LOT_RW_WRITER,    /* gort_rwmutex.gort_writers.gort_waiters: it wants to write,
                         others still read */
    LOT_KIND_MASK = 3 /* addresses end in as many zero bits */
};

/* How a task parks. */
struct lot_parking {
    enum wait_reason why;
    uintptr_t pc;
    int64_t deadline_ns; /* GORT_FOREVER: none */
    enum lot_end end;    /* where in the queue */
    enum lot_kind kind;
    int64_t since_ns; /* when the task came: kept for whoever wakes it */
};

/* Prepares the buckets, before the first task. */
void lots_init(void);

/* The hash of ADDR, of whose uppermost bits the bucket is made: a table of more entries than there
 * are buckets, indexed by more of them, has each entry's addresses in one bucket. Source: Knuth,
 * TAOCP 3, multiplicative hashing. */
static inline uint64_t lot_hash(const void *addr)
{
    return (uint64_t)(uintptr_t)addr * UINT64_C(0x9e3779b97f4a7c15);
}

/* The bucket of ADDR, and the same locked. */
struct lot_bucket *lot_bucket(const void *addr);
struct lot_bucket *lot_lock(const void *addr);
void lot_unlock(struct lot_bucket *b);

/* The bucket of ADDR, locked, or NULL if that would take waiting. */
struct lot_bucket *lot_try_lock(const void *addr);

/* Waits for a moment instead of parking: false if that does not pay, because whoever is waited for
 * may not be running, or other tasks wait for this proc, or because it was done often enough. SPINS
 * counts how often. */
bool lot_spin(unsigned *spins);

/* Queues the current task in B, which is locked, at END, while it still runs: for one that must let
 * something else go before it parks. W, on its stack, has addr, task and since_ns. lot_park_queued
 * must follow: it parks the task, or returns 0 at once if W was taken out meanwhile; B is locked
 * and is let go. parking->end is not looked at. Else as lot_park. */
void lot_queue(struct lot_bucket *b, struct lot_waiter *w, enum lot_end end);
int32_t lot_park_queued(struct lot_bucket *b, struct lot_waiter *w,
                        const struct lot_parking *parking);

/* Parks the current task on ADDR in B, which is locked and is let go. Returns the value that it was
 * readied with, or GORT_ETIMEDOUT. */
int32_t lot_park(struct lot_bucket *b, const void *addr, const struct lot_parking *parking);

/* The first waiter on ADDR, or NULL; it stays queued. B is locked. */
struct lot_waiter *lot_first(struct lot_bucket *b, const void *addr);

/* The same, but NULL if it waits for something of another KIND: for one who has let go of what lay
 * at ADDR, whose memory may be something else by now. */
struct lot_waiter *lot_first_of(struct lot_bucket *b, const void *addr, enum lot_kind kind);

/* Takes the first waiter out, or returns NULL; whether there are more on its address goes to *MORE.
 * Its task belongs to the caller then. B is locked. */
struct lot_waiter *lot_take(struct lot_bucket *b, const void *addr, bool *more);

/* Takes W out, wherever it stands; false: it was taken out before. B is locked. */
bool lot_remove(struct lot_bucket *b, struct lot_waiter *w);

/* Waiters that were taken out, to be readied once the bucket is unlocked; zero is none. Adding
 * leaves out one whose task has not parked, which sees by itself that it was taken out. */
struct lot_chain {
    struct lot_waiter *first;
    struct lot_waiter *last;
};

void lot_chain_add(struct lot_chain *chain, struct lot_waiter *w);
void lot_chain_ready(struct lot_chain *chain, int32_t wake_value);

#endif
