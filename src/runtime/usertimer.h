/* SPDX-License-Identifier: MIT */
/* usertimer.h - what the timers of the program have in common.
 * One either sends the time on a channel, see chantimer.h, or starts a task. Threads: tasks, inside
 * the runtime, no lock held. */
#ifndef RUNTIME_USERTIMER_H
#define RUNTIME_USERTIMER_H

#include <stdint.h>

#include "gort/chan.h"
#include "runtime/timer.h"

struct usertimer {
    struct timer timer;
    gort_chan *chan; /* NULL: starts a task; [const] */
};

/* The time DURATION_NS from now, not before now and never for ever: a timer is something to wait
 * for. */
int64_t usertimer_in(int64_t duration_ns);

#endif
