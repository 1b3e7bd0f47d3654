/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/conform_child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/taskdump.h"
#include "tests/support/selfexec.h"

#define CHILD_SECONDS 100u
#define LOOK_MS       1000
#define PAUSE_NS      (2 * NS_PER_S) /* between two looks; what is above is standstill */

/* ---- in the child --------------------------------------------------------------------------- */

static void tell_where(int signal_number, siginfo_t *info, void *context)
{
    int saved_errno = errno;

    (void)info;
    taskdump_print_signal(STDOUT_FILENO, context);
    taskdump_print_others(STDOUT_FILENO);
    signal(signal_number, SIG_DFL);
    raise(signal_number); /* comes when this returns */
    errno = saved_errno;
}

void child_tells_where_on_alarm(void)
{
    struct sigaction on_alarm = {.sa_sigaction = tell_where, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigaction(SIGALRM, &on_alarm, NULL);
}

/* ---- in its parent -------------------------------------------------------------------------- */

static _Noreturn void exec_self(const char *claim, int output)
{
    const char *const argv[] = {"conform", "--child", claim, NULL};

    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close(output);
    alarm(3 * CHILD_SECONDS); /* if the parent is gone */
    self_exec(argv);
    _exit(127);
}

/* Time in which this process stood still too is no time that the child had: the test was stopped,
 * or the machine slept. */
static bool is_patience_over(int64_t *left_ns, int64_t *looked_ns)
{
    int64_t now_ns = clock_mono_ns();
    int64_t passed_ns = now_ns - *looked_ns;
    int64_t before_ns = *left_ns;

    *looked_ns = now_ns;
    *left_ns -= passed_ns < PAUSE_NS ? passed_ns : PAUSE_NS;
    return before_ns > 0 && *left_ns <= 0;
}

/* What there is no room for is read too, or the child could not go on. */
static ssize_t read_some(struct child *c, int fd)
{
    char rest[4096];
    size_t room = sizeof c->output - 1 - c->length;
    ssize_t n = room > 0 ? read(fd, c->output + c->length, room) : read(fd, rest, sizeof rest);

    if (room > 0 && n > 0)
        c->length += (size_t)n;
    return n;
}

static void collect_output(struct child *c, int fd, pid_t pid)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int64_t left_ns = CHILD_SECONDS * NS_PER_S;
    int64_t looked_ns = clock_mono_ns();
    ssize_t n = 1;

    while (n > 0) {
        if (poll(&readable, 1, LOOK_MS) > 0)
            n = read_some(c, fd);
        if (is_patience_over(&left_ns, &looked_ns))
            kill(pid, SIGALRM);
    }
    c->output[c->length] = '\0';
}

void child_run(struct child *c, const char *claim)
{
    int fds[2];
    pid_t pid;

    fflush(stdout);
    c->length = 0;
    if (pipe(fds) != 0 || (pid = fork()) < 0) {
        perror("conform");
        exit(77);
    }
    if (pid == 0) {
        close(fds[0]);
        exec_self(claim, fds[1]);
    }
    close(fds[1]);
    collect_output(c, fds[0], pid);
    close(fds[0]);
    wait4(pid, &c->status, 0, &c->used);
}

static double processor_seconds(const struct rusage *used)
{
    return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
           (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

void child_describe(const struct child *c, char *text, size_t bytes)
{
    if (WIFEXITED(c->status))
        snprintf(text, bytes, "exit status %d", WEXITSTATUS(c->status));
    else if (WTERMSIG(c->status) == SIGALRM)
        snprintf(text, bytes, "no end after %u s, %.1f s of them on a processor", CHILD_SECONDS,
                 processor_seconds(&c->used));
    else
        snprintf(text, bytes, "signal %d", WTERMSIG(c->status));
}
