/* SPDX-License-Identifier: MIT */
/* context.c - contexts: cancelling, deadlines, values. Functions that wait for them, and what the
 * collector makes of them, are in contextfunc.c. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/timer.h"
#include "tests/support/conform.h"

#define LONG (3600 * GORT_S)

static bool is_closed(gort_chan *c)
{
    return gort_try_recv(c, NULL) == 0;
}

static bool is_cancelled(const gort_ctx *ctx, int err, int cause)
{
    return gort_ctx_err(ctx) == err && gort_ctx_cause(ctx) == cause &&
           is_closed(gort_ctx_done(ctx));
}

static bool is_open(const gort_ctx *ctx)
{
    return gort_ctx_err(ctx) == GORT_OK && gort_ctx_cause(ctx) == GORT_OK &&
           gort_try_recv(gort_ctx_done(ctx), NULL) == GORT_EWOULDBLOCK;
}

/* Waits for the end of CTX; false if that does not come in ten seconds. */
static bool wait_for(const gort_ctx *ctx)
{
    return gort_recv_by(gort_ctx_done(ctx), NULL, gort_in(10 * GORT_S)) == 0;
}

CLAIM(what_is_still_to_be_settled_is_as_the_background)
{
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_todo());

    EXPECT(gort_ctx_done(gort_ctx_todo()) == NULL, "it has a channel");
    EXPECT(gort_ctx_deadline(ctx) == GORT_FOREVER, "it has a deadline");
    EXPECT(gort_ctx_todo() != gort_ctx_background(), "they can't be told apart");
    gort_ctx_cancel(ctx, 3);
    EXPECT(is_cancelled(ctx, GORT_ECANCELED, 3), "err %d", gort_ctx_err(ctx));
}

/* ---- cancelling ----------------------------------------------------------------------------- */

CLAIM(the_background_is_never_cancelled_and_has_nothing)
{
    const gort_ctx *ctx = gort_ctx_background();

    EXPECT(gort_ctx_done(ctx) == NULL, "it has a channel");
    EXPECT(gort_ctx_err(ctx) == GORT_OK, "%d", gort_ctx_err(ctx));
    EXPECT(gort_ctx_cause(ctx) == GORT_OK, "%d", gort_ctx_cause(ctx));
    EXPECT(gort_ctx_deadline(ctx) == GORT_FOREVER, "it has a deadline");
    EXPECT(gort_ctx_value(ctx, ctx) == NULL, "it has a value");
}

CLAIM(a_context_is_open_until_it_is_cancelled_and_then_stays_so)
{
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_background());

    EXPECT(is_open(ctx), "cancelled early");
    gort_ctx_cancel(ctx, 0);
    EXPECT(is_cancelled(ctx, GORT_ECANCELED, GORT_ECANCELED), "err %d", gort_ctx_err(ctx));
    gort_ctx_cancel(ctx, -1000);
    EXPECT(is_cancelled(ctx, GORT_ECANCELED, GORT_ECANCELED), "a second cause counted");
}

CLAIM(the_first_cause_goes_down_with_the_cancelling)
{
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx *early = gort_ctx_with_cancel(root);
    gort_ctx *child = gort_ctx_with_cancel(root);

    gort_ctx_cancel(early, -1001);
    gort_ctx_cancel(root, -1002);
    EXPECT(is_cancelled(root, GORT_ECANCELED, -1002), "root: cause %d", gort_ctx_cause(root));
    EXPECT(is_cancelled(child, GORT_ECANCELED, -1002), "child: cause %d", gort_ctx_cause(child));
    EXPECT(is_cancelled(early, GORT_ECANCELED, -1001), "early: cause %d", gort_ctx_cause(early));
}

CLAIM(a_child_does_not_cancel_its_parent_or_its_siblings)
{
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx *child = gort_ctx_with_cancel(root);
    gort_ctx *sibling = gort_ctx_with_cancel(root);

    gort_ctx_cancel(child, 0);
    EXPECT(is_open(root), "the parent is cancelled");
    EXPECT(is_open(sibling), "a sibling is cancelled");
    gort_ctx_cancel(root, 0);
    EXPECT(is_cancelled(sibling, GORT_ECANCELED, GORT_ECANCELED), "the sibling is not");
}

