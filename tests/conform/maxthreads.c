/* SPDX-License-Identifier: MIT */
/* maxthreads.c - too many threads end the program, and it may say how many are too many. */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "tests/support/conform.h"

CLAIM(the_limit_is_ten_thousand_at_first)
{
    EXPECT(gort_set_max_threads(0) == 10000, "%d", gort_set_max_threads(0));
}

CLAIM(the_former_limit_is_returned)
{
    int first = gort_set_max_threads(500);

    EXPECT(gort_set_max_threads(-1) == 500, "%d", gort_set_max_threads(-1));
    EXPECT(gort_set_max_threads(first) == 500, "not 500");
    EXPECT(gort_set_max_threads(0) == first, "not %d", first);
}

static void block_for_ever(void *arg)
{
    const int *fd = arg;
    char c;

    GORT_BLOCKING
    {
        while (read(*fd, &c, 1) < 0 && errno == EINTR) {
        }
    }
}

static void block_many(int n)
{
    int fds[2];

    EXPECT(pipe(fds) == 0, "pipe: errno %d", errno);
    for (int i = 0; i < n; i++)
        gort_go(block_for_ever, &fds[0]);
    for (;;)
        gort_yield();
}

ENDS(more_threads_than_the_limit_end_the_program, 2, "fatal error: too many threads: ")
{
    gort_set_max_threads(20);
    block_many(30);
}

ENDS(the_message_names_the_limit, 2, "and the limit is 12")
{
    gort_set_max_threads(12);
    block_many(30);
}

ENDS(a_limit_below_what_runs_ends_it_at_once, 2, "and the limit is 1")
{
    int fds[2];

    EXPECT(pipe(fds) == 0, "pipe: errno %d", errno);
    gort_go(block_for_ever, &fds[0]);
    gort_sleep(GORT_MS); /* two have been needed for that: this task and the one that blocks */
    for (int64_t by_ns = gort_in(10 * GORT_S); gort_now() < by_ns;) {
        gort_yield();
        gort_set_max_threads(1);
    }
}
