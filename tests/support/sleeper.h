/* SPDX-License-Identifier: MIT */
/* sleeper.h - a process to look at, which does nothing. Threads: any. */
#ifndef SUPPORT_SLEEPER_H
#define SUPPORT_SLEEPER_H

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A child that sleeps until it is killed, at the latest when the caller has ended. Its pid is that
 * which is given, or any for 0; -1: it cannot be had, which takes a privilege. */
static inline pid_t fork_sleeper_as(pid_t as)
{
    struct clone_args args = {
        .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&as, .set_tid_size = 1};
    pid_t parent = getpid();
    pid_t pid = as == 0 ? fork() : (pid_t)syscall(SYS_clone3, &args, sizeof args);

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent) /* it may have ended before it was asked for */
        pause();
    _exit(0);
}

static inline pid_t fork_sleeper(void)
{
    return fork_sleeper_as(0);
}

/* What makes a sleeper exec, and tells that it has: see fork_execer. */
struct execer {
    pid_t pid;
    int go;   /* a byte written here is the order */
    int done; /* at its end once the other program runs, or none does */
};

/* A child that sleeps as the one above, and becomes sleep(1) when it is told to. */
static inline struct execer fork_execer(void)
{
    struct execer e = {.pid = -1};
    int go[2];
    int done[2];
    char byte;

    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0)
        return e;
    e = (struct execer){.pid = fork(), .go = go[1], .done = done[0]};
    if (e.pid != 0) {
        close(go[0]);
        close(done[1]);
        return e;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(go[1]);
    if (read(go[0], &byte, 1) == 1)
        execlp("sleep", "sleep", "1000", (char *)NULL);
    _exit(127);
}

/* Returns when it has. */
static inline void execer_exec(const struct execer *e)
{
    char byte = 0;

    if (write(e->go, &byte, 1) == 1)
        while (read(e->done, &byte, 1) > 0)
            ;
}

#endif
