/* SPDX-License-Identifier: MIT */
/* netbusy.c - who was woken by the poller and computes does not keep others from what comes there
 * meanwhile, though it has taken the place of whoever waited in it. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/conform.h"
#include "tests/support/netpair.h"

#define PATIENCE_NS (20 * NS_PER_S)

struct busy {
    struct pair computing;
    struct pair waiting;
    _Atomic(int) computes; /* 1: its task has been woken */
    _Atomic(int) served;   /* 1: the other one has been, meanwhile */
    gort_waitgroup both;
    int in_time;
};

static void read_one(gort_conn *c)
{
    char byte;

    EXPECT(gort_read(c, &byte, 1) == 1, "nothing was read");
}

/* Calls nothing of the runtime until the other has been served. */
static void compute(void *arg)
{
    struct busy *b = arg;
    int64_t end_ns;

    read_one(b->computing.near);
    atomic_store_explicit(&b->computes, 1, memory_order_release);
    end_ns = clock_mono_ns() + PATIENCE_NS;
    while (atomic_load_explicit(&b->served, memory_order_acquire) == 0 && clock_mono_ns() < end_ns)
        continue;
    b->in_time = atomic_load_explicit(&b->served, memory_order_acquire);
    gort_waitgroup_done(&b->both);
}

static void wait(void *arg)
{
    struct busy *b = arg;

    read_one(b->waiting.near);
    atomic_store_explicit(&b->served, 1, memory_order_release);
    gort_waitgroup_done(&b->both);
}

static void send_one(gort_conn *c)
{
    (void)!write(gort_conn_fd(c), "x", 1);
}

/* A thread that the runtime does not know: no task has to run for it to write. */
static void *write_to_both(void *arg)
{
    struct busy *b = arg;

    send_one(b->computing.far);
    while (atomic_load_explicit(&b->computes, memory_order_acquire) == 0)
        sched_yield();
    send_one(b->waiting.far);
    return NULL;
}

CLAIM(who_computes_leaves_the_poller_to_others)
{
    struct busy b = {.computing = tcp_pair(), .waiting = tcp_pair()};
    pthread_t writer;

    gort_waitgroup_add(&b.both, 2);
    gort_go(compute, &b);
    gort_go(wait, &b);
    EXPECT(pthread_create(&writer, NULL, write_to_both, &b) == 0, "no thread");
    gort_waitgroup_wait(&b.both);
    pthread_join(writer, NULL);
    EXPECT(b.in_time, "it was not served while the other one computed");
    close_pair(b.computing);
    close_pair(b.waiting);
}
