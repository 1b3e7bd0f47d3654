/* SPDX-License-Identifier: MIT */
/* messages.c - tokens run round a ring of tasks, one task a hop. A token carries a checksum of its
 * own number and its hops; at the end every token must be there once, and their hops must be as
 * many as the tasks counted. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 1000, .seconds = 1};

struct token {
    uint64_t number;
    uint64_t hops;
    uint64_t checksum;
};

struct ring;

struct station {
    struct ring *ring;
    gort_chan *in;
    gort_chan *out;
    uint64_t passed;
};

struct ring {
    const struct stress *s;
    struct station *stations;
    gort_chan *finish; /* tokens that have run long enough */
    _Atomic(int) over;
    gort_waitgroup wg;
};

static uint64_t checksum_of(const struct token *t)
{
    return (t->number + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ t->hops * UINT64_C(0xbf58476d1ce4e5b9);
}

static void pass_on(void *arg)
{
    struct station *me = arg;
    struct token t;

    while (gort_recv(me->in, &t) == 1) {
        REQUIRE(t.checksum == checksum_of(&t), "token %llu is damaged after %llu hops",
                (unsigned long long)t.number, (unsigned long long)t.hops);
        t.hops++;
        t.checksum = checksum_of(&t);
        me->passed++;
        if (atomic_load_explicit(&me->ring->over, memory_order_relaxed))
            gort_send(me->ring->finish, &t);
        else
            gort_send(me->out, &t);
    }
}

/* Every other station has a small buffer. */
static void build(struct ring *r, int n)
{
    r->stations = gort_make(struct station, (size_t)n);
    for (int i = 0; i < n; i++) {
        r->stations[i].ring = r;
        r->stations[i].in = gort_chan_new(sizeof(struct token), (size_t)(i % 2));
    }
    for (int i = 0; i < n; i++)
        r->stations[i].out = r->stations[(i + 1) % n].in;
    for (int i = 0; i < n; i++)
        gort_waitgroup_go(&r->wg, pass_on, &r->stations[i]);
}

static void start_tokens(struct ring *r, int n, uint32_t ntokens)
{
    for (uint32_t i = 0; i < ntokens; i++) {
        struct token t = {.number = i};

        t.checksum = checksum_of(&t);
        gort_send(r->stations[(int64_t)i * n / (int64_t)ntokens].in, &t);
    }
}

static uint64_t collect_tokens(struct ring *r, uint32_t ntokens)
{
    unsigned char *seen = gort_alloc_noscan(ntokens);
    uint64_t hops = 0;

    for (uint32_t i = 0; i < ntokens; i++) {
        struct token t;

        gort_recv(r->finish, &t);
        REQUIRE(t.number < ntokens && !seen[t.number], "token %llu came twice",
                (unsigned long long)t.number);
        seen[t.number % ntokens] = 1;
        hops += t.hops;
    }
    return hops;
}

uint64_t stress_run(const struct stress *s)
{
    struct ring *r = gort_new(struct ring);
    uint32_t ntokens = (uint32_t)s->tasks / 4 + 1;
    uint64_t passed = 0;
    uint64_t hops;

    r->s = s;
    r->finish = gort_chan_new(sizeof(struct token), 0);
    build(r, s->tasks);
    start_tokens(r, s->tasks, ntokens);
    gort_sleep_until(s->end_ns);
    atomic_store_explicit(&r->over, 1, memory_order_relaxed);
    hops = collect_tokens(r, ntokens);
    for (int i = 0; i < s->tasks; i++)
        gort_close(r->stations[i].in);
    gort_waitgroup_wait(&r->wg);
    for (int i = 0; i < s->tasks; i++)
        passed += r->stations[i].passed;
    REQUIRE(passed == hops, "%llu hops, %llu passed", (unsigned long long)hops,
            (unsigned long long)passed);
    return hops;
}
