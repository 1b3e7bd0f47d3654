/* SPDX-License-Identifier: MIT */
/* powser.c - power series whose coefficients tasks compute for each other on demand: each series is
 * a task, sums and products are tasks between them, and a product has two more products inside.
 * Source: McIlroy, Squinting at Power Series (1990). */
#include "config.h"

#include "tests/support/conform.h"

#define PRIME  1000003u /* coefficients are of the field of so many elements: there is 1/n */
#define TERMS  10
#define QUEUED 16 /* values for a reader that lags behind the other */

/* Who wants the next coefficient sends something to ASK and receives it from ANSWER; who wants no
 * more closes ASK. */
struct series {
    gort_chan *ask;
    gort_chan *answer;
};

typedef struct series *series;

struct node { /* what the task of a series knows */
    struct series out;
    series f;
    series g;
    uint32_t number;
};

static series start(void (*compute)(void *arg), struct node node)
{
    struct node *n = gort_new(struct node);

    *n = node;
    n->out.ask = gort_chan_new(0, 0);
    n->out.answer = gort_chan_new(sizeof(uint32_t), 0);
    gort_go(compute, n);
    return &n->out;
}

static uint32_t next(series s)
{
    uint32_t v = 0;

    gort_send(s->ask, NULL);
    EXPECT(gort_recv(s->answer, &v) == 1, "no answer");
    return v;
}

static void end(series s)
{
    gort_close(s->ask);
}

static bool is_asked(const struct node *n)
{
    return gort_recv(n->out.ask, NULL) == 1;
}

static void answer(const struct node *n, uint64_t v)
{
    uint32_t coefficient = (uint32_t)(v % PRIME);

    gort_send(n->out.answer, &coefficient);
}

static uint32_t inverse(uint32_t of)
{
    uint64_t result = 1;
    uint64_t power = of % PRIME;

    for (uint32_t e = PRIME - 2; e > 0; e >>= 1) {
        if (e & 1)
            result = result * power % PRIME;
        power = power * power % PRIME;
    }
    return (uint32_t)result;
}

/* ---- series --------------------------------------------------------------------------------- */

/* 1 + cx + (cx)^2 + ... */
static void compute_geometric(void *arg)
{
    const struct node *n = arg;

    for (uint64_t v = 1; is_asked(n); v = v * n->number % PRIME)
        answer(n, v);
}

static void compute_sum(void *arg)
{
    const struct node *n = arg;

    while (is_asked(n))
        answer(n, (uint64_t)next(n->f) + next(n->g));
    end(n->f);
    end(n->g);
}

static void compute_multiple(void *arg)
{
    const struct node *n = arg;

    while (is_asked(n))
        answer(n, (uint64_t)n->number * next(n->f));
    end(n->f);
}

/* The integral, with the given constant: F is not asked before its second coefficient is wanted,
 * and so may depend on the first. */
static void compute_integral(void *arg)
{
    const struct node *n = arg;

    if (is_asked(n)) {
        answer(n, n->number);
        for (uint32_t i = 1; is_asked(n); i++)
            answer(n, (uint64_t)next(n->f) * inverse(i));
    }
    end(n->f);
}

static series geometric(uint32_t c)
{
    return start(compute_geometric, (struct node){.number = c});
}

static series sum(series f, series g)
{
    return start(compute_sum, (struct node){.f = f, .g = g});
}

static series multiple(series f, uint32_t c)
{
    return start(compute_multiple, (struct node){.f = f, .number = c});
}

static series integral(series f, uint32_t constant)
{
    return start(compute_integral, (struct node){.f = f, .number = constant});
}

/* ---- one series for two readers -------------------------------------------------------------- */

/* Values that one reader has had and the other has not. */
struct queue {
    uint32_t values[QUEUED];
    uint32_t first;
    uint32_t last;
};

struct split {
    series f;
    bool asked; /* F, which has not answered yet */
    struct reader {
        struct node node;
        struct queue ahead;
        gort_chan *ask; /* of node, NULL while it waits for an answer */
        bool gone;
    } reader[2];
};

/* Answers the readers that wait, as far as there is something for them; else asks F. */
static void serve(struct split *s)
{
    for (int i = 0; i < 2; i++) {
        struct reader *r = &s->reader[i];

        if (r->ask != NULL || r->gone)
            continue;
        if (r->ahead.first != r->ahead.last) {
            answer(&r->node, r->ahead.values[r->ahead.first++ % QUEUED]);
            r->ask = r->node.out.ask;
        } else if (!s->asked) {
            gort_send(s->f->ask, NULL);
            s->asked = true;
        }
    }
}

