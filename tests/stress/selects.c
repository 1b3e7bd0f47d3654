/* SPDX-License-Identifier: MIT */
/* selects.c - tasks select at random among channels, to send, to receive, with deadlines and
 * defaults. What was sent must have been received or still be buffered: in number and in sum. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 60, .seconds = 1};

#define NCHANS    12
#define CASES_MAX 10

struct arena {
    const struct stress *s;
    gort_chan *c[NCHANS];
    _Atomic(int64_t) balance; /* sent less received */
    _Atomic(uint64_t) sum;    /* the same, of the values */
    _Atomic(uint64_t) steps;
    gort_waitgroup wg;
};

struct player {
    struct arena *a;
    int number;
};

/* Random cases, of which one never waits for long. */
static size_t deal(struct arena *a, struct stress_random *r, gort_case *cases, uint64_t *values)
{
    size_t n = 1 + stress_below(r, CASES_MAX - 1);

    for (size_t i = 0; i < n; i++) {
        gort_chan *c = stress_below(r, 20) == 0 ? NULL : a->c[stress_below(r, NCHANS)];

        values[i] = stress_below(r, 1000000);
        if (stress_below(r, 2) == 0)
            cases[i] = (gort_case)GORT_SEND(c, &values[i]);
        else
            cases[i] = (gort_case)GORT_RECV(c, &values[i]);
    }
    if (stress_below(r, 4) == 0)
        cases[n] = (gort_case)GORT_DEFAULT;
    else
        cases[n] = (gort_case)GORT_DEADLINE(gort_in(stress_below(r, 300) * GORT_US));
    return n + 1;
}

static void account(struct arena *a, const gort_case *k, uint64_t value)
{
    if (k->kind == GORT_CASE_SEND) {
        atomic_fetch_add_explicit(&a->balance, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&a->sum, value, memory_order_relaxed);
    } else if (k->kind == GORT_CASE_RECV) {
        REQUIRE(k->ok == 1, "a channel that nobody closed gave an end");
        atomic_fetch_sub_explicit(&a->balance, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&a->sum, value, memory_order_relaxed);
    }
}

static void play(void *arg)
{
    const struct player *p = arg;
    struct stress_random r = stress_random(p->a->s, p->number);
    uint64_t values[CASES_MAX];
    gort_case cases[CASES_MAX];

    while (!stress_is_over(p->a->s)) {
        size_t n = deal(p->a, &r, cases, values);
        int at = gort_select(cases, n);

        REQUIRE(at >= 0 && at < (int)n, "chose %d of %zu", at, n);
        if (cases[at].kind == GORT_CASE_DEADLINE)
            REQUIRE(gort_now() >= cases[at].deadline_ns, "chose a deadline that has not passed");
        account(p->a, &cases[at], values[at]);
        atomic_fetch_add_explicit(&p->a->steps, 1, memory_order_relaxed);
    }
}

uint64_t stress_run(const struct stress *s)
{
    struct arena *a = gort_new(struct arena);

    a->s = s;
    for (size_t i = 0; i < NCHANS; i++)
        a->c[i] = gort_chan_new(sizeof(uint64_t), i % 4);
    for (int i = 0; i < s->tasks; i++) {
        struct player *p = gort_new(struct player);

        *p = (struct player){a, i};
        gort_waitgroup_go(&a->wg, play, p);
    }
    gort_waitgroup_wait(&a->wg);
    for (size_t i = 0; i < NCHANS; i++) {
        uint64_t value;

        while (gort_try_recv(a->c[i], &value) == 1)
            account(a, &(gort_case){.kind = GORT_CASE_RECV, .ok = 1}, value);
    }
    REQUIRE(a->balance == 0 && a->sum == 0, "%lld values more were sent than received",
            (long long)a->balance);
    return a->steps;
}
