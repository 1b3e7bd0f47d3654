/* SPDX-License-Identifier: MIT */
/* mutexes.c - tasks contend for a few mutexes and wait for groups of tasks. Who holds a mutex
 * changes what it guards with plain loads and stores, so that a second holder shows; and all get
 * their turn. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 64, .seconds = 1};

#define NMUTEXES 4

struct guarded {
    gort_mutex m;
    uint64_t count;
    int64_t change; /* what was added and taken away: always 0 outside */
    _Alignas(64) char apart[8];
};

struct contest {
    const struct stress *s;
    struct guarded g[NMUTEXES];
    gort_waitgroup wg;
};

struct contender {
    struct contest *c;
    int number;
    uint64_t turns;
    int64_t longest_ns; /* wait for a mutex */
};

static void hold(struct guarded *g, struct stress_random *r)
{
    REQUIRE(g->change == 0, "two tasks hold a mutex");
    g->change++;
    if (stress_below(r, 50) == 0)
        gort_yield();
    if (stress_below(r, 500) == 0)
        gort_sleep(stress_below(r, 50) * GORT_US);
    g->count++;
    g->change--;
}

static void contend(void *arg)
{
    struct contender *me = arg;
    struct stress_random r = stress_random(me->c->s, me->number);

    while (!stress_is_over(me->c->s)) {
        struct guarded *g = &me->c->g[stress_below(&r, NMUTEXES)];
        int64_t since_ns = gort_now();

        if (stress_below(&r, 10) != 0)
            gort_mutex_lock(&g->m);
        else if (gort_mutex_try_lock(&g->m) == 0)
            continue;
        if (gort_now() - since_ns > me->longest_ns)
            me->longest_ns = gort_now() - since_ns;
        hold(g, &r);
        gort_mutex_unlock(&g->m);
        me->turns++;
    }
}

static void add_one(void *arg)
{
    _Atomic(int) *n = arg;

    atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* Groups on the stack, whose last waiter is gone as soon as the count is zero. */
static void gather(void *arg)
{
    struct contender *me = arg;
    struct stress_random r = stress_random(me->c->s, me->number);

    while (!stress_is_over(me->c->s)) {
        gort_waitgroup wg = {0};
        _Atomic(int) n = 0;
        int size = 1 + (int)stress_below(&r, 8);

        for (int i = 0; i < size; i++)
            gort_waitgroup_go(&wg, add_one, &n);
        gort_waitgroup_wait(&wg);
        REQUIRE(n == size, "%d of %d came", n, size);
        me->turns++;
    }
}

uint64_t stress_run(const struct stress *s)
{
    struct contest *c = gort_new(struct contest);
    struct contender *all = gort_make(struct contender, (size_t)s->tasks);
    uint64_t counted = 0;
    uint64_t turns = 0;

    c->s = s;
    for (int i = 0; i < s->tasks; i++) {
        all[i] = (struct contender){.c = c, .number = i};
        gort_waitgroup_go(&c->wg, i % 4 == 3 ? gather : contend, &all[i]);
    }
    gort_waitgroup_wait(&c->wg);
    for (int i = 0; i < NMUTEXES; i++)
        counted += c->g[i].count;
    for (int i = 0; i < s->tasks; i++) {
        REQUIRE(all[i].turns > 0, "task %d never had its turn, waited %lld ns", i,
                (long long)all[i].longest_ns);
        turns += i % 4 == 3 ? 0 : all[i].turns;
    }
    REQUIRE(counted == turns, "%llu turns, %llu counted", (unsigned long long)turns,
            (unsigned long long)counted);
    return counted;
}
