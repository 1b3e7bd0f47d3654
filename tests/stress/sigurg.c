/* SPDX-License-Identifier: MIT */
/* sigurg.c - a task blocks the signal by which the runtime stops threads, and computes. A
 * collection has to wait for it, and must then come to its end; the thread lets the signal through
 * again. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "gort.h"

#define BLOCKED_FOR (100 * GORT_MS)

static _Atomic(int) blocked;
static _Atomic(int) unblocked;

static int is_blocked(void)
{
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, SIGURG);
}

static void compute(void *done)
{
    int64_t until_ns = gort_in(BLOCKED_FOR);
    int64_t deadline_ns = gort_in(20 * GORT_S);
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGURG);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    atomic_store_explicit(&blocked, is_blocked(), memory_order_relaxed);
    while (gort_now() < until_ns) {
    }
    while (is_blocked() && gort_now() < deadline_ns)
        gort_safepoint();
    atomic_store_explicit(&unblocked, !is_blocked(), memory_order_relaxed);
    gort_close(done);
}

static int claim(int holds, const char *text)
{
    printf("%s - %s\n", holds ? "ok" : "not ok", text);
    return !holds;
}

static int run(void *arg)
{
    gort_chan *done = gort_chan_new(0, 0);
    gort_memstats stats;
    int wrong = 0;

    (void)arg;
    gort_go(compute, done);
    while (!atomic_load_explicit(&blocked, memory_order_relaxed))
        gort_yield();
    gort_gc();
    gort_read_memstats(&stats);
    gort_recv(done, NULL);
    wrong += claim(stats.num_forced_gc == 1, "a collection ends though a thread blocks the signal");
    wrong += claim(atomic_load_explicit(&unblocked, memory_order_relaxed),
                   "the thread lets the signal through again");
    return wrong != 0;
}

int main(void)
{
    return gort_run(&(gort_options){.maxprocs = 2}, run, NULL);
}