CLAIM(a_child_of_the_cancelled_is_cancelled)
{
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx *child;

    gort_ctx_cancel(root, -1003);
    child = gort_ctx_with_timeout(gort_ctx_with_value(root, &root, root), LONG);
    EXPECT(is_cancelled(child, GORT_ECANCELED, -1003), "cause %d", gort_ctx_cause(child));
}

CLAIM(cancelling_reaches_any_depth)
{
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx *ctx = root;

    for (int i = 0; i < 5000; i++)
        ctx = i % 5 == 0 ? gort_ctx_with_value(ctx, &root, root) : gort_ctx_with_cancel(ctx);
    gort_ctx_cancel(root, 0);
    EXPECT(is_cancelled(ctx, GORT_ECANCELED, GORT_ECANCELED), "not at the bottom");
}

struct waiting {
    gort_ctx *ctx;
    gort_waitgroup wg;
    _Atomic(int) nwoken;
};

static void wait_in_select(void *arg)
{
    struct waiting *w = arg;
    gort_case cases[] = {GORT_RECV(gort_chan_new(0, 0), NULL),
                         GORT_RECV(gort_ctx_done(w->ctx), NULL)};

    if (gort_select(cases, 2) == 1 && gort_ctx_err(w->ctx) == GORT_ECANCELED)
        atomic_fetch_add_explicit(&w->nwoken, 1, memory_order_relaxed);
}

CLAIM(all_who_wait_for_it_wake)
{
    struct waiting *w = gort_new(struct waiting);
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());

    w->ctx = gort_ctx_with_timeout(root, LONG);
    for (int i = 0; i < 50; i++)
        gort_waitgroup_go(&w->wg, wait_in_select, w);
    UNTIL_PARKED(50, PARKED_SELECT);
    gort_ctx_cancel(root, 0);
    gort_waitgroup_wait(&w->wg);
    EXPECT(atomic_load_explicit(&w->nwoken, memory_order_relaxed) == 50, "only %d",
           atomic_load_explicit(&w->nwoken, memory_order_relaxed));
}

/* ---- deadlines ------------------------------------------------------------------------------ */

CLAIM(a_timeout_cancels_it_and_its_children_and_not_too_early)
{
    int64_t since_ns = gort_now();
    gort_ctx *ctx = gort_ctx_with_timeout(gort_ctx_background(), 2 * GORT_MS);
    gort_ctx *child = gort_ctx_with_cancel(ctx);

    EXPECT(gort_ctx_deadline(child) >= since_ns + 2 * GORT_MS, "the deadline is too early");
    EXPECT(gort_ctx_deadline(child) == gort_ctx_deadline(ctx), "not its parent's");
    EXPECT(wait_for(child), "no end");
    EXPECT(gort_now() >= since_ns + 2 * GORT_MS, "too early");
    EXPECT(is_cancelled(ctx, GORT_ETIMEDOUT, GORT_ETIMEDOUT), "err %d", gort_ctx_err(ctx));
    EXPECT(is_cancelled(child, GORT_ETIMEDOUT, GORT_ETIMEDOUT), "err %d", gort_ctx_err(child));
}

CLAIM(a_deadline_that_has_passed_cancels_at_once)
{
    gort_ctx *bg = gort_ctx_background();

    EXPECT(is_cancelled(gort_ctx_with_timeout(bg, 0), GORT_ETIMEDOUT, GORT_ETIMEDOUT), "0 ns");
    EXPECT(is_cancelled(gort_ctx_with_timeout(bg, INT64_MIN), GORT_ETIMEDOUT, GORT_ETIMEDOUT),
           "INT64_MIN");
    EXPECT(is_cancelled(gort_ctx_with_deadline(bg, gort_now()), GORT_ETIMEDOUT, GORT_ETIMEDOUT),
           "now");
}

