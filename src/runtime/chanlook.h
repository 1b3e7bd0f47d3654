/* SPDX-License-Identifier: MIT */
/* chanlook.h - whether a channel operation might go on at once, be it to fail; no lock needed.
 * False is certain: there was a moment during the call at which it would have had to wait. True may
 * be due to a waiter that something else has woken by now. Full and empty are one word each, so
 * that a look at it is a look at one moment. Threads: any. */
#ifndef RUNTIME_CHANLOOK_H
#define RUNTIME_CHANLOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "runtime/chan.h"
#include "runtime/chantimer.h"

static inline uint32_t chan_count(const gort_chan *c)
{
    return atomic_load_explicit(&c->count, memory_order_relaxed);
}

static inline bool chan_is_closed(const gort_chan *c)
{
    return atomic_load_explicit(&c->closed, memory_order_relaxed) != 0;
}

static inline bool chan_is_full(const gort_chan *c)
{
    return c->capacity == 0 ? waitq_first(&c->receivers) == NULL : chan_count(c) == c->capacity;
}

/* Acquire: keeps the look at closed in chan_can_recv behind this one. */
static inline bool chan_is_empty(const gort_chan *c)
{
    if (c->capacity == 0)
        return atomic_load_explicit(&c->senders.first, memory_order_acquire) == NULL;
    return atomic_load_explicit(&c->count, memory_order_acquire) == 0;
}

/* In either order: one found open and full was both, if only at the moment of closing. */
static inline bool chan_can_send(const gort_chan *c)
{
    return chan_is_closed(c) || !chan_is_full(c);
}

/* The same of a receive, but for the time of a timer's channel. In this order: open now means open
 * when it was empty, since no channel opens again. The other way round, a last value and the close
 * could come in between. */
static inline bool chan_has_for_recv(const gort_chan *c)
{
    return !chan_is_empty(c) || chan_is_closed(c);
}

/* *NOW_NS as in chantimer_is_due. */
static inline bool chan_can_recv_at(const gort_chan *c, int64_t *now_ns)
{
    return chan_has_for_recv(c) ||
           (UNLIKELY(c->is_timer != 0) && chantimer_is_due(chantimer_of_chan(c), now_ns));
}

static inline bool chan_can_recv(const gort_chan *c)
{
    int64_t now_ns = 0;

    return chan_can_recv_at(c, &now_ns);
}

#endif
