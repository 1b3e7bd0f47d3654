/* SPDX-License-Identifier: MIT */
/* ctxwait.c - waiting for a channel, a time or a semaphore ends when the context is cancelled, and
 * then nothing was sent, received or taken. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

#define LONG (3600 * GORT_S)

struct wait {
    gort_ctx *ctx;
    gort_chan *c;
    gort_sem sem;
    gort_waitgroup wg;
    _Atomic(int) ntaken;
    int64_t n;
    int result;
};

static struct wait *wait_new(void)
{
    struct wait *w = gort_new(struct wait);

    w->ctx = gort_ctx_with_cancel(gort_ctx_background());
    w->c = gort_chan_new(sizeof(int), 1);
    w->n = 1;
    return w;
}

/* ---- channels and time ---------------------------------------------------------------------- */

CLAIM(values_pass_while_the_context_is_open)
{
    struct wait *w = wait_new();
    int value = 7;
    int got = 0;

    EXPECT(gort_send_ctx(w->c, &value, w->ctx) == 0, "not sent");
    EXPECT(gort_recv_ctx(w->c, &got, w->ctx) == 1 && got == 7, "got %d", got);
    gort_close(w->c);
    EXPECT(gort_recv_ctx(w->c, &got, w->ctx) == 0 && got == 0, "not closed, got %d", got);
    EXPECT(gort_recv_ctx(w->c, &got, gort_ctx_background()) == 0, "not with the background");
}

CLAIM(the_cancelled_send_and_receive_nothing)
{
    struct wait *w = wait_new();
    int value = 7;
    int got = 1;

    gort_ctx_cancel(w->ctx, 5);
    for (int i = 0; i < 50; i++) {
        EXPECT(gort_send_ctx(w->c, &value, w->ctx) == GORT_ECANCELED, "sent");
        EXPECT(gort_chan_len(w->c) == 0, "something is in the channel");
    }
    gort_send(w->c, &value);
    for (int i = 0; i < 50; i++)
        EXPECT(gort_recv_ctx(w->c, &got, w->ctx) == GORT_ECANCELED && got == 1, "got %d", got);
    EXPECT(gort_sleep_ctx(LONG, w->ctx) == GORT_ECANCELED, "slept");
}

static void receive(void *arg)
{
    struct wait *w = arg;

    w->result = gort_recv_ctx(w->c, NULL, w->ctx);
}

static void send(void *arg)
{
    struct wait *w = arg;
    int value = 2;

    w->result = gort_send_ctx(w->c, &value, w->ctx);
}

static void sleep_long(void *arg)
{
    struct wait *w = arg;

    w->result = gort_sleep_ctx(LONG, w->ctx);
}

CLAIM(cancelling_wakes_who_waits)
{
    void (*const waits[])(void *) = {receive, send, sleep_long};

    for (int i = 0; i < 3; i++) {
        struct wait *w = wait_new();
        int value = 1;

        if (waits[i] == send)
            gort_send(w->c, &value);
        gort_waitgroup_go(&w->wg, waits[i], w);
        UNTIL_PARKED(1, PARKED_SELECT);
        gort_ctx_cancel(w->ctx, 5);
        gort_waitgroup_wait(&w->wg);
        EXPECT(w->result == GORT_ECANCELED, "wait %d: %d", i, w->result);
        EXPECT(gort_chan_len(w->c) == (waits[i] == send ? 1u : 0u), "wait %d changed it", i);
    }
}

CLAIM(a_deadline_of_the_context_times_out)
{
    gort_ctx *ctx = gort_ctx_with_timeout(gort_ctx_background(), GORT_MS);
    gort_sem sem = {0};

    EXPECT(gort_recv_ctx(NULL, NULL, ctx) == GORT_ETIMEDOUT, "not timed out");
    EXPECT(gort_sleep_ctx(LONG, ctx) == GORT_ETIMEDOUT, "slept");
    EXPECT(gort_sem_acquire_ctx(&sem, 1, ctx) == GORT_ETIMEDOUT, "taken");
    ctx = gort_ctx_with_timeout(gort_ctx_background(), GORT_MS);
    EXPECT(gort_sem_acquire_ctx(&sem, 1, ctx) == GORT_ETIMEDOUT, "more than there ever are");
}

CLAIM(a_sleep_that_nobody_cancels_lasts)
{
    int64_t start_ns = gort_now();

    EXPECT(gort_sleep_ctx(2 * GORT_MS, wait_new()->ctx) == 0, "cancelled");
    EXPECT(gort_now() - start_ns >= 2 * GORT_MS, "%lld ns", (long long)(gort_now() - start_ns));
    EXPECT(gort_sleep_ctx(-1, gort_ctx_background()) == 0, "cancelled");
}