CLAIM(the_deadline_for_ever_is_none)
{
    size_t armed_before = timers_active();
    gort_ctx *ctx = gort_ctx_with_timeout(gort_ctx_background(), GORT_FOREVER);

    EXPECT(is_open(ctx), "cancelled");
    EXPECT(gort_ctx_deadline(ctx) == GORT_FOREVER, "%lld", (long long)gort_ctx_deadline(ctx));
    EXPECT(timers_active() <= armed_before, "a timer for ever");
}

CLAIM(the_earlier_deadline_counts)
{
    gort_ctx *root = gort_ctx_with_timeout(gort_ctx_background(), 2 * GORT_MS);
    gort_ctx *later = gort_ctx_with_timeout(root, LONG);
    gort_ctx *sooner = gort_ctx_with_timeout(gort_ctx_with_timeout(gort_ctx_background(), LONG), 0);

    EXPECT(gort_ctx_deadline(later) == gort_ctx_deadline(root), "put off by a child");
    EXPECT(is_cancelled(sooner, GORT_ETIMEDOUT, GORT_ETIMEDOUT), "err %d", gort_ctx_err(sooner));
    EXPECT(wait_for(later), "no end");
    EXPECT(is_cancelled(later, GORT_ETIMEDOUT, GORT_ETIMEDOUT), "err %d", gort_ctx_err(later));
}

CLAIM(cancelling_disarms_the_deadlines_of_all_below)
{
    size_t armed_before = timers_active();
    gort_ctx *root = gort_ctx_with_timeout(gort_ctx_background(), LONG);

    for (int i = 1; i <= 20; i++)
        gort_ctx_with_timeout(root, LONG - i * GORT_S);
    EXPECT(timers_active() >= 21, "%zu timers armed", timers_active());
    gort_ctx_cancel(root, 0);
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
    EXPECT(gort_ctx_err(root) == GORT_ECANCELED, "err %d", gort_ctx_err(root));
}

CLAIM(a_deadline_and_a_cancelling_agree_on_one_end)
{
    for (int i = 0; i < 100; i++) {
        gort_ctx *ctx = gort_ctx_with_timeout(gort_ctx_background(),
                                              (int64_t)conform_random(40) * GORT_US);
        gort_ctx *child = gort_ctx_with_timeout(ctx, (int64_t)conform_random(40) * GORT_US);
        int err;

        if (conform_random(2) == 0)
            conform_pause();
        gort_ctx_cancel(ctx, -1004);
        err = gort_ctx_err(ctx);
        EXPECT(is_cancelled(ctx, err, err == GORT_ETIMEDOUT ? GORT_ETIMEDOUT : -1004),
               "round %d: err %d, cause %d", i, err, gort_ctx_cause(ctx));
        EXPECT(gort_ctx_err(child) != GORT_OK && is_closed(gort_ctx_done(child)),
               "round %d: the child is open", i);
    }
}

/* ---- values --------------------------------------------------------------------------------- */

static char user_key;
static char trace_key;

CLAIM(the_nearest_value_above_is_found)
{
    int user = 1;
    int other = 2;
    gort_ctx *outer = gort_ctx_with_value(gort_ctx_background(), &user_key, &user);
    gort_ctx *middle = gort_ctx_with_value(gort_ctx_with_cancel(outer), &trace_key, &other);
    gort_ctx *inner = gort_ctx_with_value(gort_ctx_with_timeout(middle, LONG), &user_key, &other);

    EXPECT(gort_ctx_value(middle, &user_key) == &user, "not the outer value");
    EXPECT(gort_ctx_value(inner, &user_key) == &other, "not the inner value");
    EXPECT(gort_ctx_value(inner, &trace_key) == &other, "not the value of another key");
    EXPECT(gort_ctx_value(outer, &trace_key) == NULL, "a value from below");
    EXPECT(gort_ctx_value(inner, NULL) == NULL, "a value without a key");
}

