/* SPDX-License-Identifier: MIT */
/* timerkeep.c - which timers and tickers the collector keeps, and which it lets go.
 * Worth running under GORT_DEBUG=gcstress=1,clobberfree=1 too. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

#define MANY 200
#define LONG (3600 * GORT_S)

/* The next value of C, or 0 if none comes in ten seconds. */
static int64_t receive(gort_chan *c)
{
    int64_t v = 0;

    return gort_recv_by(c, &v, gort_in(10 * GORT_S)) == 1 ? v : 0;
}

/* Overwrites what calls have left on the stack. */
__attribute__((noinline)) static void wipe_stack(void)
{
    volatile char old[8192];

    for (size_t i = 0; i < sizeof old; i++)
        old[i] = 0;
}

__attribute__((noinline)) static void arm_and_forget(void)
{
    for (int i = 0; i < MANY; i++) {
        gort_timer_new(LONG);
        gort_after(LONG);
        gort_ticker_new(i % 2 == 0 ? LONG : GORT_MS);
    }
}

/* The second collection ends the sweep of the first. */
static uint64_t live_objects(void)
{
    gort_memstats m;

    gort_gc();
    gort_gc();
    gort_read_memstats(&m);
    return m.mallocs - m.frees;
}

/* A search of stacks and registers may keep a few by chance. */
CLAIM(what_nobody_refers_to_is_reclaimed)
{
    uint64_t before = live_objects();
    uint64_t after;

    arm_and_forget();
    wipe_stack();
    after = live_objects();
    EXPECT(after < before + MANY / 4, "%lld objects more", (long long)(after - before));
}

struct wait {
    _Atomic(int64_t) got_ns;
    gort_waitgroup wg;
};

static int64_t got_ns(struct wait *w)
{
    return atomic_load_explicit(&w->got_ns, memory_order_relaxed);
}

__attribute__((noinline)) static void wait_for_a_timer(void *arg)
{
    struct wait *w = arg;

    atomic_store_explicit(&w->got_ns, receive(gort_after(5 * GORT_MS)), memory_order_relaxed);
}

/* The timer is in a heap; only the task that waits refers to its channel. */
CLAIM(a_task_that_waits_keeps_a_timer)
{
    struct wait *w = gort_new(struct wait);

    gort_waitgroup_go(&w->wg, wait_for_a_timer, w);
    EVENTUALLY(conform_parked(PARKED_RECV) == 1 || got_ns(w) != 0, "it does not wait");
    gort_gc();
    arm_and_forget();
    gort_gc();
    gort_waitgroup_wait(&w->wg);
    EXPECT(got_ns(w) != 0, "it did not fire");
}

__attribute__((noinline)) static gort_chan *chan_of_a_ticker(void)
{
    return gort_ticker_chan(gort_ticker_new(100 * GORT_US));
}

CLAIM(its_channel_keeps_a_ticker)
{
    gort_chan *c = chan_of_a_ticker();

    for (int i = 0; i < 5; i++) {
        wipe_stack();
        gort_gc();
        EXPECT(receive(c) != 0, "no tick after collection %d", i);
    }
}

CLAIM(a_receiver_keeps_a_timer)
{
    gort_chan *c = gort_after(2 * GORT_MS);

    arm_and_forget();
    wipe_stack();
    gort_gc();
    EXPECT(receive(c) != 0, "it did not fire");
}

static void note_call(void *arg)
{
    atomic_fetch_add_explicit((_Atomic(int) *)arg, 1, memory_order_relaxed);
}

__attribute__((noinline)) static void call_later(_Atomic(int) **ncalls)
{
    for (int i = 0; i < MANY; i++) {
        ncalls[i] = gort_new(_Atomic(int));
        gort_after_func(GORT_MS + (int64_t)conform_random(5) * GORT_MS, note_call, ncalls[i]);
    }
}

CLAIM(a_function_to_come_and_its_argument_are_kept)
{
    _Atomic(int) **ncalls = gort_make(_Atomic(int) *, MANY);

    call_later(ncalls);
    wipe_stack();
    gort_gc();
    arm_and_forget();
    for (int i = 0; i < MANY; i++)
        EVENTUALLY(atomic_load_explicit(ncalls[i], memory_order_relaxed) == 1, "function %d", i);
}

struct relay {
    int nleft;
    gort_chan *done;
};

/* Only the armed timer refers to what R needs next. */
static void pass_on(void *arg)
{
    struct relay *old = arg;
    struct relay *r = gort_new(struct relay);

    *r = *old;
    if (r->nleft-- == 0)
        gort_close(r->done);
    else
        gort_after_func(10 * GORT_US, pass_on, r);
}

CLAIM(an_argument_that_only_the_timer_has_is_kept)
{
    struct relay *r = gort_new(struct relay);
    gort_chan *done = gort_chan_new(0, 0);

    *r = (struct relay){50, done};
    gort_after_func(0, pass_on, r);
    for (int i = 0; i < 10; i++)
        gort_gc();
    EXPECT(gort_recv_by(done, NULL, gort_in(20 * GORT_S)) == 0, "it got lost");
}
