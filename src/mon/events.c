/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/events.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "base/bits.h"
#include "base/clock.h"

static const struct {
    int number;
    enum event_signal event;
} signals[] = {
    {SIGTERM, EVENT_SIGNAL_END},  {SIGINT, EVENT_SIGNAL_END},       {SIGHUP, EVENT_SIGNAL_END},
    {SIGTSTP, EVENT_SIGNAL_STOP}, {SIGCONT, EVENT_SIGNAL_CONTINUE}, {SIGWINCH, EVENT_SIGNAL_RESIZE},
};

/* Set by the handlers, which run only within events_wait; taken there. */
static volatile sig_atomic_t come[ARRAY_COUNT(signals)];
static sigset_t while_waiting;

static void on_signal(int number)
{
    for (size_t i = 0; i < ARRAY_COUNT(signals); i++) {
        if (signals[i].number == number)
            come[i] = 1;
    }
}

void events_init(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < ARRAY_COUNT(signals); i++)
        sigaddset(&blocked, signals[i].number);
    sigprocmask(SIG_BLOCK, &blocked, &while_waiting);
    for (size_t i = 0; i < ARRAY_COUNT(signals); i++) {
        sigaction(signals[i].number, &action, NULL);
        sigdelset(&while_waiting, signals[i].number);
    }
    signal(SIGPIPE, SIG_IGN);
}

static unsigned take_signals(void)
{
    unsigned events = 0;

    for (size_t i = 0; i < ARRAY_COUNT(signals); i++) {
        if (come[i] != 0)
            events |= signals[i].event;
        come[i] = 0;
    }
    return events;
}

unsigned events_wait(struct pollfd *fd, nfds_t nfds, int64_t until_ns)
{
    int64_t rest_ns = until_ns - clock_mono_ns();
    struct timespec rest = {0};

    if (rest_ns > 0) {
        rest.tv_sec = (time_t)(rest_ns / NS_PER_S);
        rest.tv_nsec = (long)(rest_ns % NS_PER_S);
    }
    for (nfds_t i = 0; i < nfds; i++)
        fd[i].revents = 0;
    ppoll(fd, nfds, &rest, &while_waiting);
    return take_signals();
}
