/* SPDX-License-Identifier: MIT */
/* foreign.c - threads that attach later may wake tasks that all wait, if the options say that they
 * will come; and one that is still attached when gort_run has returned can go its way. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "gort.h"
#include "runtime/task.h"

#define LOOKS 20000 /* at tasks that all wait, before a thread comes */

static gort_chan *chan;
static _Atomic(int) attached;
static _Atomic(int) over;

static bool all_tasks_wait(void)
{
    size_t n = tasks_used();

    for (size_t i = 0; i < n; i++)
        if (atomic_load_explicit(&task_at(i)->state, memory_order_relaxed) == TASK_WAITING)
            return true; /* there is only one */
    return false;
}

static void *come_late(void *arg)
{
    int one = 1;

    for (int i = 0; i < LOOKS;) {
        i += all_tasks_wait();
        sched_yield();
    }
    if (gort_thread_attach() != 0)
        return NULL;
    gort_send(chan, &one);
    atomic_store_explicit(&attached, 1, memory_order_relaxed);
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
    }
    return gort_thread_detach() == 0 ? arg : NULL;
}

static int run(void *arg)
{
    int got = 0;

    chan = gort_chan_new(sizeof got, 1);
    if (pthread_create(arg, NULL, come_late, &over) != 0)
        return 1;
    gort_recv(chan, &got);
    while (!atomic_load_explicit(&attached, memory_order_relaxed))
        gort_yield();
    return got == 1 ? 0 : 1;
}

int main(void)
{
    pthread_t thread;
    void *end = NULL;
    int result = gort_run(&(gort_options){.foreign_threads = 1}, run, &thread);

    atomic_store_explicit(&over, 1, memory_order_relaxed);
    pthread_join(thread, &end);
    if (result == 0 && end == &over && gort_thread_attach() == GORT_EINVAL)
        return 0;
    fprintf(stderr, "result %d, the thread %s\n", result, end == &over ? "detached" : "failed");
    return 1;
}
