/* SPDX-License-Identifier: MIT */
/* sem.c - the weighted semaphore behaves as that of golang.org/x/sync. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

enum { UNITS = 10 };

struct supply {
    gort_sem s;
    _Atomic(int) taken; /* units */
    _Atomic(int) order; /* digits: who was served, first to last */
    _Atomic(int) served;
    _Atomic(int) late;
    gort_waitgroup wg;
};

struct customer {
    struct supply *supply;
    int units; /* also its digit in the order */
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

static struct supply *supply_new(int units)
{
    struct supply *s = gort_new(struct supply);

    gort_sem_init(&s->s, units);
    return s;
}

/* ---- how many ------------------------------------------------------------------------------- */

static void take_and_give(void *arg)
{
    struct supply *s = arg;

    for (int i = 0; i < 200; i++) {
        int n = 1 + (int)conform_random(UNITS);

        if (conform_random(4) != 0)
            gort_sem_acquire(&s->s, n);
        else if (gort_sem_acquire_by(&s->s, n, gort_in(50 * GORT_US)) != 0)
            continue;
        add(&s->taken, n);
        EXPECT(load(&s->taken) <= UNITS, "%d units are taken", s->taken);
        if (conform_random(4) == 0)
            gort_yield();
        add(&s->taken, -n);
        gort_sem_release(&s->s, n);
    }
}

CLAIM(no_more_is_taken_than_there_is_and_nothing_is_lost)
{
    struct supply *s = supply_new(UNITS);

    for (int i = 0; i < 10; i++)
        gort_waitgroup_go(&s->wg, take_and_give, s);
    gort_waitgroup_wait(&s->wg);
    EXPECT(gort_sem_try_acquire(&s->s, UNITS) == 1, "units are lost");
    EXPECT(gort_sem_try_acquire(&s->s, 1) == 0, "there are too many units");
}

/* What is guarded by the only unit need not be atomic. */
struct guarded {
    gort_sem s;
    long count;
    gort_waitgroup wg;
};

static void count_guarded(void *arg)
{
    struct guarded *g = arg;

    for (int i = 0; i < 300; i++) {
        gort_sem_acquire(&g->s, 1);
        g->count++;
        if (conform_random(8) == 0)
            gort_yield();
        gort_sem_release(&g->s, 1);
    }
}

CLAIM(one_unit_excludes_like_a_mutex)
{
    struct guarded *g = gort_new(struct guarded);

    gort_sem_init(&g->s, 1);
    for (int i = 0; i < 8; i++)
        gort_waitgroup_go(&g->wg, count_guarded, g);
    gort_waitgroup_wait(&g->wg);
    EXPECT(g->count == 2400, "count %ld", g->count);
}

CLAIM(trying_takes_what_is_free_only)
{
    gort_sem s = {0};

    gort_sem_init(&s, 3);
    EXPECT(gort_sem_try_acquire(&s, 4) == 0, "more than there is");
    EXPECT(gort_sem_try_acquire(&s, 2) == 1, "2 of 3 were refused");
    EXPECT(gort_sem_try_acquire(&s, 2) == 0, "2 of 1 were given");
    EXPECT(gort_sem_try_acquire(&s, 0) == 1, "none were refused");
    EXPECT(gort_sem_try_acquire(&s, 1) == 1, "the last was refused");
    gort_sem_release(&s, 1);
    gort_sem_release(&s, 2);
    EXPECT(gort_sem_try_acquire(&s, 3) == 1, "all were refused");
}

CLAIM(a_zero_one_has_no_units)
{
    gort_sem s = {0};

    EXPECT(gort_sem_try_acquire(&s, 0) == 1, "none were refused");
    EXPECT(gort_sem_try_acquire(&s, 1) == 0, "one was given");
}

/* ---- who comes next ------------------------------------------------------------------------- */

static void be_served(void *arg)
{
    const struct customer *me = arg;
    struct supply *s = me->supply;
    int order = load(&s->order);

    if (gort_sem_acquire_by(&s->s, me->units, me->deadline_ns) != 0) {
        add(&s->late, 1);
        return;
    }
    while (!atomic_compare_exchange_weak_explicit(&s->order, &order, order * 10 + me->units,
                                                  memory_order_acq_rel, memory_order_acquire))
        continue;
    add(&s->served, 1);
}

/* Each of N customers waits, in this order. */
static void queue_up(struct customer *customers, int n)
{
    for (int i = 0; i < n; i++) {
        gort_waitgroup_go(&customers[i].supply->wg, be_served, &customers[i]);
        UNTIL_PARKED(i + 1, PARKED_SEM);
    }
}

CLAIM(who_needs_many_is_not_overtaken)
{
    struct supply *s = supply_new(5);
    struct customer customers[] = {{s, 4, GORT_FOREVER}, {s, 1, GORT_FOREVER}};

    gort_sem_acquire(&s->s, 3);
    queue_up(customers, 2);
    EXPECT(gort_sem_try_acquire(&s->s, 1) == 0, "somebody passed those who wait");
    gort_sem_release(&s->s, 1);
    for (int i = 0; i < 20; i++)
        gort_yield();
    EXPECT(load(&s->served) == 0, "served %d of too few units", s->order);
    gort_sem_release(&s->s, 1);
    EVENTUALLY(load(&s->served) == 1, "%d served", s->served);
    EXPECT(load(&s->order) == 4, "served: %d", s->order);
    gort_sem_release(&s->s, 1);
    gort_waitgroup_wait(&s->wg);
    EXPECT(load(&s->order) == 41, "served: %d", s->order);
}

CLAIM(one_release_serves_all_that_it_is_enough_for)
{
    struct supply *s = supply_new(6);
    struct customer customers[] = {
        {s, 1, GORT_FOREVER}, {s, 2, GORT_FOREVER}, {s, 3, GORT_FOREVER}, {s, 1, GORT_FOREVER}};

    gort_sem_acquire(&s->s, 6);
    queue_up(customers, 4);
    gort_sem_release(&s->s, 6);
    EVENTUALLY(load(&s->served) == 3, "%d served", s->served);
    UNTIL_PARKED(1, PARKED_SEM);
    gort_sem_release(&s->s, 1);
    gort_waitgroup_wait(&s->wg);
    EXPECT(load(&s->order) % 10 == 1, "served: %d", s->order);
}

CLAIM(those_who_wait_are_served_in_order)
{
    struct supply *s = supply_new(15);
    struct customer customers[5];

    gort_sem_acquire(&s->s, 15);
    for (int i = 0; i < 5; i++)
        customers[i] = (struct customer){s, 5 - i, GORT_FOREVER};
    queue_up(customers, 5);
    for (int i = 0; i < 5; i++) {
        gort_sem_release(&s->s, customers[i].units);
        EVENTUALLY(load(&s->served) == i + 1, "%d served", s->served);
    }
    gort_waitgroup_wait(&s->wg);
    EXPECT(load(&s->order) == 54321, "served: %d", s->order);
}

/* ---- deadlines ------------------------------------------------------------------------------ */

CLAIM(waiting_ends_at_the_deadline_with_nothing_taken)
{
    gort_sem s = {0};
    int64_t deadline_ns = gort_in(3 * GORT_MS);

    gort_sem_init(&s, 2);
    gort_sem_acquire(&s, 1);
    EXPECT(gort_sem_acquire_by(&s, 2, deadline_ns) == GORT_ETIMEDOUT, "taken, but not free");
    EXPECT(gort_now() >= deadline_ns, "%lld ns too early", (long long)(deadline_ns - gort_now()));
    EXPECT(gort_sem_acquire_by(&s, 2, 0) == GORT_ETIMEDOUT, "taken, but not free");
    EXPECT(gort_sem_acquire_by(&s, 1, 0) == 0, "a free one was refused");
    gort_sem_release(&s, 2);
    EXPECT(gort_sem_try_acquire(&s, 2) == 1, "units are lost");
}

CLAIM(who_gives_up_lets_those_behind_go)
{
    struct supply *s = supply_new(3);
    struct customer first = {s, 3, gort_in(20 * GORT_MS)};
    struct customer second = {s, 2, GORT_FOREVER};

    gort_sem_acquire(&s->s, 1);
    gort_waitgroup_go(&s->wg, be_served, &first);
    EVENTUALLY(conform_parked(PARKED_SEM) == 1 || load(&s->late) == 1, "it does not wait");
    gort_waitgroup_go(&s->wg, be_served, &second);
    gort_waitgroup_wait(&s->wg);
    EXPECT(load(&s->late) == 1 && load(&s->order) == 2, "%d late, served: %d", s->late, s->order);
}

CLAIM(who_needs_more_than_there_is_holds_up_nobody)
{
    struct supply *s = supply_new(3);
    struct customer greedy = {s, 4, gort_in(20 * GORT_MS)};

    gort_waitgroup_go(&s->wg, be_served, &greedy);
    EVENTUALLY(conform_parked(PARKED_SEM) == 1 || load(&s->late) == 1, "it does not wait");
    EXPECT(gort_sem_try_acquire(&s->s, 3) == 1, "it holds up others");
    gort_waitgroup_wait(&s->wg);
    EXPECT(load(&s->late) == 1, "it got what is not there");
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(giving_back_too_much, 2, "fatal error: gort_sem_release: more units than were acquired")
{
    gort_sem s = {0};

    gort_sem_init(&s, 5);
    gort_sem_acquire(&s, 2);
    gort_sem_release(&s, 3);
}

ENDS(giving_back_too_much_while_others_wait, 2,
     "fatal error: gort_sem_release: more units than were acquired")
{
    struct supply *s = supply_new(5);
    struct customer customers[] = {{s, 5, GORT_FOREVER}};

    gort_sem_acquire(&s->s, 2);
    queue_up(customers, 1);
    gort_sem_release(&s->s, 3);
}

ENDS(taking_less_than_none, 2, "fatal error: gort_sem_acquire: -1 units")
{
    gort_sem s = {0};

    gort_sem_acquire(&s, -1);
}

ENDS(a_count_below_none, 2, "fatal error: gort_sem_init: -1 units")
{
    gort_sem s = {0};

    gort_sem_init(&s, -1);
}

ENDS(waiting_for_nobody_to_give, 2, "semacquire")
{
    gort_sem s = {0};

    gort_sem_acquire(&s, 1);
}