CLAIM(without_cancel_keeps_values_only)
{
    int user = 1;
    gort_ctx *root = gort_ctx_with_timeout(gort_ctx_background(), LONG);
    gort_ctx *free = gort_ctx_without_cancel(gort_ctx_with_value(root, &user_key, &user));
    gort_ctx *child = gort_ctx_with_cancel(free);

    gort_ctx_cancel(root, 0);
    EXPECT(gort_ctx_err(free) == GORT_OK && gort_ctx_done(free) == NULL, "cancelled");
    EXPECT(gort_ctx_cause(free) == GORT_OK, "it has a cause");
    EXPECT(gort_ctx_deadline(free) == GORT_FOREVER, "it has a deadline");
    EXPECT(gort_ctx_value(child, &user_key) == &user, "no value");
    EXPECT(is_open(child), "the child is cancelled");
    gort_ctx_cancel(child, 0);
    EXPECT(is_cancelled(child, GORT_ECANCELED, GORT_ECANCELED), "the child is open");
}

/* ---- interleavings -------------------------------------------------------------------------- */

#define NGROWERS 4
#define NGROWN   60

struct forest {
    gort_ctx *root;
    gort_ctx *grown[NGROWERS][NGROWN];
    _Atomic(int) next;
    gort_waitgroup wg;
};

/* Each below one of its own or the root; some are cancelled by themselves. */
static void grow(void *arg)
{
    struct forest *f = arg;
    gort_ctx **own = f->grown[atomic_fetch_add_explicit(&f->next, 1, memory_order_relaxed)];

    for (uint32_t i = 0; i < NGROWN; i++) {
        gort_ctx *parent = i == 0 || conform_random(3) == 0 ? f->root : own[conform_random(i)];

        own[i] = conform_random(2) == 0 ? gort_ctx_with_cancel(parent)
                                        : gort_ctx_with_timeout(parent, LONG);
        if (conform_random(5) == 0)
            gort_ctx_cancel(own[conform_random(i + 1)], 0);
        if (conform_random(8) == 0)
            gort_yield();
    }
}

static void cut(void *arg)
{
    struct forest *f = arg;

    gort_sleep((int64_t)conform_random(200) * GORT_US);
    gort_ctx_cancel(f->root, 0);
}

CLAIM(whatever_is_made_below_the_cancelled_is_cancelled_in_any_interleaving)
{
    size_t armed_before = timers_active();

    for (int round = 0; round < 20; round++) {
        struct forest *f = gort_new(struct forest);

        f->root = gort_ctx_with_cancel(gort_ctx_background());
        for (int i = 0; i < NGROWERS; i++)
            gort_waitgroup_go(&f->wg, grow, f);
        gort_waitgroup_go(&f->wg, cut, f);
        gort_waitgroup_go(&f->wg, cut, f);
        gort_waitgroup_wait(&f->wg);
        for (int i = 0; i < NGROWERS * NGROWN; i++)
            EXPECT(is_cancelled(f->grown[i / NGROWN][i % NGROWN], GORT_ECANCELED, GORT_ECANCELED),
                   "round %d: %d is open", round, i);
    }
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
}

static void look_at_err(void *arg)
{
    const struct waiting *w = arg;

    while (gort_ctx_err(w->ctx) == GORT_OK)
        gort_yield();
    EXPECT(is_closed(gort_ctx_done(w->ctx)), "cancelled, but the channel is open");
    EXPECT(gort_ctx_cause(w->ctx) == GORT_ECANCELED, "cause %d", gort_ctx_cause(w->ctx));
}

static void look_at_channel(void *arg)
{
    const struct waiting *w = arg;

    EXPECT(wait_for(w->ctx), "it does not end");
    EXPECT(is_cancelled(w->ctx, GORT_ECANCELED, GORT_ECANCELED), "err %d, cause %d",
           gort_ctx_err(w->ctx), gort_ctx_cause(w->ctx));
}

