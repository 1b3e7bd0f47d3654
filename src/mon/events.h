/* SPDX-License-Identifier: MIT */
/* events.h - one wait for everything: descriptors, a time, signals.
 * The signals that matter are blocked but during the wait, so that none can come between looking
 * and waiting, and no handler runs while a screen is drawn.
 * Threads: main only. */
#ifndef MON_EVENTS_H
#define MON_EVENTS_H

#include <poll.h>
#include <stdint.h>

enum event_signal {
    EVENT_SIGNAL_END = 1,      /* SIGTERM, SIGINT, SIGHUP: end */
    EVENT_SIGNAL_STOP = 2,     /* SIGTSTP: stop */
    EVENT_SIGNAL_CONTINUE = 4, /* SIGCONT: was stopped, goes on */
    EVENT_SIGNAL_RESIZE = 8,   /* SIGWINCH */
};

/* Blocks the signals and installs their handlers; ignores SIGPIPE. */
void events_init(void);

/* Waits until one of NFDS descriptors is ready (-1 among them is left out), the monotonic time
 * UNTIL_NS has come, or a signal has. Returns the signals that have come, or-ed. */
unsigned events_wait(struct pollfd *fd, nfds_t nfds, int64_t until_ns);

#endif
