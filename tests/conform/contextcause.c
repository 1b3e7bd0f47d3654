/* SPDX-License-Identifier: MIT */
/* contextcause.c - a context that could end in several ways ends in the one that comes first, and
 * tells its error and its cause from then on. */
#include "config.h"

#include "tests/support/conform.h"

#define LONG (3600 * GORT_S)

/* Causes of the program; 0 is the one that goes without saying. */
enum { ABOVE = 101, BELOW = 102, LATE = 103 };

static bool has_ended(const gort_ctx *ctx, int err, int cause)
{
    return gort_ctx_err(ctx) == err && gort_ctx_cause(ctx) == cause &&
           gort_try_recv(gort_ctx_done(ctx), NULL) == 0;
}

/* ---- one after the other -------------------------------------------------------------------- */

enum limit { NO_LIMIT, COMES_LATE, HAS_PASSED };
enum order { NEITHER, ABOVE_FIRST, BELOW_FIRST, ABOVE_ONLY, BELOW_ONLY };

static const struct end {
    enum limit limit; /* of the lower context; its cause is LATE */
    enum order order; /* of cancelling */
    int above;
    int below;
    int err; /* expected of the lower context */
    int cause;
} ends[] = {
    {NO_LIMIT, NEITHER, 0, 0, GORT_OK, GORT_OK},
    {NO_LIMIT, BELOW_ONLY, 0, 0, GORT_ECANCELED, GORT_ECANCELED},
    {NO_LIMIT, BELOW_ONLY, 0, BELOW, GORT_ECANCELED, BELOW},
    {NO_LIMIT, ABOVE_ONLY, 0, 0, GORT_ECANCELED, GORT_ECANCELED},
    {NO_LIMIT, ABOVE_ONLY, ABOVE, 0, GORT_ECANCELED, ABOVE},
    {NO_LIMIT, ABOVE_FIRST, ABOVE, BELOW, GORT_ECANCELED, ABOVE},
    {NO_LIMIT, BELOW_FIRST, ABOVE, BELOW, GORT_ECANCELED, BELOW},
    {NO_LIMIT, ABOVE_FIRST, ABOVE, 0, GORT_ECANCELED, ABOVE},
    {NO_LIMIT, BELOW_FIRST, ABOVE, 0, GORT_ECANCELED, GORT_ECANCELED},
    {NO_LIMIT, ABOVE_FIRST, 0, BELOW, GORT_ECANCELED, GORT_ECANCELED},
    {NO_LIMIT, BELOW_FIRST, 0, BELOW, GORT_ECANCELED, BELOW},
    {COMES_LATE, NEITHER, 0, 0, GORT_OK, GORT_OK},
    {COMES_LATE, BELOW_ONLY, 0, 0, GORT_ECANCELED, GORT_ECANCELED},
    {COMES_LATE, BELOW_ONLY, 0, BELOW, GORT_ECANCELED, BELOW},
    {COMES_LATE, ABOVE_ONLY, ABOVE, 0, GORT_ECANCELED, ABOVE},
    {COMES_LATE, ABOVE_FIRST, ABOVE, BELOW, GORT_ECANCELED, ABOVE},
    {HAS_PASSED, NEITHER, 0, 0, GORT_ETIMEDOUT, LATE},
    {HAS_PASSED, BELOW_ONLY, 0, BELOW, GORT_ETIMEDOUT, LATE},
    {HAS_PASSED, ABOVE_ONLY, ABOVE, 0, GORT_ETIMEDOUT, LATE},
    {HAS_PASSED, BELOW_FIRST, ABOVE, BELOW, GORT_ETIMEDOUT, LATE},
};

static gort_ctx *make_below(gort_ctx *above, enum limit limit)
{
    switch (limit) {
    case NO_LIMIT:
        return gort_ctx_with_cancel(above);
    case COMES_LATE:
        return gort_ctx_with_timeout_cause(above, LONG, LATE);
    case HAS_PASSED:
        return gort_ctx_with_timeout_cause(above, 0, LATE);
    }
    return NULL;
}

static void cancel_in_order(const struct end *e, gort_ctx *above, gort_ctx *below)
{
    if (e->order == BELOW_FIRST || e->order == BELOW_ONLY)
        gort_ctx_cancel(below, e->below);
    if (e->order != NEITHER && e->order != BELOW_ONLY)
        gort_ctx_cancel(above, e->above);
    if (e->order == ABOVE_FIRST)
        gort_ctx_cancel(below, e->below);
}

