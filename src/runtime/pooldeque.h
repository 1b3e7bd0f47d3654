/* SPDX-License-Identifier: MIT */
/* pooldeque.h - a queue of pointers with two ends: its owner puts and takes at the head, anyone
 * takes at the tail.
 * A chain of rings in the collected heap, each twice as large as the one before: a full one is
 * followed by a new one, and an empty one at the tail is left behind, for the collector. Head and
 * tail of a ring are halves of one word, so that a compare-and-swap decides who gets the last
 * pointer. Nothing is freed by hand: a thief may look at a ring that has been left, because no
 * collection happens while it is inside the runtime.
 * Threads: put and take_head by the owner, who holds a proc; take_tail by anyone who does. No lock.
 * Source: Go's poolChain and poolDequeue (sync/poolqueue.go). */
#ifndef RUNTIME_POOLDEQUE_H
#define RUNTIME_POOLDEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_ring;

struct pool_deque {                   /* empty when zero */
    struct pool_ring *head;           /* the newest; [owner] */
    _Atomic(struct pool_ring *) tail; /* the oldest that is not left behind; [atomic] */
};

/* Puts P, not NULL, at the head. False, and nothing done, if the newest ring is full. */
bool pool_deque_put(struct pool_deque *d, void *p);

/* A ring for D to grow by, in the collected heap: the calling task may be on another proc then. PC
 * is the allocation site. */
struct pool_ring *pool_ring_new(const struct pool_deque *d, uintptr_t pc);

/* Takes RING, a new one, as the newest. */
void pool_deque_grow(struct pool_deque *d, struct pool_ring *ring);

/* The pointer that was put last, or the one that was put first; NULL if there is none. */
void *pool_deque_take_head(struct pool_deque *d);
void *pool_deque_take_tail(struct pool_deque *d);

#endif
