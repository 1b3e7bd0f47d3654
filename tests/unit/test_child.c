/* SPDX-License-Identifier: MIT */
/* test_child.c - what a child gives up: it says through the descriptor that it keeps what it has
 * left. */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mon/child.h"
#include "tests/support/openfds.h"

#define HIGH_FD 700

/* What the child finds. */
struct left {
    int nfiles;      /* open ones, but for that which counts them */
    bool is_null[3]; /* the standard ones */
    int nhandlers;   /* signals that do not have their usual effect */
    int nblocked;
    bool is_apart; /* in a group of its own */
};

static bool is_null(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static struct left look(void)
{
    struct left left = {.nfiles = open_fds(getpid()) - 1, .is_apart = getpgrp() == getpid()};
    sigset_t blocked;

    for (int fd = 0; fd < 3; fd++)
        left.is_null[fd] = is_null(fd);
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < SIGRTMIN; number++) {
        struct sigaction action;

        left.nhandlers += sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
        left.nblocked += sigismember(&blocked, number);
    }
    return left;
}

/* Forks a child that keeps what lies at AT, or wherever it comes to lie if that is -1. */
static struct left fork_child(int at)
{
    struct left left = {.nfiles = -1};
    int fd[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0, "no sockets");
    pid_t pid = fork();
    if (pid == 0) {
        if (at >= 0)
            fd[1] = dup2(fd[1], at);
        child_keep_only(fd[1]);
        child_drop_signals();
        left = look();
        _exit(write(CHILD_FD, &left, sizeof left) == sizeof left ? 0 : 1);
    }
    close(fd[1]);
    cr_assert_eq(read(fd[0], &left, sizeof left), (ssize_t)sizeof left, "it says nothing");
    waitpid(pid, NULL, 0);
    return left;
}

TestSuite(child, .timeout = 30);

Test(child, keeps_one_file_and_three_that_are_nothing)
{
    int low = open("/proc/self/stat", O_RDONLY);

    cr_assert_eq(dup2(low, HIGH_FD), HIGH_FD, "no descriptor %d", HIGH_FD);
    struct left left = fork_child(-1);
    cr_assert_eq(left.nfiles, 4, "%d files", left.nfiles);
    for (int fd = 0; fd < 3; fd++)
        cr_assert(left.is_null[fd], "%d is something", fd);
}

Test(child, keeps_it_wherever_it_lies)
{
    for (int at = 0; at <= CHILD_FD + 1; at++) {
        struct left left = fork_child(at);

        cr_assert_eq(left.nfiles, 4, "%d files, kept from %d", left.nfiles, at);
        for (int fd = 0; fd < 3; fd++)
            cr_assert(left.is_null[fd], "%d is something, kept from %d", fd, at);
    }
}

Test(child, has_no_signal_that_is_blocked_or_ignored)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, _exit);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct left left = fork_child(-1);
    cr_assert_eq(left.nhandlers, 0, "%d signals", left.nhandlers);
    cr_assert_eq(left.nblocked, 0, "%d signals", left.nblocked);
}

Test(child, does_not_get_the_keys_of_the_terminal)
{
    struct left left = fork_child(-1);

    cr_assert(left.is_apart, "it is in the group of its parent");
}