/* A value between and one under both: those have no end of their own. */
CLAIM(of_all_ends_of_a_context_the_first_counts)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        gort_ctx *above = gort_ctx_with_cancel(gort_ctx_background());
        gort_ctx *below = make_below(gort_ctx_with_value(above, ends, NULL), ends[i].limit);
        const gort_ctx *value = gort_ctx_with_value(below, ends, NULL);
        const gort_ctx *free = gort_ctx_without_cancel(below);

        cancel_in_order(&ends[i], above, below);
        EXPECT(gort_ctx_err(below) == ends[i].err && gort_ctx_cause(below) == ends[i].cause,
               "case %zu: err %d, cause %d", i, gort_ctx_err(below), gort_ctx_cause(below));
        EXPECT(gort_ctx_err(value) == ends[i].err && gort_ctx_cause(value) == ends[i].cause,
               "case %zu, of the value: err %d, cause %d", i, gort_ctx_err(value),
               gort_ctx_cause(value));
        EXPECT(gort_ctx_err(free) == GORT_OK && gort_ctx_cause(free) == GORT_OK,
               "case %zu, without cancel: err %d, cause %d", i, gort_ctx_err(free),
               gort_ctx_cause(free));
        gort_ctx_cancel(above, 0);
    }
}

/* ---- deadlines ------------------------------------------------------------------------------ */

/* Waits for the end of CTX; false if that does not come in ten seconds. */
static bool wait_for(const gort_ctx *ctx)
{
    return gort_recv_by(gort_ctx_done(ctx), NULL, gort_in(10 * GORT_S)) == 0;
}

CLAIM(a_deadline_has_the_cause_that_it_was_given)
{
    gort_ctx *late = gort_ctx_with_timeout_cause(gort_ctx_background(), GORT_MS, 41);
    gort_ctx *past = gort_ctx_with_deadline_cause(gort_ctx_background(), 1, 42);
    gort_ctx *plain = gort_ctx_with_deadline_cause(gort_ctx_background(), 1, 0);
    gort_ctx *child = gort_ctx_with_cancel(late);

    EXPECT(has_ended(past, GORT_ETIMEDOUT, 42), "cause %d", gort_ctx_cause(past));
    EXPECT(has_ended(plain, GORT_ETIMEDOUT, GORT_ETIMEDOUT), "cause %d", gort_ctx_cause(plain));
    EXPECT(wait_for(child), "the deadline does not come");
    EXPECT(has_ended(late, GORT_ETIMEDOUT, 41), "cause %d", gort_ctx_cause(late));
    EXPECT(has_ended(child, GORT_ETIMEDOUT, 41), "of the child: %d", gort_ctx_cause(child));
}

CLAIM(the_cause_of_a_deadline_that_did_not_come_first_is_not_told)
{
    gort_ctx *parent = gort_ctx_with_timeout_cause(gort_ctx_background(), GORT_MS, 7);
    gort_ctx *child = gort_ctx_with_timeout_cause(parent, LONG, 41);

    EXPECT(gort_ctx_deadline(child) == gort_ctx_deadline(parent), "not the earlier deadline");
    EXPECT(wait_for(child), "the deadline does not come");
    EXPECT(has_ended(child, GORT_ETIMEDOUT, 7), "cause %d", gort_ctx_cause(child));
}

/* ---- all at once ---------------------------------------------------------------------------- */

#define NCONTEXTS 85 /* a root, and four below each of the next */
#define ROUNDS    10

struct node {
    gort_ctx *ctx;
    struct node *above; /* NULL: the root */
    int number;
};

static void cancel_with_its_number(void *arg)
{
    const struct node *n = arg;

    if (conform_random(4) == 0)
        gort_yield();
    gort_ctx_cancel(n->ctx, n->number);
}

static void look_for_its_cause(void *arg)
{
    const struct node *n = arg;
    int cause;

    while ((cause = gort_ctx_cause(n->ctx)) == GORT_OK)
        gort_yield();
    EXPECT(has_ended(n->ctx, GORT_ECANCELED, cause), "node %d: cause %d, then %d", n->number, cause,
           gort_ctx_cause(n->ctx));
}

static struct node *grow_tree(void)
{
    struct node *nodes = gort_make(struct node, NCONTEXTS);

    for (int i = 0; i < NCONTEXTS; i++) {
        struct node *above = i == 0 ? NULL : &nodes[(i - 1) / 4];
        gort_ctx *parent = i == 0 ? gort_ctx_background() : above->ctx;

        nodes[i] = (struct node){gort_ctx_with_cancel(parent), above, i + 1};
    }
    return nodes;
}

CLAIM(when_a_whole_tree_is_cancelled_each_has_its_own_cause_or_that_from_above)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct node *nodes = grow_tree();
        gort_waitgroup all = {0};
        int first = (int)conform_random(NCONTEXTS);

        for (int i = 0; i < NCONTEXTS; i++) {
            struct node *n = &nodes[(first + i * 13) % NCONTEXTS];

            gort_waitgroup_go(&all, look_for_its_cause, n);
            gort_waitgroup_go(&all, cancel_with_its_number, n);
        }
        gort_waitgroup_wait(&all);
        for (int i = 0; i < NCONTEXTS; i++) {
            int cause = gort_ctx_cause(nodes[i].ctx);

            EXPECT(cause == nodes[i].number ||
                       (i > 0 && cause == gort_ctx_cause(nodes[i].above->ctx)),
                   "round %d, node %d: cause %d", round, nodes[i].number, cause);
        }
    }
}
