/* SPDX-License-Identifier: MIT */
/* stages.c - pipelines: order, all elements once, failures that end every stage, fan-in, fan-out.
 */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"

#define MANY 300

struct line {
    gort_group g;
    gort_ctx *ctx;
    int last;    /* of the source; -1: endless */
    int fail_at; /* -1: never */
    int seen[MANY];
    int nseen;
    int disorder; /* times that an element came after a greater one */
    int greatest;
    _Atomic(int) running;
    _Atomic(int) most;
};

static struct line *line_new(gort_ctx *parent)
{
    struct line *l = gort_new(struct line);

    l->ctx = gort_group_with_ctx(&l->g, parent);
    l->last = MANY - 1;
    l->fail_at = -1;
    l->greatest = -1;
    return l;
}

static int count(gort_emitter *to, void *in, void *arg)
{
    struct line *l = arg;
    int err = 0;

    EXPECT(in == NULL, "a source has input");
    for (int i = 0; err == 0 && (l->last < 0 || i <= l->last); i++)
        err = gort_emit(to, &i);
    return err;
}

static int pass_on(gort_emitter *to, void *in, void *arg)
{
    struct line *l = arg;
    int running = atomic_fetch_add_explicit(&l->running, 1, memory_order_acq_rel) + 1;
    int most = atomic_load_explicit(&l->most, memory_order_acquire);

    while (most < running &&
           !atomic_compare_exchange_weak_explicit(&l->most, &most, running, memory_order_acq_rel,
                                                  memory_order_acquire))
        continue;
    for (uint32_t n = conform_random(4); n > 0; n--)
        gort_yield();
    atomic_fetch_sub_explicit(&l->running, 1, memory_order_acq_rel);
    return *(int *)in == l->fail_at ? GORT_EREFUSED : gort_emit(to, in);
}

static int note(gort_emitter *to, void *in, void *arg)
{
    struct line *l = arg;
    int n = *(int *)in;

    (void)to;
    if (n < l->greatest)
        l->disorder++;
    else
        l->greatest = n;
    l->seen[n % MANY]++;
    l->nseen++;
    return 0;
}

static gort_chan *source(struct line *l)
{
    return gort_source_go(&l->g, &(gort_stage){.run = count, .arg = l, .out_bytes = sizeof(int)});
}

static gort_chan *middle(struct line *l, gort_chan *in, int workers, int ordered)
{
    return gort_stage_go(&l->g, in,
                         &(gort_stage){.run = pass_on,
                                       .arg = l,
                                       .workers = workers,
                                       .ordered = ordered,
                                       .out_bytes = sizeof(int),
                                       .buffer = conform_random(5)});
}

static void sink(struct line *l, gort_chan *in)
{
    gort_sink_go(&l->g, in, &(gort_stage){.run = note, .arg = l});
}

static void expect_each_once(const struct line *l)
{
    for (int i = 0; i < MANY; i++)
        EXPECT(l->seen[i] == 1, "element %d came %d times", i, l->seen[i]);
}

static void expect_no_tasks(void)
{
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks are left", (long long)gort_num_tasks());
}

/* ---- order ---------------------------------------------------------------------------------- */

CLAIM(every_element_passes_all_stages_once)
{
    struct line *l = line_new(gort_ctx_background());

    sink(l, middle(l, middle(l, source(l), 4, 0), 3, 0));
    EXPECT(gort_group_wait(&l->g) == 0, "it failed");
    expect_each_once(l);
    expect_no_tasks();
}

CLAIM(an_ordered_stage_keeps_the_order_with_any_number_of_workers)
{
    for (int workers = 1; workers <= 7; workers += 3) {
        struct line *l = line_new(gort_ctx_background());

        sink(l, middle(l, source(l), workers, 1));
        EXPECT(gort_group_wait(&l->g) == 0, "it failed");
        expect_each_once(l);
        EXPECT(l->disorder == 0, "%d workers: %d came too late", workers, l->disorder);
        EXPECT(atomic_load_explicit(&l->most, memory_order_acquire) <= workers, "too many calls");
    }
}

struct pair {
    gort_chan *both_here;
};

/* Each waits until the other is there: with calls one after the other it would never end. */
static int meet(gort_emitter *to, void *in, void *arg)
{
    struct pair *p = arg;
    gort_case cases[] = {GORT_SEND(p->both_here, NULL), GORT_RECV(p->both_here, NULL),
                         GORT_RECV(gort_ctx_done(gort_emitter_ctx(to)), NULL)};

    return gort_select(cases, 3) < 2 ? gort_emit(to, in) : GORT_ECANCELED;
}

CLAIM(the_calls_of_an_ordered_stage_go_side_by_side)
{
    struct line *l = line_new(gort_ctx_with_timeout(gort_ctx_background(), 20 * GORT_S));
    struct pair p = {gort_chan_new(0, 0)};
    gort_stage stage = {
        .run = meet, .arg = &p, .workers = 2, .ordered = 1, .out_bytes = sizeof(int)};

    l->last = 99;
    sink(l, gort_stage_go(&l->g, source(l), &stage));
    EXPECT(gort_group_wait(&l->g) == 0, "it failed");
    EXPECT(l->nseen == 100 && l->disorder == 0, "%d, %d too late", l->nseen, l->disorder);
}

