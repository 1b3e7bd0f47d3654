/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/pageload.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort.h"
#include "page.h"
#include "tests/support/procfd.h"
#include "tests/support/wait.h"

#define NSLEEPERS 200
#define START_NS  (20 * NS_PER_S)

static void receive(void *arg)
{
    int n = 0;

    while (gort_recv(arg, &n))
        ;
}

static void send(void *arg)
{
    for (int n = 0;; n++)
        gort_send(arg, &n);
}

static void sleep_often(void *arg)
{
    (void)arg;
    for (;;)
        gort_sleep(GORT_MS);
}

static void child(void *arg)
{
    memset(gort_alloc(2000), 1, 2000);
    gort_waitgroup_done(arg);
}

static void spawn(void *arg)
{
    (void)arg;
    for (;;) {
        gort_waitgroup wg = {0};

        gort_waitgroup_add(&wg, 50);
        for (int i = 0; i < 50; i++)
            gort_go(child, &wg);
        gort_waitgroup_wait(&wg);
        gort_sleep(GORT_MS);
    }
}

static void collect(void *arg)
{
    (void)arg;
    for (;;) {
        gort_gc();
        gort_sleep(5 * GORT_MS);
    }
}

int pageload_run(void *arg)
{
    gort_chan *c = gort_chan_new(sizeof(int), 4);

    for (int i = 0; i < NSLEEPERS; i++)
        gort_go(sleep_often, NULL);
    gort_go(receive, c);
    gort_go(send, c);
    gort_go(spawn, NULL);
    gort_go(collect, NULL);
    if (arg != NULL) {
        void (*fn)(void) = NULL;

        memcpy(&fn, &arg, sizeof fn);
        fn();
        return 0;
    }
    for (;;)
        gort_sleep(GORT_S);
}

/* The mailbox is the last that is made. */
static bool has_mailbox(void *pid)
{
    int fd = procfd_open(*(pid_t *)pid, PAGE_MAIL_MEMFD_NAME, O_RDONLY);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

pid_t pageload_start(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(gort_run(&(gort_options){.maxprocs = 2}, pageload_run, NULL));
    return pid > 0 && wait_until(has_mailbox, &pid, START_NS) ? pid : -1;
}

void pageload_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
