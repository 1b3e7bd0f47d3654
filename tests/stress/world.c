/* SPDX-License-Identifier: MIT */
/* world.c - stopping the world while tasks do everything that they can: compute in C code, hop in
 * and out of the runtime, switch, sleep, block their threads. The claim: while it is stopped, no
 * task takes a step; afterwards all go on. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "gort.h"
#include "runtime/sched.h"
#include "runtime/world.h"

#define KINDS     4
#define OF_A_KIND 3
#define STOPS     100
#define LOOKS     50

static _Atomic(uint64_t) steps[KINDS * OF_A_KIND];
static _Atomic(uint32_t) ending;
static gort_waitgroup running;

static void step(const void *arg)
{
    atomic_fetch_add_explicit((_Atomic(uint64_t) *)(uintptr_t)arg, 1, memory_order_relaxed);
}

static int is_over(void)
{
    return atomic_load_explicit(&ending, memory_order_relaxed) != 0;
}

static void compute(void *arg)
{
    while (!is_over())
        step(arg);
    gort_waitgroup_done(&running);
}

static void hop(void *arg)
{
    while (!is_over()) {
        step(arg);
        gort_safepoint();
    }
    gort_waitgroup_done(&running);
}

static void yield(void *arg)
{
    while (!is_over()) {
        step(arg);
        gort_yield();
    }
    gort_waitgroup_done(&running);
}

static void nap(void *arg)
{
    while (!is_over()) {
        step(arg);
        gort_sleep(50 * GORT_US);
    }
    gort_waitgroup_done(&running);
}

static void count(uint64_t *into)
{
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
        into[i] = atomic_load_explicit(&steps[i], memory_order_relaxed);
}

/* On the worker's own stack. */
static void stop_and_look(void *arg)
{
    uint64_t before[ARRAY_COUNT(steps)];
    uint64_t after[ARRAY_COUNT(steps)];
    struct world_stop how = {0};
    int *moved = arg;

    while (!world_stop(&how, GORT_S)) {
    }
    count(before);
    for (int i = 0; i < LOOKS; i++) {
        count(after);
        *moved += memcmp(before, after, sizeof before) != 0;
    }
    world_start();
}

static int all_have_gone_on(const uint64_t *since)
{
    uint64_t now[ARRAY_COUNT(steps)];

    count(now);
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        if (now[i] == since[i])
            return 0;
    }
    return 1;
}

static int run(void *arg)
{
    static void (*const kind[KINDS])(void *) = {compute, hop, yield, nap};
    uint64_t since[ARRAY_COUNT(steps)];
    int64_t deadline_ns;
    int moved = 0;

    (void)arg;
    gort_waitgroup_add(&running, KINDS * OF_A_KIND);
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
        gort_go(kind[i % KINDS], &steps[i]);
    for (int i = 0; i < STOPS; i++) {
        rt_enter("world");
        sched_on_worker_stack(stop_and_look, &moved);
        rt_leave(worker_self());
        gort_sleep(200 * GORT_US);
    }
    count(since);
    deadline_ns = gort_in(30 * GORT_S);
    while (!all_have_gone_on(since) && gort_now() < deadline_ns)
        gort_sleep(GORT_MS);
    printf("%s - no task takes a step while the world is stopped\n", moved == 0 ? "ok" : "not ok");
    printf("%s - all tasks go on afterwards\n", all_have_gone_on(since) ? "ok" : "not ok");
    if (moved != 0 || !all_have_gone_on(since))
        return 1;
    atomic_store_explicit(&ending, 1, memory_order_relaxed);
    gort_waitgroup_wait(&running);
    return 0;
}

int main(void)
{
    return gort_run(NULL, run, NULL);
}
