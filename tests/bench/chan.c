/* SPDX-License-Identifier: MIT */
/* chan.c - benchmarks of channels: there and back, producer and consumer, a sieve of primes. */
#include "config.h"

#include "tests/bench/bench.h"

struct pair {
    gort_chan *there;
    gort_chan *back;
};

static void answer(void *arg)
{
    struct pair *p = arg;
    int64_t value;

    while (gort_recv(p->there, &value) == 1)
        gort_send(p->back, &value);
}

GORT_BENCH(ChanRoundTrip)
{
    struct pair *p = gort_new(struct pair);

    p->there = gort_chan_new(sizeof(int64_t), 0);
    p->back = gort_chan_new(sizeof(int64_t), 0);
    gort_go(answer, p);
    for (int64_t i = 0; i < b->n; i++) {
        int64_t value = i;

        gort_send(p->there, &value);
        gort_recv(p->back, &value);
    }
    gort_close(p->there);
}

struct producer {
    gort_chan *c;
    int64_t n;
};

static void produce(void *arg)
{
    const struct producer *p = arg;

    for (int64_t i = 0; i < p->n; i++)
        gort_send(p->c, &i);
    gort_close(p->c);
}

static void produce_and_consume(gort_bench *b, size_t capacity)
{
    struct producer *p = gort_new(struct producer);
    int64_t value;

    p->c = gort_chan_new(sizeof(int64_t), capacity);
    p->n = b->n;
    gort_go(produce, p);
    while (gort_recv(p->c, &value) == 1)
        continue;
}

GORT_BENCH(ChanBuffered10)
{
    produce_and_consume(b, 10);
}

GORT_BENCH(ChanBuffered100)
{
    produce_and_consume(b, 100);
}

/* ---- The sieve: a task for each prime takes out its multiples ---- */

struct filter {
    gort_chan *in;
    gort_chan *out;
    int64_t prime;
};

/* All numbers up to the last prime that is wanted; then each filter ends the next. */
static void count_up(void *arg)
{
    const struct filter *f = arg;

    for (int64_t i = 2; i <= f->prime; i++)
        gort_send(f->out, &i);
    gort_close(f->out);
}

static void take_out(void *arg)
{
    const struct filter *f = arg;
    int64_t i;

    while (gort_recv(f->in, &i) == 1) {
        if (i % f->prime != 0)
            gort_send(f->out, &i);
    }
    gort_close(f->out);
}

static gort_chan *start_filter(void (*fn)(void *arg), gort_chan *in, int64_t prime)
{
    struct filter *f = gort_new(struct filter);

    f->in = in;
    f->out = gort_chan_new(sizeof(int64_t), 0);
    f->prime = prime;
    gort_go(fn, f);
    return f->out;
}

/* The 2000th prime is 17389; the 100th 541. */
GORT_BENCH(Sieve)
{
    const int64_t last = SANITIZED ? 541 : 17389;

    for (int64_t n = 0; n < b->n; n++) {
        gort_chan *numbers = start_filter(count_up, NULL, last);
        int64_t prime;
        int64_t greatest = 0;

        while (gort_recv(numbers, &prime) == 1) {
            numbers = start_filter(take_out, numbers, prime);
            greatest = prime;
        }
        if (greatest != last)
            gort_bench_fail(b, "the greatest prime is %lld", (long long)greatest);
    }
}

GORT_BENCH_MAIN
