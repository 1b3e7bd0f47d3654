/* SPDX-License-Identifier: MIT */
/* finished.c - when gort_run has returned, no task runs a line of the program any more: not those
 * that compute, that sit in a blocking section, or that were just about to begin. */
#include "config.h"

#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"

#define ROUNDS     40
#define SPAWNERS   4
#define QUEUED     4
#define WATCH_FOR  (20 * GORT_MS)
#define OVERRUN    1
#define BLOCKED_MS 10

static _Atomic(int) ready;
static _Atomic(int) go;
static _Atomic(int) over;
static _Atomic(int) overrun;

static void begin_late(void *arg)
{
    (void)arg;
    if (atomic_load_explicit(&over, memory_order_seq_cst))
        atomic_store_explicit(&overrun, 1, memory_order_relaxed);
}

/* Goes on and on through the runtime; each time it comes out it may have come out too late. */
static void come_and_go(void *arg)
{
    for (;;) {
        bool late = atomic_load_explicit(&over, memory_order_seq_cst);

        gort_yield();
        if (late)
            begin_late(arg);
    }
}

/* Leaves tasks in its proc's queue, and the proc, for sysmon to give it to a new worker. */
static void queue_and_block(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&ready, 1, memory_order_relaxed);
    while (!atomic_load_explicit(&go, memory_order_relaxed)) {
    }
    for (int i = 0; i < QUEUED; i++)
        gort_go(begin_late, NULL);
    atomic_fetch_add_explicit(&ready, 1, memory_order_relaxed);
    GORT_BLOCKING
    {
        poll(NULL, 0, BLOCKED_MS);
    }
    begin_late(NULL);
}

static int run(void *arg)
{
    (void)arg;
    gort_go(come_and_go, NULL);
    for (int i = 0; i < SPAWNERS; i++)
        gort_go(queue_and_block, NULL);
    while (atomic_load_explicit(&ready, memory_order_relaxed) < 1)
        gort_yield();
    atomic_store_explicit(&go, 1, memory_order_relaxed);
    while (atomic_load_explicit(&ready, memory_order_relaxed) < 2) {
    }
    return 0;
}

static int one_life(void)
{
    int64_t end_ns;

    gort_run(&(gort_options){.maxprocs = 3, .no_monitor = 1}, run, NULL);
    atomic_store_explicit(&over, 1, memory_order_seq_cst);
    end_ns = gort_in(WATCH_FOR);
    while (!atomic_load_explicit(&overrun, memory_order_relaxed) && gort_now() < end_ns)
        sched_yield();
    return atomic_load_explicit(&overrun, memory_order_relaxed) ? OVERRUN : 0;
}

int main(void)
{
    int bad = 0;

    for (int i = 0; i < ROUNDS; i++) {
        int status = 0;
        pid_t child = fork();

        if (child == 0)
            _exit(one_life());
        waitpid(child, &status, 0);
        bad += status != 0;
    }
    printf("%s - %d of %d programs in which a task went on after the end\n",
           bad == 0 ? "ok" : "not ok", bad, ROUNDS);
    return bad != 0;
}