CLAIM(who_sees_one_sign_of_the_end_sees_all)
{
    for (int round = 0; round < 50; round++) {
        struct waiting *w = gort_new(struct waiting);

        w->ctx = gort_ctx_with_cancel(gort_ctx_background());
        gort_waitgroup_go(&w->wg, look_at_err, w);
        gort_waitgroup_go(&w->wg, look_at_channel, w);
        conform_pause();
        gort_ctx_cancel(w->ctx, 0);
        gort_waitgroup_wait(&w->wg);
    }
}

struct chained {
    gort_ctx *above;
    gort_ctx *below;
};

static void cancel_the_one_below(void *arg)
{
    const struct chained *c = arg;

    EXPECT(wait_for(c->above), "it does not end");
    gort_ctx_cancel(c->below, 0);
}

/* While the first cancelling is still on its way down. */
CLAIM(who_was_woken_by_a_cancelling_may_cancel_what_is_below)
{
    for (int round = 0; round < 20; round++) {
        gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
        gort_ctx *ctx = root;
        gort_waitgroup wg = {0};

        for (int i = 0; i < 10; i++) {
            struct chained *c = gort_new(struct chained);

            *c = (struct chained){.above = ctx, .below = gort_ctx_with_cancel(ctx)};
            ctx = c->below;
            gort_waitgroup_go(&wg, cancel_the_one_below, c);
        }
        if (conform_random(2) == 0)
            gort_yield();
        gort_ctx_cancel(root, 0);
        gort_waitgroup_wait(&wg);
        EXPECT(is_cancelled(ctx, GORT_ECANCELED, GORT_ECANCELED), "err %d", gort_ctx_err(ctx));
    }
}

#define LAYERS 40

/* Layers of all kinds at random; every third has a value. The end does not take values away. */
static void expect_layers(bool times_out)
{
    static int keys[LAYERS];
    gort_ctx *root = times_out ? gort_ctx_with_timeout(gort_ctx_background(), 2 * GORT_MS)
                               : gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx *layer[LAYERS];
    gort_ctx *ctx = root;
    int err = times_out ? GORT_ETIMEDOUT : GORT_ECANCELED;

    for (int i = 0; i < LAYERS; i++) {
        if (i % 3 == 0)
            ctx = gort_ctx_with_value(ctx, &keys[i], &keys[i]);
        else
            ctx = conform_random(2) == 0 ? gort_ctx_with_cancel(ctx)
                                         : gort_ctx_with_timeout(ctx, LONG);
        layer[i] = ctx;
    }
    if (!times_out)
        gort_ctx_cancel(root, 0);
    for (int i = 0; i < LAYERS; i++) {
        EXPECT(wait_for(layer[i]), "layer %d does not end", i);
        EXPECT(is_cancelled(layer[i], err, err), "layer %d: err %d", i, gort_ctx_err(layer[i]));
        for (int k = 0; k < LAYERS; k += 3)
            EXPECT(gort_ctx_value(layer[i], &keys[k]) == (k <= i ? &keys[k] : NULL),
                   "value %d at layer %d", k, i);
    }
}

CLAIM(all_layers_end_together_and_keep_their_values)
{
    expect_layers(false);
    expect_layers(true);
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(cancelling_the_background, 2,
     "fatal error: gort_ctx_cancel: the context is not one to be cancelled")
{
    gort_ctx_cancel(gort_ctx_background(), 0);
}

ENDS(cancelling_a_value, 2, "fatal error: gort_ctx_cancel: the context is not one to be cancelled")
{
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());

    gort_ctx_cancel(gort_ctx_with_value(root, &user_key, NULL), 0);
}

ENDS(a_context_without_a_parent, 2, "fatal error: gort_ctx_with_timeout: no parent")
{
    gort_ctx_with_timeout(NULL, 0);
}

ENDS(a_value_without_a_key, 2, "fatal error: gort_ctx_with_value: no key")
{
    gort_ctx_with_value(gort_ctx_background(), NULL, NULL);
}