static void put(struct queue *q, uint32_t v)
{
    EXPECT(q->last - q->first < QUEUED, "a reader is too far behind");
    q->values[q->last++ % QUEUED] = v;
}

/* Until the first reader wants no more. F may need the second one's values to answer the first. */
static void compute_split(void *arg)
{
    struct split *s = arg;
    uint32_t v;

    while (!s->reader[0].gone) {
        gort_case cases[] = {GORT_RECV(s->reader[0].ask, NULL), GORT_RECV(s->reader[1].ask, NULL),
                             GORT_RECV(s->asked ? s->f->answer : NULL, &v)};
        int which = gort_select(cases, 3);

        if (which == 2) {
            s->asked = false;
            put(&s->reader[0].ahead, v);
            put(&s->reader[1].ahead, v);
        } else {
            s->reader[which].ask = NULL;
            s->reader[which].gone = cases[which].ok != 1;
        }
        serve(s);
    }
    end(s->f);
}

static void split(series f, series *a, series *b)
{
    struct split *s = gort_new(struct split);

    s->f = f;
    for (int i = 0; i < 2; i++) {
        struct reader *r = &s->reader[i];

        r->node.out.ask = r->ask = gort_chan_new(0, 0);
        r->node.out.answer = gort_chan_new(sizeof(uint32_t), 0);
    }
    *a = &s->reader[0].node.out;
    *b = &s->reader[1].node.out;
    gort_go(compute_split, s);
}

/* ---- products -------------------------------------------------------------------------------- */

static series product(series f, series g);

/* FG = f0 g0 + x (f0 G' + F' G), where F = f0 + x F', G = g0 + x G'. The rest is made when it is
 * wanted only: each product has another inside. */
static void compute_product(void *arg)
{
    const struct node *n = arg;
    series rest, g_now, g_later;
    uint32_t f0, g0;

    if (!is_asked(n)) {
        end(n->f);
        end(n->g);
        return;
    }
    split(n->g, &g_now, &g_later);
    f0 = next(n->f);
    g0 = next(g_now);
    answer(n, (uint64_t)f0 * g0);
    rest = sum(multiple(g_now, f0), product(n->f, g_later));
    while (is_asked(n))
        answer(n, next(rest));
    end(rest);
}

static series product(series f, series g)
{
    return start(compute_product, (struct node){.f = f, .g = g});
}

/* e to the power of CX solves E = 1 + integral of cE, and so asks itself, one term behind. */
static series exponential(uint32_t c)
{
    struct node *n = gort_new(struct node);
    series to_itself, result;

    n->out.ask = gort_chan_new(0, 0);
    n->out.answer = gort_chan_new(sizeof(uint32_t), 0);
    n->number = 1;
    split(&n->out, &result, &to_itself);
    n->f = multiple(to_itself, c);
    gort_go(compute_integral, n);
    return result;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static void expect_nobody_left(void)
{
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks are left", (long long)gort_num_tasks());
}

CLAIM(a_product_of_series_is_computed_by_products_within_products)
{
    series s = product(geometric(1), geometric(1));

    for (uint32_t i = 0; i < TERMS; i++) {
        uint32_t v = next(s);

        EXPECT(v == i + 1, "term %u of 1/(1-x)^2: %u", i, v);
    }
    end(s);
    expect_nobody_left();
}

CLAIM(a_series_may_ask_itself)
{
    series s = exponential(1);
    uint32_t factorial = 1;

    for (uint32_t i = 0; i < TERMS; i++) {
        uint32_t v = next(s);

        factorial = i == 0 ? 1 : (uint32_t)((uint64_t)factorial * i % PRIME);
        EXPECT((uint64_t)v * factorial % PRIME == 1, "term %u of e^x: %u", i, v);
    }
    end(s);
    expect_nobody_left();
}

CLAIM(many_series_that_ask_each_other_agree)
{
    series s = product(exponential(1), product(exponential(2), exponential(PRIME - 3)));

    for (uint32_t i = 0; i < TERMS; i++) {
        uint32_t v = next(s);

        EXPECT(v == (i == 0), "term %u of e^x e^2x e^-3x: %u", i, v);
    }
    end(s);
    expect_nobody_left();
}

CLAIM(the_integral_of_a_geometric_series_is_a_logarithm)
{
    series s = integral(geometric(1), 0);

    for (uint32_t i = 0; i < TERMS; i++) {
        uint32_t v = next(s);

        EXPECT((uint64_t)v * i % PRIME == (i > 0), "term %u of -log(1-x): %u", i, v);
    }
    end(s);
    expect_nobody_left();
}
