/* SPDX-License-Identifier: MIT */
/* sleeper.h - a process to look at, which does nothing. Threads: any. */
#ifndef SUPPORT_SLEEPER_H
#define SUPPORT_SLEEPER_H

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A child that sleeps until it is killed, at the latest when the caller has ended. */
static inline pid_t fork_sleeper(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent) /* it may have ended before it was asked for */
        pause();
    _exit(0);
}

#endif
