/* SPDX-License-Identifier: MIT */
/* group.c - the group of tasks behaves as that of golang.org/x/sync/errgroup. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

struct project {
    gort_group g;
    gort_chan *go_on;
    _Atomic(int) running;
    _Atomic(int) most; /* that ran at one time */
    _Atomic(int) done;
    int parts[16]; /* on purpose not atomic: waiting must order them */
};

struct part {
    struct project *p;
    int result;
    int number;
};

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static int add(_Atomic(int) *n, int change)
{
    return atomic_fetch_add_explicit(n, change, memory_order_acq_rel) + change;
}

static struct project *project_new(void)
{
    struct project *p = gort_new(struct project);

    p->go_on = gort_chan_new(0, 0);
    return p;
}

/* ---- results -------------------------------------------------------------------------------- */

static int do_part(void *arg)
{
    const struct part *part = arg;

    if (conform_random(2) == 0)
        gort_yield();
    part->p->parts[part->number] = 1;
    add(&part->p->done, 1);
    return part->result;
}

CLAIM(a_group_of_none_succeeds)
{
    gort_group g = {0};

    EXPECT(gort_group_wait(&g) == 0, "it failed");
}

CLAIM(waiting_ends_when_all_have_returned)
{
    struct project *p = project_new();
    struct part parts[16];

    for (int i = 0; i < 16; i++) {
        parts[i] = (struct part){p, 0, i};
        gort_group_go(&p->g, do_part, &parts[i]);
    }
    EXPECT(gort_group_wait(&p->g) == 0, "it failed");
    for (int i = 0; i < 16; i++)
        EXPECT(p->parts[i] == 1, "part %d is not done", i);
}

static int fail_when_told(void *arg)
{
    const struct part *part = arg;

    gort_recv(part->p->go_on, NULL);
    return part->result;
}

CLAIM(the_first_failure_is_the_result_and_the_others_go_on)
{
    struct project *p = project_new();
    struct part late = {p, 7, 0};
    struct part first = {p, GORT_EREFUSED, 1};
    int result;

    gort_group_go(&p->g, fail_when_told, &late);
    gort_group_go(&p->g, do_part, &first);
    EVENTUALLY(load(&p->done) == 1, "it is not done");
    EVENTUALLY(load(&p->g.gort_result) != 0, "the failure is not seen");
    gort_send(p->go_on, NULL);
    result = gort_group_wait(&p->g);
    EXPECT(result == GORT_EREFUSED, "result %d", result);
}

/* ---- limits --------------------------------------------------------------------------------- */

static int run_limited(void *arg)
{
    struct project *p = arg;
    int running = add(&p->running, 1);
    int most = load(&p->most);

    while (most < running &&
           !atomic_compare_exchange_weak_explicit(&p->most, &most, running, memory_order_acq_rel,
                                                  memory_order_acquire))
        continue;
    if (conform_random(2) == 0)
        gort_yield();
    add(&p->running, -1);
    return 0;
}

CLAIM(no_more_tasks_run_than_the_limit)
{
    struct project *p = project_new();

    gort_group_set_limit(&p->g, 3);
    for (int i = 0; i < 200; i++)
        gort_group_go(&p->g, run_limited, p);
    EXPECT(gort_group_wait(&p->g) == 0, "it failed");
    EXPECT(load(&p->most) <= 3 && load(&p->most) > 0, "%d ran at one time", p->most);
}

static int wait_for_word(void *arg)
{
    struct project *p = arg;

    gort_recv(p->go_on, NULL);
    return 0;
}

static void start_third(void *arg)
{
    struct project *p = arg;

    gort_group_go(&p->g, wait_for_word, p);
    add(&p->done, 1);
}

CLAIM(starting_one_above_the_limit_waits)
{
    struct project *p = project_new();

    gort_group_set_limit(&p->g, 2);
    gort_group_go(&p->g, wait_for_word, p);
    EXPECT(gort_group_try_go(&p->g, wait_for_word, p) == 1, "the second was refused");
    EXPECT(gort_group_try_go(&p->g, wait_for_word, p) == 0, "the third was started");
    gort_go(start_third, p);
    UNTIL_PARKED(1, PARKED_SEM);
    EXPECT(load(&p->done) == 0, "it did not wait");
    gort_send(p->go_on, NULL);
    EVENTUALLY(load(&p->done) == 1, "it waits for too long");
    gort_close(p->go_on);
    EXPECT(gort_group_wait(&p->g) == 0, "it failed");
}

