/* SPDX-License-Identifier: MIT */
/* faults.c - SIGSEGV means under the runtime what it means without it: a fault in a task ends the
 * process even where the signal is ignored, one that was sent does what the program wants, and the
 * program's own handler is called. */
#include "config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "gort.h"
#include "runtime/san.h"

#define SKIPPED  77
#define SURVIVED 0
#define HANDLED  9
#define TOO_LONG 20 /* seconds */

static void *volatile nowhere = (void *)(uintptr_t)16;

static int fault(void *arg)
{
    (void)arg;
    *(volatile int *)nowhere = 1;
    return SURVIVED;
}

static int send(void *arg)
{
    (void)arg;
    kill(getpid(), SIGSEGV);
    gort_sleep(10 * GORT_MS);
    return SURVIVED;
}

static void on_segv(int sig)
{
    _exit(sig == SIGSEGV ? HANDLED : 1);
}

static void on_segv_info(int sig, siginfo_t *info, void *context)
{
    (void)context;
    _exit(sig == SIGSEGV && info->si_addr == nowhere ? HANDLED : 1);
}

static const struct trial {
    const char *claim;
    struct sigaction before; /* of the runtime's start */
    int (*run)(void *arg);
    int signal; /* that ends the process, or 0 */
    int status;
} trials[] = {
    {"a fault ends the process", {.sa_handler = SIG_DFL}, fault, SIGSEGV, 0},
    {"a fault ends it though it is ignored", {.sa_handler = SIG_IGN}, fault, SIGSEGV, 0},
    {"a fault is for the program's handler", {.sa_handler = on_segv}, fault, 0, HANDLED},
    {"the program's handler is told where",
     {.sa_sigaction = on_segv_info, .sa_flags = SA_SIGINFO},
     fault,
     0,
     HANDLED},
    {"a signal that was sent ends the process", {.sa_handler = SIG_DFL}, send, SIGSEGV, 0},
    {"a signal that was sent can be ignored", {.sa_handler = SIG_IGN}, send, 0, SURVIVED},
    {"a signal that was sent can be handled", {.sa_handler = on_segv}, send, 0, HANDLED},
};

static _Noreturn void be_child(const struct trial *t)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    alarm(TOO_LONG);
    sigaction(SIGSEGV, &t->before, NULL);
    _exit(gort_run(&(gort_options){.no_monitor = 1}, t->run, NULL));
}

static bool passes(const struct trial *t)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        be_child(t);
    waitpid(child, &status, 0);
    return t->signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == t->signal
                          : WIFEXITED(status) && WEXITSTATUS(status) == t->status;
}

int main(void)
{
    int bad = 0;

    if (SAN_ADDRESS || SAN_THREAD) /* they have handlers of their own */
        return SKIPPED;
    for (size_t i = 0; i < ARRAY_COUNT(trials); i++) {
        bool good = passes(&trials[i]);

        printf("%s - %s\n", good ? "ok" : "not ok", trials[i].claim);
        bad += !good;
    }
    return bad != 0;
}
