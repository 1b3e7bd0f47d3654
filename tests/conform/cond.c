/* SPDX-License-Identifier: MIT */
/* cond.c - the condition variable behaves as Go's, and so do its deadlines. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

struct waiting {
    gort_mutex m;
    gort_cond c;
    _Atomic(int) woken;
    _Atomic(int) late;
    int order[8]; /* who woke at which place; guarded by m */
    int passed;   /* guarded by m */
    gort_waitgroup wg;
};

struct waiter {
    struct waiting *w;
    int number;
    int64_t deadline_ns;
};

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static void add(_Atomic(int) *n, int change)
{
    atomic_fetch_add_explicit(n, change, memory_order_acq_rel);
}

static void wait_once(void *arg)
{
    const struct waiter *me = arg;
    struct waiting *w = me->w;
    int err;

    gort_mutex_lock(&w->m);
    err = gort_cond_wait_by(&w->c, &w->m, me->deadline_ns);
    EXPECT(gort_mutex_try_lock(&w->m) == 0, "it returned without the mutex");
    EXPECT(err == 0 || err == GORT_ETIMEDOUT, "result %d", err);
    if (err == 0)
        w->order[w->passed++] = me->number;
    add(err == 0 ? &w->woken : &w->late, 1);
    gort_mutex_unlock(&w->m);
}

static struct waiting *with_waiters(struct waiter *waiters, int n)
{
    struct waiting *w = gort_new(struct waiting);

    for (int i = 0; i < n; i++) {
        waiters[i] = (struct waiter){w, i, GORT_FOREVER};
        gort_waitgroup_go(&w->wg, wait_once, &waiters[i]);
        UNTIL_PARKED(i + 1, PARKED_COND);
    }
    return w;
}

/* ---- signals -------------------------------------------------------------------------------- */

CLAIM(a_signal_wakes_the_longest_waiter)
{
    struct waiter waiters[5];
    struct waiting *w = with_waiters(waiters, 5);

    for (int i = 0; i < 5; i++) {
        gort_cond_signal(&w->c);
        EVENTUALLY(load(&w->woken) == i + 1, "%d woke", w->woken);
        EXPECT(w->order[i] == i, "waiter %d woke at place %d", w->order[i], i);
        UNTIL_PARKED(4 - i, PARKED_COND);
    }
    gort_waitgroup_wait(&w->wg);
}

CLAIM(a_broadcast_wakes_all)
{
    struct waiter waiters[8];
    struct waiting *w = with_waiters(waiters, 8);

    gort_mutex_lock(&w->m);
    gort_cond_broadcast(&w->c);
    EXPECT(load(&w->woken) == 0, "%d woke without the mutex", w->woken);
    gort_mutex_unlock(&w->m);
    gort_waitgroup_wait(&w->wg);
    EXPECT(load(&w->woken) == 8, "%d woke", w->woken);
}

CLAIM(what_comes_before_the_wait_does_not_wake)
{
    struct waiting *w = gort_new(struct waiting);
    struct waiter late = {w, 0, gort_in(5 * GORT_MS)};

    gort_cond_signal(&w->c);
    gort_cond_broadcast(&w->c);
    wait_once(&late);
    EXPECT(load(&w->late) == 1, "an old signal woke it");
}

/* Each lets the other go on: a signal that is lost shows as a deadlock. */
struct relay {
    gort_mutex m;
    gort_cond turned;
    int turn; /* guarded by m */
    _Atomic(int) next;
    gort_waitgroup wg;
};

enum { NRUNNERS = 3, NROUNDS = 300 };

static void run_relay(void *arg)
{
    struct relay *r = arg;
    int me = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed);

    for (int i = 0; i < NROUNDS; i++) {
        gort_mutex_lock(&r->m);
        while (r->turn % NRUNNERS != me)
            gort_cond_wait(&r->turned, &r->m);
        r->turn++;
        if (conform_random(2) == 0)
            gort_cond_broadcast(&r->turned);
        gort_mutex_unlock(&r->m);
        gort_cond_broadcast(&r->turned);
    }
}

CLAIM(no_signal_is_lost_between_unlocking_and_parking)
{
    struct relay *r = gort_new(struct relay);

    for (int i = 0; i < NRUNNERS; i++)
        gort_waitgroup_go(&r->wg, run_relay, r);
    gort_waitgroup_wait(&r->wg);
    EXPECT(r->turn == NRUNNERS * NROUNDS, "%d turns", r->turn);
}

/* One signal for each item: as many wake as there is to do. */
struct shop {
    gort_mutex m;
    gort_cond stocked;
    int items; /* guarded by m */
    int sold;  /* guarded by m */
    gort_waitgroup wg;
};

static void buy(void *arg)
{
    struct shop *s = arg;

    for (int i = 0; i < 50; i++) {
        gort_mutex_lock(&s->m);
        while (s->items == 0)
            gort_cond_wait(&s->stocked, &s->m);
        s->items--;
        s->sold++;
        gort_mutex_unlock(&s->m);
    }
}

