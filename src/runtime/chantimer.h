/* SPDX-License-Identifier: MIT */
/* chantimer.h - timers and tickers that send the time on a channel, which has room for one.
 * The channel knows when the next time is due. As long as no task is blocked on it that is all:
 * whoever looks at the channel sends the time first, if it is due, and nobody can tell that it was
 * not sent when it was. Only for tasks that wait there is a timer in the heap of a proc, whose
 * function does no more than look, and is set again while the next time is to come and somebody
 * waits. So a stop or a reset are a store under the channel's lock, after which the channel is
 * emptied: nothing from before is received afterwards.
 * Timer and channel are one object, so either of them keeps both. In a heap it is kept by the
 * tasks that wait; elsewhere nothing refers to it but the program.
 * Locks: that of the channel, which is taken before those of heaps. Source: Go's time.go, since
 * 1.23; there the timer has locks of its own. */
#ifndef RUNTIME_CHANTIMER_H
#define RUNTIME_CHANTIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/chan.h"
#include "runtime/usertimer.h"

#define CHANTIMER_NEVER INT64_MAX /* stopped, or has sent what it had to send */

/* The channel lies behind it. */
struct chantimer {
    _Alignas(16) struct usertimer user; /* armed and moved under the channel's lock */
    /* When it sends next, or CHANTIMER_NEVER; written under the channel's lock; [atomic] */
    _Atomic(int64_t) due_ns;
    int64_t period_ns; /* 0: sends once; [lock:chan] */
};

/* One that sends at WHEN_NS, and every PERIOD_NS after that unless 0. PC as in heap_alloc. */
struct chantimer *chantimer_new(int64_t when_ns, int64_t period_ns, uintptr_t pc);

/* Stops T; whether there was a time to come, or taken back. */
bool chantimer_stop(struct chantimer *t);

/* As chantimer_stop, and then it sends as if it were made anew. */
bool chantimer_set(struct chantimer *t, int64_t when_ns, int64_t period_ns);

/* ---- for channels ---- */

/* The timer whose channel C is, or NULL. */
static inline struct chantimer *chantimer_of_chan(const gort_chan *c)
{
    return c->is_timer != 0 ? (struct chantimer *)(uintptr_t)c - 1 : NULL;
}

/* Whether a time is due: no lock needed. *NOW_NS is the time, or 0: then it is read, if need be. */
bool chantimer_is_due(const struct chantimer *t, int64_t *now_ns);

/* Sends the time if it is due: to the first task that waits, which is readied, or into the ring. If
 * there is a time in the ring this one is dropped. The channel is locked. */
void chantimer_look_locked(struct chantimer *t);

/* A receiver has been queued, and shall be woken in time. The channel is locked. */
void chantimer_watch_locked(struct chantimer *t);

/* A receiver was taken out of the queue otherwise: if it was the last one, nobody waits for the
 * time. The channel is locked. */
void chantimer_unwatch_locked(struct chantimer *t);

#endif
