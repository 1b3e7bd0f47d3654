/* SPDX-License-Identifier: MIT */
/* chan.h - the inside of a channel, for chan.c and select.c.
 * A channel is one object of the collected heap: a lock, a ring of elements, and two queues of
 * waiters. A waiter lies on the stack of the task that waits; whoever takes it out of its queue
 * moves the value between the two tasks directly, and owns the parked task until he readies it. So
 * at most one of the queues is occupied, save by the waiters of one select.
 *
 * A task that waits for more than one thing (a select, a deadline) gives all its waiters one struct
 * race. Who wants to wake it must win the race; a loser goes on to the next waiter.
 *
 * Locks: each channel its own; several only in rising order of address. No lock is held while a
 * task is readied.
 * Source: Go's chan.go. */
#ifndef RUNTIME_CHAN_H
#define RUNTIME_CHAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gort/chan.h"
#include "runtime/lock.h"
#include "runtime/waitq.h"

struct task;

/* The head fills one cache line, where debug builds note nothing of locks. */
struct gort_chan {
    struct lock lock;
    uint32_t elem_bytes;      /* [const] */
    _Atomic(uint16_t) closed; /* written under the lock; [atomic] */
    /* 1: it lies behind its struct chantimer. The time in it may be taken back, so it passes for a
     * channel without a buffer, as in Go since 1.23. [const] */
    uint16_t is_timer;
    uint32_t capacity;       /* [const] */
    _Atomic(uint32_t) count; /* elements in the ring; written under the lock; [atomic] */
    uint32_t put_at;         /* index in the ring; [lock:lock] */
    uint32_t take_at;        /* index in the ring; [lock:lock] */
    struct waitq receivers;
    struct waitq senders;
    _Alignas(16) unsigned char ring[]; /* [lock:lock] */
};

/* Prepares zeroed memory that has room for CAPACITY elements in the ring. */
void chan_init(gort_chan *c, size_t elem_bytes, size_t capacity);

/* As gort_chan_new, whose arguments are in range. */
gort_chan *chan_new(size_t elem_bytes, size_t capacity, uintptr_t pc);

/* As gort_close, C not NULL. Lock: takes that of C, and readies its waiters without it. */
void chan_close(gort_chan *c);

enum chan_result { CHAN_DONE, CHAN_CLOSED, CHAN_WOULD_BLOCK };

/* Carries it out if it can go on. *WAKE is then the task to be readied with 1 after the lock has
 * been let go, or NULL. */
enum chan_result chan_send_locked(gort_chan *c, const void *value, struct task **wake);
enum chan_result chan_recv_locked(gort_chan *c, void *value, struct task **wake);

#endif