/* Multiples of three vanish, others come twice. */
static int filter_and_double(gort_emitter *to, void *in, void *arg)
{
    int err = 0;

    (void)arg;
    if (conform_random(2) == 0)
        gort_yield();
    for (int i = 0; i < (*(int *)in % 3 == 0 ? 0 : 2) && err == 0; i++)
        err = gort_emit(to, in);
    return err;
}

CLAIM(a_stage_may_emit_none_or_many_and_keeps_them_together)
{
    struct line *l = line_new(gort_ctx_background());
    gort_stage stage = {
        .run = filter_and_double, .workers = 4, .ordered = 1, .out_bytes = sizeof(int)};

    sink(l, gort_stage_go(&l->g, source(l), &stage));
    EXPECT(gort_group_wait(&l->g) == 0, "it failed");
    EXPECT(l->disorder == 0, "%d came too late", l->disorder);
    for (int i = 0; i < MANY; i++)
        EXPECT(l->seen[i] == (i % 3 == 0 ? 0 : 2), "element %d came %d times", i, l->seen[i]);
}

/* ---- the end -------------------------------------------------------------------------------- */

CLAIM(a_failure_in_the_middle_ends_an_endless_pipeline)
{
    for (int ordered = 0; ordered <= 1; ordered++) {
        struct line *l = line_new(gort_ctx_background());
        int err;

        l->last = -1;
        l->fail_at = 50;
        sink(l, middle(l, middle(l, source(l), 3, ordered), 2, ordered));
        err = gort_group_wait(&l->g);
        EXPECT(err == GORT_EREFUSED, "err %d", err);
        expect_no_tasks();
    }
}

CLAIM(cancelling_the_parent_ends_all_stages)
{
    gort_ctx *parent = gort_ctx_with_cancel(gort_ctx_background());
    struct line *l = line_new(parent);
    int err;

    l->last = -1;
    /* Nobody receives: the stages wait for room. */
    middle(l, middle(l, source(l), 3, 1), 2, 0);
    UNTIL_PARKED(6, PARKED_SELECT);
    gort_ctx_cancel(parent, 12);
    err = gort_group_wait(&l->g);
    EXPECT(err == 12, "err %d", err);
    expect_no_tasks();
}

/* ---- fan-in and fan-out --------------------------------------------------------------------- */

CLAIM(what_is_split_and_merged_is_complete)
{
    struct line *l = line_new(gort_ctx_background());
    gort_chan *outs[5];

    gort_split_go(&l->g, source(l), outs, 5, GORT_SPLIT_ANY, 1);
    for (int i = 0; i < 5; i++)
        outs[i] = middle(l, outs[i], 1, 0);
    sink(l, gort_merge_go(&l->g, outs, 5, 2));
    EXPECT(gort_group_wait(&l->g) == 0, "it failed");
    expect_each_once(l);
    expect_no_tasks();
}

CLAIM(what_is_split_for_all_comes_to_each_in_order)
{
    struct line *l = line_new(gort_ctx_background());
    struct line *ends[3];
    gort_chan *outs[3];

    gort_split_go(&l->g, source(l), outs, 3, GORT_SPLIT_ALL, conform_random(3));
    for (int i = 0; i < 3; i++) {
        ends[i] = line_new(gort_ctx_background());
        gort_sink_go(&l->g, outs[i], &(gort_stage){.run = note, .arg = ends[i]});
    }
    EXPECT(gort_group_wait(&l->g) == 0, "it failed");
    for (int i = 0; i < 3; i++) {
        expect_each_once(ends[i]);
        EXPECT(ends[i]->disorder == 0, "end %d: %d came too late", i, ends[i]->disorder);
    }
}

CLAIM(a_split_of_which_one_end_hangs_can_be_cancelled)
{
    gort_ctx *parent = gort_ctx_with_cancel(gort_ctx_background());
    struct line *l = line_new(parent);
    gort_chan *outs[2];
    int err;

    gort_split_go(&l->g, source(l), outs, 2, GORT_SPLIT_ALL, 0);
    gort_sink_go(&l->g, outs[0], &(gort_stage){.run = note, .arg = l});
    UNTIL_PARKED(3, PARKED_SELECT);
    gort_ctx_cancel(parent, 8);
    err = gort_group_wait(&l->g);
    EXPECT(err == 8, "err %d", err);
    EXPECT(l->nseen <= 1, "it went on without the other: %d", l->nseen);
    expect_no_tasks();
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(a_group_without_a_context, 2, "fatal error: gort_source_go: the group has no context")
{
    gort_group g = {0};

    gort_source_go(&g, &(gort_stage){.run = count});
}

ENDS(a_group_with_a_limit, 2, "fatal error: gort_source_go: the group has a limit")
{
    struct line *l = line_new(gort_ctx_background());

    gort_group_set_limit(&l->g, 3);
    source(l);
}

static int emit_in_vain(gort_emitter *to, void *in, void *arg)
{
    (void)arg;
    return gort_emit(to, in);
}

ENDS(a_sink_that_emits, 2, "fatal error: gort_emit: a sink has no output")
{
    struct line *l = line_new(gort_ctx_background());

    gort_sink_go(&l->g, source(l), &(gort_stage){.run = emit_in_vain});
    gort_group_wait(&l->g);
}
