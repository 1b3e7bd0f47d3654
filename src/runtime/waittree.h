/* SPDX-License-Identifier: MIT */
/* waittree.h - waiters ordered by the address that they wait on.
 * The distinct addresses form a treap; its nodes are the first waiters of each, and behind each
 * first waiter stand the others in a queue. So a million tasks that each wait on something of its
 * own are found as fast as a million that wait on one thing.
 * Threads: none of its own; the owner of the tree says what protects it.
 * Source: Seidel and Aragon, Randomized Search Trees (1996); Go's sema.go. */
#ifndef RUNTIME_WAITTREE_H
#define RUNTIME_WAITTREE_H

#include <stdbool.h>
#include <stdint.h>

struct task;

/* Lies on the stack of the task that waits. "Of a first": only that of an address's first waiter
 * means something. All but [const] is protected as the tree is. */
struct lot_waiter {
    const void *addr;         /* [const] */
    struct task *task;        /* [const] */
    int64_t since_ns;         /* when it came; [const] */
    struct lot_waiter *left;  /* smaller addresses; of a first */
    struct lot_waiter *right; /* greater ones; of a first */
    struct lot_waiter *last;  /* end of the queue; of a first */
    struct lot_waiter *next;  /* waits on the same address */
    bool queued;
    bool parked; /* its task no longer runs; see lot_queue */
};

enum lot_end { LOT_FRONT, LOT_BACK };

/* One to one: the upper eight bits are left to whoever parts addresses among trees, the others are
 * the priority in the treap. */
uint64_t waittree_hash(const void *addr);

/* Puts W, whose addr is set, to the front or the back of its address's queue. */
void waittree_put(struct lot_waiter **root, struct lot_waiter *w, enum lot_end end);

/* The first waiter on ADDR, or NULL; it stays. */
struct lot_waiter *waittree_first(struct lot_waiter **root, const void *addr);

/* Takes the first waiter on ADDR out, or returns NULL; *MORE: there are others. */
struct lot_waiter *waittree_take(struct lot_waiter **root, const void *addr, bool *more);

/* Takes W out, which is queued, from wherever it stands. */
void waittree_remove(struct lot_waiter **root, struct lot_waiter *w);

/* Whether order, priorities and queues are as they must be. */
bool waittree_is_valid(const struct lot_waiter *root);

#endif
