/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/os_linux.h"
#include "runtime/sigblock.h"

/* What sigblock_look writes to stderr for this thread. */
static const char *told(void)
{
    static char text[512];
    int ends[2];
    int saved = dup(STDERR_FILENO);
    ssize_t n = 0;

    cr_assert_eq(pipe2(ends, O_NONBLOCK), 0, "pipe");
    dup2(ends[1], STDERR_FILENO);
    sigblock_look(os_thread_id());
    dup2(saved, STDERR_FILENO);
    n = read(ends[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    close(saved);
    close(ends[0]);
    close(ends[1]);
    return text;
}

static void mask_urgent(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGURG);
    cr_assert_eq(sigprocmask(how, &set, NULL), 0, "sigprocmask");
}

Test(sigblock, reads_the_mask_of_a_thread)
{
    cr_assert(sigblock_is_blocked("Name:\tx\nSigBlk:\t0000000000400000\nSigIgn:\t0\n"), "bit 22");
    cr_assert_not(sigblock_is_blocked("Name:\tx\nSigBlk:\tffffffffffbfffff\nSigIgn:\t0\n"),
                  "all others");
    cr_assert_not(sigblock_is_blocked("Name:\tx\n"), "no mask");
}

Test(sigblock, a_thread_that_blocks_the_signal_is_told_once)
{
    mask_urgent(SIG_BLOCK);
    cr_assert_not_null(strstr(told(), "blocks SIGURG"), "%s", "nothing was told");
    cr_assert_str_empty(told(), "%s", "it was told twice");
}

Test(sigblock, one_that_does_not_is_left_alone)
{
    mask_urgent(SIG_UNBLOCK);
    cr_assert_str_empty(told(), "%s", "it was told");
}