CLAIM(a_signal_for_each_item_serves_all_buyers)
{
    struct shop *s = gort_new(struct shop);

    for (int i = 0; i < 8; i++)
        gort_waitgroup_go(&s->wg, buy, s);
    for (int i = 0; i < 400; i++) {
        gort_mutex_lock(&s->m);
        s->items++;
        gort_mutex_unlock(&s->m);
        gort_cond_signal(&s->stocked);
    }
    gort_waitgroup_wait(&s->wg);
    EXPECT(s->sold == 400 && s->items == 0, "%d sold, %d left", s->sold, s->items);
}

static void signal_once(void *arg)
{
    struct waiting *w = arg;

    gort_cond_signal(&w->c);
}

/* Whoever comes to wait while the signal is given. */
CLAIM(a_signal_is_not_stolen_from_who_waited_before_it)
{
    for (int round = 0; round < 50; round++) {
        struct waiter waiters[2];
        struct waiting *w = with_waiters(waiters, 1);

        waiters[1] = (struct waiter){w, 1, GORT_FOREVER};
        gort_waitgroup_go(&w->wg, signal_once, w);
        gort_waitgroup_go(&w->wg, wait_once, &waiters[1]);
        EVENTUALLY(load(&w->woken) == 1, "round %d: nobody woke", round);
        UNTIL_PARKED(1, PARKED_COND);
        EXPECT(w->order[0] == 0, "round %d: waiter %d woke", round, w->order[0]);
        gort_cond_signal(&w->c);
        gort_waitgroup_wait(&w->wg);
    }
}

/* ---- deadlines ------------------------------------------------------------------------------ */

CLAIM(waiting_ends_at_the_deadline_with_the_mutex_held)
{
    struct waiting w = {0};
    int64_t deadline_ns = gort_in(3 * GORT_MS);

    gort_mutex_lock(&w.m);
    EXPECT(gort_cond_wait_by(&w.c, &w.m, deadline_ns) == GORT_ETIMEDOUT, "nobody signalled");
    EXPECT(gort_now() >= deadline_ns, "%lld ns too early", (long long)(deadline_ns - gort_now()));
    EXPECT(gort_mutex_try_lock(&w.m) == 0, "it returned without the mutex");
    EXPECT(gort_cond_wait_by(&w.c, &w.m, 0) == GORT_ETIMEDOUT, "the deadline had passed");
    EXPECT(gort_mutex_try_lock(&w.m) == 0, "it returned without the mutex");
    gort_mutex_unlock(&w.m);
}

CLAIM(a_signal_passes_by_those_that_gave_up)
{
    struct waiting *w = gort_new(struct waiting);
    struct waiter first = {w, 1, gort_in(5 * GORT_MS)};
    struct waiter second = {w, 2, GORT_FOREVER};

    gort_waitgroup_go(&w->wg, wait_once, &first);
    EVENTUALLY(conform_parked(PARKED_COND) == 1 || load(&w->late) == 1, "it does not wait");
    gort_waitgroup_go(&w->wg, wait_once, &second);
    EVENTUALLY(load(&w->late) == 1, "it waits beyond its deadline");
    UNTIL_PARKED(1, PARKED_COND);
    gort_cond_signal(&w->c);
    gort_waitgroup_wait(&w->wg);
    EXPECT(load(&w->woken) == 1 && w->order[0] == 2, "%d woke, first %d", w->woken, w->order[0]);
}

/* Whether both wait or have given up. In this order: one that gives up in between is missed, not
 * counted twice. */
static bool both_have_waited(struct waiting *w)
{
    int late = load(&w->late);

    return late + conform_parked(PARKED_COND) >= 2;
}

/* The signal meets the deadline of the first waiter: the second waits for ever behind it. */
static void meet_deadline(void)
{
    struct waiting *w = gort_new(struct waiting);
    int64_t deadline_ns = gort_in(200 * GORT_US);
    struct waiter first = {w, 1, deadline_ns};
    struct waiter second = {w, 2, GORT_FOREVER};

    gort_waitgroup_go(&w->wg, wait_once, &first);
    gort_waitgroup_go(&w->wg, wait_once, &second);
    while (!both_have_waited(w))
        gort_yield();
    while (gort_now() < deadline_ns - (int64_t)conform_random(20) * GORT_US)
        gort_safepoint();
    gort_cond_signal(&w->c);
    EVENTUALLY(load(&w->woken) == 1, "%d woke, %d were late", w->woken, w->late);
    gort_cond_broadcast(&w->c);
    gort_waitgroup_wait(&w->wg);
    EXPECT(load(&w->woken) + load(&w->late) == 2, "%d woke, %d were late", w->woken, w->late);
}

CLAIM(a_signal_at_the_deadline_is_not_lost)
{
    for (int round = 0; round < 100; round++)
        meet_deadline();
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(waiting_without_the_mutex, 2, "fatal error: gort_cond_wait: unlock of unlocked mutex")
{
    struct waiting w = {0};

    gort_cond_wait(&w.c, &w.m);
}

ENDS(waiting_for_nobody_to_signal, 2, "sync.Cond.Wait")
{
    struct waiting w = {0};

    gort_mutex_lock(&w.m);
    gort_cond_wait(&w.c, &w.m);
}
