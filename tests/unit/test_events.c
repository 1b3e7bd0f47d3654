/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/events.h"

TestSuite(events, .init = events_init, .timeout = 10);

static unsigned wait_ms(int64_t ms)
{
    return events_wait(NULL, 0, clock_mono_ns() + ms * NS_PER_MS);
}

Test(events, each_signal_is_told_once)
{
    static const struct {
        int number;
        unsigned event;
    } cases[] = {{SIGTERM, EVENT_SIGNAL_END},      {SIGHUP, EVENT_SIGNAL_END},
                 {SIGINT, EVENT_SIGNAL_END},       {SIGTSTP, EVENT_SIGNAL_STOP},
                 {SIGCONT, EVENT_SIGNAL_CONTINUE}, {SIGWINCH, EVENT_SIGNAL_RESIZE}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        raise(cases[i].number);
        unsigned events = wait_ms(5000);
        cr_assert_eq(events, cases[i].event, "signal %d: events %u", cases[i].number, events);
        cr_assert_eq(wait_ms(1), 0, "signal %d is told twice", cases[i].number);
    }
}

Test(events, signals_that_come_together_are_told_together)
{
    raise(SIGWINCH);
    raise(SIGTERM);
    unsigned events = wait_ms(5000);
    cr_assert_eq(events, EVENT_SIGNAL_RESIZE | EVENT_SIGNAL_END, "%u", events);
}

Test(events, it_ends_at_its_time)
{
    int64_t begin_ns = clock_mono_ns();

    wait_ms(30);
    cr_assert_geq(clock_mono_ns() - begin_ns, 30 * NS_PER_MS, "it ends early");
}

Test(events, a_time_that_has_passed_does_not_wait)
{
    cr_assert_eq(events_wait(NULL, 0, clock_mono_ns() - NS_PER_S), 0, "an event without a cause");
}

Test(events, a_readable_descriptor_ends_it)
{
    int pipe_fd[2];

    cr_assert_eq(pipe(pipe_fd), 0, "no pipe");
    cr_assert_eq(write(pipe_fd[1], "x", 1), 1, "no write");
    struct pollfd fd[] = {{.fd = -1, .events = POLLIN}, {.fd = pipe_fd[0], .events = POLLIN}};
    events_wait(fd, 2, clock_mono_ns() + 5 * NS_PER_S);
    cr_assert_eq(fd[1].revents, POLLIN, "revents %d", fd[1].revents);
    cr_assert_eq(fd[0].revents, 0, "revents %d of no descriptor", fd[0].revents);
}

Test(events, a_closed_pipe_does_not_kill)
{
    int pipe_fd[2];

    cr_assert_eq(pipe(pipe_fd), 0, "no pipe");
    close(pipe_fd[0]);
    ssize_t written = write(pipe_fd[1], "x", 1);
    cr_assert_eq(written, -1, "%zd", written);
}
