/* SPDX-License-Identifier: MIT */
/* wakeup.c - benchmarks of waking a worker that is idle: two tasks take turns at sending and
 * receiving, each after a while of work of its own, the sender 5 us later, so that the receiver
 * waits by then. With two procs the work is done side by side if waking is cheap.
 * Source: Go's BenchmarkWakeupParallelSpinning and BenchmarkWakeupParallelSyscall. */
#include "config.h"

#include <poll.h>
#include <time.h>

#include "tests/bench/bench.h"

#define WAKE_DELAY_NS (5 * GORT_US)

static void spin(int64_t ns)
{
    int64_t end_ns = gort_in(ns);

    while (gort_now() < end_ns)
        continue;
}

static void wait_in_system(int64_t ns)
{
    GORT_BLOCKING
    {
        ppoll(NULL, 0, &(struct timespec){.tv_nsec = ns}, NULL);
    }
}

struct turns {
    void (*work)(int64_t ns);
    int64_t delay_ns;
    int64_t n;
    gort_chan *ping;
    gort_chan *pong;
    gort_waitgroup tasks;
};

static void send_first(void *arg)
{
    const struct turns *t = arg;

    for (int64_t i = 0; i < t->n; i++) {
        t->work(t->delay_ns + WAKE_DELAY_NS);
        gort_send(t->ping, NULL);
        t->work(t->delay_ns);
        gort_recv(t->pong, NULL);
    }
}

static void receive_first(void *arg)
{
    const struct turns *t = arg;

    for (int64_t i = 0; i < t->n; i++) {
        t->work(t->delay_ns);
        gort_recv(t->ping, NULL);
        t->work(t->delay_ns + WAKE_DELAY_NS);
        gort_send(t->pong, NULL);
    }
}

static void take_turns(gort_bench *b, void *arg)
{
    struct turns *t = arg;

    t->n = b->n;
    gort_waitgroup_go(&t->tasks, send_first, t);
    gort_waitgroup_go(&t->tasks, receive_first, t);
    gort_waitgroup_wait(&t->tasks);
}

static void with_delays(gort_bench *b, void (*work)(int64_t ns))
{
    static const int delays_us[] = {0, 1, 5, 10, 50};

    for (size_t i = 0; i < sizeof delays_us / sizeof delays_us[0]; i++) {
        struct turns *t = gort_new(struct turns);
        char name[16];

        t->work = work;
        t->delay_ns = delays_us[i] * GORT_US;
        t->ping = gort_chan_new(0, 0);
        t->pong = gort_chan_new(0, 0);
        snprintf(name, sizeof name, "%dus", delays_us[i]);
        gort_bench_run(b, name, take_turns, t);
    }
}

GORT_BENCH(WakeupSpinning)
{
    with_delays(b, spin);
}

GORT_BENCH(WakeupSyscall)
{
    with_delays(b, wait_in_system);
}

GORT_BENCH_MAIN