/* ---- semaphores ----------------------------------------------------------------------------- */

static void take(void *arg)
{
    struct wait *w = arg;

    w->result = gort_sem_acquire_ctx(&w->sem, w->n, w->ctx);
}

static void take_one(void *arg)
{
    struct wait *w = arg;

    gort_sem_acquire(&w->sem, 1);
    atomic_fetch_add_explicit(&w->ntaken, 1, memory_order_relaxed);
}

CLAIM(units_are_taken_while_the_context_is_open)
{
    struct wait *w = wait_new();

    gort_sem_init(&w->sem, 3);
    EXPECT(gort_sem_acquire_ctx(&w->sem, 2, w->ctx) == 0, "not taken");
    gort_waitgroup_go(&w->wg, take, w);
    gort_waitgroup_wait(&w->wg);
    w->n = 2;
    gort_waitgroup_go(&w->wg, take, w);
    UNTIL_PARKED(1, PARKED_SEM);
    gort_sem_release(&w->sem, 2);
    gort_waitgroup_wait(&w->wg);
    EXPECT(w->result == 0, "result %d", w->result);
    gort_ctx_cancel(w->ctx, 0);
    gort_sem_release(&w->sem, 3);
    EXPECT(gort_sem_acquire_ctx(&w->sem, 1, w->ctx) == GORT_ECANCELED, "taken by the cancelled");
    EXPECT(gort_sem_try_acquire(&w->sem, 3) == 1, "some units were lost");
}

CLAIM(who_gives_up_lets_those_behind_it_have_their_turn)
{
    struct wait *w = wait_new();

    w->n = 2;
    gort_sem_init(&w->sem, 2);
    gort_sem_acquire(&w->sem, 1);
    gort_waitgroup_go(&w->wg, take, w);
    UNTIL_PARKED(1, PARKED_SEM);
    gort_waitgroup_go(&w->wg, take_one, w);
    UNTIL_PARKED(2, PARKED_SEM);
    gort_ctx_cancel(w->ctx, 0);
    gort_waitgroup_wait(&w->wg);
    EXPECT(w->result == GORT_ECANCELED, "result %d", w->result);
    EXPECT(w->ntaken == 1, "the one behind it has nothing");
}

struct crowd {
    gort_sem sem;
    gort_waitgroup wg;
    _Atomic(int) inside;
    _Atomic(int) entered;
    _Atomic(int) given_up;
};

static void come_in(void *arg)
{
    struct crowd *c = arg;
    gort_ctx *ctx = gort_ctx_with_timeout(gort_ctx_background(),
                                          (int64_t)conform_random(200) * GORT_US);
    int err = gort_sem_acquire_ctx(&c->sem, 1, ctx);

    if (err == 0) {
        int inside = atomic_fetch_add_explicit(&c->inside, 1, memory_order_acq_rel) + 1;

        EXPECT(inside <= 2, "%d are inside", inside);
        atomic_fetch_add_explicit(&c->entered, 1, memory_order_relaxed);
        gort_sleep(50 * GORT_US);
        atomic_fetch_sub_explicit(&c->inside, 1, memory_order_acq_rel);
        gort_sem_release(&c->sem, 1);
    } else {
        EXPECT(err == GORT_ETIMEDOUT, "err %d", err);
        atomic_fetch_add_explicit(&c->given_up, 1, memory_order_relaxed);
    }
    gort_ctx_cancel(ctx, 0);
}

CLAIM(no_unit_is_lost_or_doubled_among_many_who_give_up)
{
    struct crowd *c = gort_new(struct crowd);

    gort_sem_init(&c->sem, 2);
    for (int i = 0; i < 300; i++)
        gort_waitgroup_go(&c->wg, come_in, c);
    gort_waitgroup_wait(&c->wg);
    EXPECT(c->entered + c->given_up == 300, "%d and %d", c->entered, c->given_up);
    EXPECT(gort_sem_try_acquire(&c->sem, 2) == 1, "a unit was lost");
}

ENDS(waiting_in_vain_with_a_context_that_nobody_cancels, 2, "all tasks are asleep - deadlock!")
{
    gort_sem sem = {0};

    gort_sem_init(&sem, 1);
    gort_sem_acquire(&sem, 1);
    (void)!gort_sem_acquire_ctx(&sem, 1, wait_new()->ctx);
}
