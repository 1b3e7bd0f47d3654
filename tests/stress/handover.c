/* SPDX-License-Identifier: MIT */
/* handover.c - a task computes with a lock of libc's, and another, with its signals blocked, waits
 * for that lock: so the world stops only when it has been handed over, and for that all must go on
 * for longer than a moment between two tries. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "gort.h"

#define WORK_NS (20 * GORT_MS) /* of processor time, from the first try to the handing over */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(int) held;
static _Atomic(int) waits;
static _Atomic(int) asked;

static int is_set(_Atomic(int) *flag)
{
    return atomic_load_explicit(flag, memory_order_acquire);
}

static void set(_Atomic(int) *flag, int value)
{
    atomic_store_explicit(flag, value, memory_order_release);
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * GORT_S + t.tv_nsec;
}

static void hold(void *arg)
{
    int64_t until_ns;

    (void)arg;
    pthread_mutex_lock(&mutex);
    set(&held, 1);
    while (!is_set(&asked))
        continue;
    until_ns = cpu_ns() + WORK_NS;
    while (cpu_ns() < until_ns)
        continue;
    pthread_mutex_unlock(&mutex);
}

static void wait_deaf(void *arg)
{
    sigset_t all, before;

    (void)arg;
    while (!is_set(&held))
        gort_yield();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    set(&waits, 1);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_under_both(void (*stop)(void), const char *text)
{
    gort_waitgroup both = {0};

    set(&held, 0);
    set(&waits, 0);
    set(&asked, 0);
    gort_waitgroup_go(&both, hold, NULL);
    gort_waitgroup_go(&both, wait_deaf, NULL);
    while (!is_set(&waits))
        gort_yield();
    set(&asked, 1);
    stop();
    gort_waitgroup_wait(&both);
    printf("ok - %s\n", text);
}

static void one_proc_more(void)
{
    gort_set_maxprocs(gort_maxprocs() + 1);
}

static int run(void *arg)
{
    (void)arg;
    stop_under_both(gort_gc, "a collection ends");
    stop_under_both(one_proc_more, "the number of procs changes");
    return gort_maxprocs() == 4 ? 0 : 1;
}

int main(void)
{
    return gort_run(&(gort_options){.maxprocs = 3}, run, NULL);
}
