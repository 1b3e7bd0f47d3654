/* SPDX-License-Identifier: MIT */
/* usertimer.h - what the timers and tickers of the program are made of.
 * A timer that either sends the time on a channel, which has room for one, or starts a task. What
 * sends lapses with its object: if nobody can receive, nobody can tell. What starts a task keeps
 * its object. The channel refers to the timer, so that either of them keeps both. Stopping waits
 * for a firing under way and then empties the channel, both under the timer's lock: so nothing from
 * before is received afterwards. Threads: tasks, inside the runtime, no lock held. Source: Go's
 * time.go, channels of timers. */
#ifndef RUNTIME_USERTIMER_H
#define RUNTIME_USERTIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "gort/time.h"
#include "runtime/lock.h"
#include "runtime/timer.h"

struct usertimer {
    struct lock lock;      /* around stopping and setting */
    struct timer timer;    /* [lock:lock] */
    gort_chan *chan;       /* NULL: starts a task; [const] */
    void (*fn)(void *arg); /* of that task; [const] */
    void *arg;             /* [const] */
    uintptr_t pc;          /* whose caller made it; [const] */
};

/* The time DURATION_NS from now, but never for ever: a timer is something to wait for. */
int64_t usertimer_in(int64_t duration_ns);

/* An idle one, whose channel sends if FN is NULL; else it runs FN(ARG). PC as in heap_alloc. */
struct usertimer *usertimer_new(void (*fn)(void *arg), void *arg, uintptr_t pc);

/* Stops T; whether it was armed or took back what was sent. */
bool usertimer_stop(struct usertimer *t);

/* As usertimer_stop, and then arms it for WHEN_NS, and every PERIOD_NS after that unless 0. */
bool usertimer_set(struct usertimer *t, int64_t when_ns, int64_t period_ns);

#endif