CLAIM(a_limit_can_be_changed_and_lifted_between_tasks)
{
    struct project *p = project_new();

    gort_close(p->go_on);
    gort_group_set_limit(&p->g, 0);
    EXPECT(gort_group_try_go(&p->g, wait_for_word, p) == 0, "started at a limit of none");
    gort_group_set_limit(&p->g, 1);
    EXPECT(gort_group_try_go(&p->g, wait_for_word, p) == 1, "refused at a limit of one");
    EXPECT(gort_group_wait(&p->g) == 0, "it failed");
    gort_group_set_limit(&p->g, -1);
    for (int i = 0; i < 50; i++)
        EXPECT(gort_group_try_go(&p->g, wait_for_word, p) == 1, "refused without a limit");
    EXPECT(gort_group_wait(&p->g) == 0, "it failed");
}

/* ---- a context ------------------------------------------------------------------------------ */

struct shared {
    gort_group g;
    gort_ctx *ctx;
    _Atomic(int) called_off;
};

static int work_until_called_off(void *arg)
{
    struct shared *s = arg;

    gort_recv(gort_ctx_done(s->ctx), NULL);
    add(&s->called_off, 1);
    return gort_ctx_err(s->ctx);
}

static int refuse_to_work(void *arg)
{
    (void)arg;
    return GORT_EREFUSED;
}

CLAIM(the_first_failure_cancels_the_context_with_its_result)
{
    struct shared *s = gort_new(struct shared);
    int result;

    s->ctx = gort_group_with_ctx(&s->g, gort_ctx_background());
    for (int i = 0; i < 10; i++)
        gort_group_go(&s->g, work_until_called_off, s);
    EXPECT(gort_ctx_err(s->ctx) == GORT_OK, "cancelled early");
    gort_group_go(&s->g, refuse_to_work, NULL);
    result = gort_group_wait(&s->g);
    EXPECT(result == GORT_EREFUSED, "result %d", result);
    EXPECT(load(&s->called_off) == 10, "%d were called off", load(&s->called_off));
    EXPECT(gort_ctx_err(s->ctx) == GORT_ECANCELED, "err %d", gort_ctx_err(s->ctx));
    EXPECT(gort_ctx_cause(s->ctx) == GORT_EREFUSED, "cause %d", gort_ctx_cause(s->ctx));
}

CLAIM(waiting_cancels_the_context_when_all_went_well)
{
    struct project *p = project_new();
    struct part part = {p, 0, 0};
    gort_ctx *ctx = gort_group_with_ctx(&p->g, gort_ctx_background());
    gort_ctx *next;

    gort_group_go(&p->g, do_part, &part);
    EVENTUALLY(load(&p->done) == 1, "it is not done");
    EXPECT(gort_ctx_err(ctx) == GORT_OK, "cancelled by a success");
    EXPECT(gort_group_wait(&p->g) == 0, "it failed");
    EXPECT(gort_ctx_cause(ctx) == GORT_ECANCELED, "cause %d", gort_ctx_cause(ctx));
    next = gort_group_with_ctx(&p->g, gort_ctx_background());
    EXPECT(next != ctx && gort_ctx_err(next) == GORT_OK, "the next use has no context of its own");
    EXPECT(gort_group_wait(&p->g) == 0, "it failed");
    EXPECT(gort_ctx_err(next) == GORT_ECANCELED, "err %d", gort_ctx_err(next));
}

CLAIM(the_context_goes_with_its_parent)
{
    struct shared *s = gort_new(struct shared);
    gort_ctx *parent = gort_ctx_with_cancel(gort_ctx_background());
    int result;

    s->ctx = gort_group_with_ctx(&s->g, parent);
    gort_group_go(&s->g, work_until_called_off, s);
    gort_ctx_cancel(parent, 9);
    result = gort_group_wait(&s->g);
    EXPECT(result == GORT_ECANCELED, "result %d", result);
    EXPECT(gort_ctx_cause(s->ctx) == 9, "cause %d", gort_ctx_cause(s->ctx));
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(changing_the_limit_while_tasks_run, 2,
     "fatal error: gort_group_set_limit: active tasks in the group: 1")
{
    struct project *p = project_new();

    gort_group_go(&p->g, wait_for_word, p);
    gort_group_set_limit(&p->g, 2);
}

ENDS(waiting_for_a_task_that_never_returns, 2, "sync.WaitGroup.Wait")
{
    struct project *p = project_new();

    gort_group_go(&p->g, wait_for_word, p);
    gort_group_wait(&p->g);
}

ENDS(a_context_while_tasks_run, 2, "fatal error: gort_group_with_ctx: active tasks in the group: 1")
{
    struct project *p = project_new();

    gort_group_go(&p->g, wait_for_word, p);
    gort_group_with_ctx(&p->g, gort_ctx_background());
}

ENDS(a_context_without_a_parent, 2, "fatal error: gort_group_with_ctx: no parent")
{
    struct project *p = project_new();

    gort_group_with_ctx(&p->g, NULL);
}
