/* SPDX-License-Identifier: MIT */
/* timers.c - sleeps and deadlines in great number, many of which are disarmed just as they fire.
 * None may be early, none may be lost, and a value that comes at the deadline is either received or
 * not sent. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/timer.h"
#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 400, .seconds = 1};

#define LATE_NS (20 * GORT_S) /* lost, not merely late */

struct clockwork {
    const struct stress *s;
    _Atomic(uint64_t) sent;
    _Atomic(uint64_t) received;
    _Atomic(uint64_t) waits;
    gort_waitgroup wg;
};

struct pair {
    struct clockwork *w;
    gort_chan *c;
    int number;
    _Atomic(int) *over; /* 1: the sender has stopped */
};

static void expect_in_time(int64_t due_ns)
{
    int64_t late_ns = gort_now() - due_ns;

    REQUIRE(late_ns >= 0, "%lld ns early", (long long)-late_ns);
    REQUIRE(late_ns < LATE_NS, "%lld ns late", (long long)late_ns);
}

static void doze(struct stress_random *r)
{
    int64_t due_ns = gort_in(stress_below(r, 400) * GORT_US);

    gort_sleep_until(due_ns);
    expect_in_time(due_ns);
}

static void send_in_time(void *arg)
{
    const struct pair *p = arg;
    struct stress_random r = stress_random(p->w->s, 2 * p->number);

    while (!stress_is_over(p->w->s)) {
        int64_t due_ns = gort_in(stress_below(&r, 200) * GORT_US);
        int v = 1;
        int rc = gort_send_by(p->c, &v, due_ns);

        if (rc == GORT_OK)
            atomic_fetch_add_explicit(&p->w->sent, 1, memory_order_relaxed);
        else
            expect_in_time(due_ns);
        if (stress_below(&r, 4) == 0)
            doze(&r);
        atomic_fetch_add_explicit(&p->w->waits, 1, memory_order_relaxed);
    }
    atomic_store_explicit(p->over, 1, memory_order_release);
}

static void recv_in_time(void *arg)
{
    const struct pair *p = arg;
    struct stress_random r = stress_random(p->w->s, 2 * p->number + 1);

    while (atomic_load_explicit(p->over, memory_order_acquire) == 0) {
        int64_t due_ns = gort_in(stress_below(&r, 200) * GORT_US);
        int v = 0;
        int rc = gort_recv_by(p->c, &v, due_ns);

        if (rc == 1)
            atomic_fetch_add_explicit(&p->w->received, 1, memory_order_relaxed);
        else
            expect_in_time(due_ns);
        if (stress_below(&r, 4) == 0)
            doze(&r);
    }
}

uint64_t stress_run(const struct stress *s)
{
    struct clockwork *w = gort_new(struct clockwork);

    w->s = s;
    for (int i = 0; i < s->tasks / 2; i++) {
        struct pair *p = gort_new(struct pair);

        *p = (struct pair){.w = w, .c = gort_chan_new(sizeof(int), 0), .number = i};
        p->over = gort_alloc_noscan(sizeof *p->over);
        gort_waitgroup_go(&w->wg, send_in_time, p);
        gort_waitgroup_go(&w->wg, recv_in_time, p);
    }
    gort_waitgroup_wait(&w->wg);
    REQUIRE(w->sent == w->received, "%llu sent, %llu received", (unsigned long long)w->sent,
            (unsigned long long)w->received);
    REQUIRE(timers_active() == 0, "%zu timers armed", timers_active());
    return w->waits;
}
