/* SPDX-License-Identifier: MIT */
/* workers.c - the pool of workers: every job is worked on, once, by no more tasks than there are
 * workers; closing, stopping and failing end it without a task left behind. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

#define MANY 200

struct office {
    gort_workers *w;
    gort_chan *go_on;
    gort_waitgroup wg;
    _Atomic(int) running;
    _Atomic(int) most;
    _Atomic(int) done[MANY];
    _Atomic(int) ndone;
    int result; /* of submitting */
};

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static int add(_Atomic(int) *n, int change)
{
    return atomic_fetch_add_explicit(n, change, memory_order_acq_rel) + change;
}

static struct office *office_new(void)
{
    struct office *o = gort_new(struct office);

    o->go_on = gort_chan_new(0, 0);
    return o;
}

static gort_workers *hire(struct office *o, int workers, size_t queue,
                          int (*work)(gort_ctx *ctx, const void *job, void *result, void *arg))
{
    gort_workers_options options = {
        .work = work, .arg = o, .workers = workers, .job_bytes = sizeof(int), .queue = queue};

    return o->w = gort_workers_new(gort_ctx_background(), &options);
}

static void expect_no_tasks(void)
{
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks are left", (long long)gort_num_tasks());
}

/* ---- working -------------------------------------------------------------------------------- */

static int do_job(gort_ctx *ctx, const void *job, void *result, void *arg)
{
    struct office *o = arg;
    int running = add(&o->running, 1);
    int most = load(&o->most);

    (void)ctx, (void)result;
    while (most < running &&
           !atomic_compare_exchange_weak_explicit(&o->most, &most, running, memory_order_acq_rel,
                                                  memory_order_acquire))
        continue;
    if (conform_random(2) == 0)
        gort_yield();
    add(&o->done[*(const int *)job], 1);
    add(&o->running, -1);
    return 0;
}

static void submit_some(void *arg)
{
    struct office *o = arg;
    int job;

    while ((job = add(&o->ndone, 1) - 1) < MANY)
        EXPECT(gort_workers_submit(o->w, &job) == 0, "refused");
}

CLAIM(every_job_is_done_once_by_no_more_than_the_workers)
{
    struct office *o = office_new();

    hire(o, 3, conform_random(8), do_job);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&o->wg, submit_some, o);
    gort_waitgroup_wait(&o->wg);
    EXPECT(gort_workers_wait(o->w) == 0, "it failed");
    for (int i = 0; i < MANY; i++)
        EXPECT(load(&o->done[i]) == 1, "job %d was done %d times", i, load(&o->done[i]));
    EXPECT(load(&o->most) <= 3, "%d worked at a time", load(&o->most));
    expect_no_tasks();
}

static int square(gort_ctx *ctx, const void *job, void *result, void *arg)
{
    int n = *(const int *)job;

    (void)ctx, (void)arg;
    *(long *)result += (long)n * n;
    return 0;
}

static void submit_numbers(void *arg)
{
    struct office *o = arg;

    for (int i = 0; i < MANY; i++)
        EXPECT(gort_workers_submit(o->w, &i) == 0, "refused");
    gort_workers_close(o->w);
}

CLAIM(there_is_a_result_for_each_job_and_then_an_end)
{
    struct office *o = office_new();
    gort_workers_options options = {
        .work = square, .workers = 4, .job_bytes = sizeof(int), .result_bytes = sizeof(long)};
    long result;
    long sum = 0;
    int n = 0;

    o->w = gort_workers_new(gort_ctx_background(), &options);
    gort_waitgroup_go(&o->wg, submit_numbers, o);
    while (gort_recv(gort_workers_results(o->w), &result) == 1) {
        sum += result;
        n++;
    }
    EXPECT(n == MANY && sum == 2646700, "%d results, sum %ld", n, sum);
    gort_waitgroup_wait(&o->wg);
    EXPECT(gort_workers_wait(o->w) == 0, "it failed");
    expect_no_tasks();
}

/* ---- the queue ------------------------------------------------------------------------------ */

static int wait_for_word(gort_ctx *ctx, const void *job, void *result, void *arg)
{
    struct office *o = arg;
    int err = gort_recv_ctx(o->go_on, NULL, ctx);

    (void)result;
    add(&o->done[*(const int *)job], 1);
    return err < 0 ? err : 0;
}

static void submit_one(void *arg)
{
    struct office *o = arg;
    int job = 5;

    o->result = gort_workers_submit(o->w, &job);
}

CLAIM(a_full_queue_makes_submitters_wait_or_turn_away)
{
    struct office *o = office_new();
    int job = 0;

    hire(o, 1, 1, wait_for_word);
    EXPECT(gort_workers_submit(o->w, &job) == 0, "the first is refused");
    UNTIL_PARKED(1, PARKED_SELECT);
    EXPECT(gort_workers_try_submit(o->w, &job) == 0, "the queue takes none");
    EXPECT(gort_workers_try_submit(o->w, &job) == GORT_EWOULDBLOCK, "the queue takes two");
    EXPECT(gort_workers_submit_by(o->w, &job, gort_in(GORT_MS)) == GORT_ETIMEDOUT, "in time");
    gort_waitgroup_go(&o->wg, submit_one, o);
    UNTIL_PARKED(2, PARKED_SELECT);
    gort_close(o->go_on);
    gort_waitgroup_wait(&o->wg);
    EXPECT(o->result == 0, "result %d", o->result);
    EXPECT(gort_workers_wait(o->w) == 0, "it failed");
    EXPECT(load(&o->done[0]) == 2 && load(&o->done[5]) == 1, "a job was lost");
}

CLAIM(closing_turns_away_who_waits_and_what_is_queued_is_done)
{
    struct office *o = office_new();
    int job = 1;

    hire(o, 1, 1, wait_for_word);
    EXPECT(gort_workers_submit(o->w, &job) == 0, "the first is refused");
    UNTIL_PARKED(1, PARKED_SELECT);
    EXPECT(gort_workers_submit(o->w, &job) == 0, "the queue takes none");
    gort_waitgroup_go(&o->wg, submit_one, o);
    UNTIL_PARKED(2, PARKED_SELECT);
    gort_workers_close(o->w);
    gort_workers_close(o->w);
    gort_waitgroup_wait(&o->wg);
    EXPECT(o->result == GORT_ECLOSED, "result %d", o->result);
    EXPECT(gort_workers_try_submit(o->w, &job) == GORT_ECLOSED, "taken after the close");
    gort_close(o->go_on);
    EXPECT(gort_workers_wait(o->w) == 0, "it failed");
    EXPECT(load(&o->done[1]) == 2 && load(&o->done[5]) == 0, "not what was queued");
    expect_no_tasks();
}

static void submit_until_closed(void *arg)
{
    struct office *o = arg;
    int job = 0;
    int n = 0;

    while (gort_workers_submit(o->w, &job) == 0)
        n++;
    add(&o->ndone, n);
}

CLAIM(what_was_taken_on_before_the_close_is_done_however_they_race)
{
    for (int round = 0; round < 20; round++) {
        struct office *o = office_new();

        hire(o, 2, 2, do_job);
        for (int i = 0; i < 3; i++)
            gort_waitgroup_go(&o->wg, submit_until_closed, o);
        for (uint32_t n = conform_random(20); n > 0; n--)
            gort_yield();
        EXPECT(gort_workers_wait(o->w) == 0, "it failed");
        gort_waitgroup_wait(&o->wg);
        EXPECT(load(&o->done[0]) == load(&o->ndone), "%d done of %d", load(&o->done[0]),
               load(&o->ndone));
    }
}

/* ---- stopping and failing ------------------------------------------------------------------- */

CLAIM(a_stop_ends_the_jobs_and_drops_the_queue)
{
    struct office *o = office_new();
    int job = 2;

    hire(o, 2, 8, wait_for_word);
    for (int i = 0; i < 10; i++)
        EXPECT(gort_workers_submit(o->w, &job) == 0, "refused");
    UNTIL_PARKED(2, PARKED_SELECT);
    gort_workers_stop(o->w, 77);
    EXPECT(gort_workers_submit(o->w, &job) == GORT_ECANCELED, "taken after the stop");
    EXPECT(gort_workers_wait(o->w) == 77, "not the cause");
    EXPECT(load(&o->done[2]) == 2, "%d were begun", load(&o->done[2]));
    expect_no_tasks();
}

static int fail_at_three(gort_ctx *ctx, const void *job, void *result, void *arg)
{
    struct office *o = arg;

    (void)ctx, (void)result;
    add(&o->ndone, 1);
    return *(const int *)job == 3 ? GORT_EREFUSED : 0;
}

CLAIM(the_first_failure_stops_the_pool_and_is_its_result)
{
    struct office *o = office_new();
    int err = 0;

    hire(o, 3, 0, fail_at_three);
    for (int job = 0; job < 1000000 && err == 0; job++)
        err = gort_workers_submit(o->w, &job);
    EXPECT(err == GORT_ECANCELED, "err %d", err);
    err = gort_workers_wait(o->w);
    EXPECT(err == GORT_EREFUSED, "err %d", err);
    expect_no_tasks();
}

static int fail_when_stopped(gort_ctx *ctx, const void *job, void *result, void *arg)
{
    (void)job, (void)result, (void)arg;
    gort_recv(gort_ctx_done(ctx), NULL);
    return GORT_EREFUSED;
}

CLAIM(a_job_that_fails_after_the_stop_is_still_the_first_that_failed)
{
    struct office *o = office_new();
    int job = 1;

    hire(o, 1, 0, fail_when_stopped);
    EXPECT(gort_workers_submit(o->w, &job) == 0, "refused");
    gort_workers_stop(o->w, 77);
    EXPECT(gort_workers_wait(o->w) == GORT_EREFUSED, "not the result of the job");
    expect_no_tasks();
}

CLAIM(a_pool_that_keeps_going_does_all_and_tells_the_first_failure)
{
    struct office *o = office_new();
    gort_workers_options options = {
        .work = fail_at_three, .arg = o, .workers = 2, .job_bytes = sizeof(int), .keep_going = 1};
    int err;

    o->w = gort_workers_new(gort_ctx_background(), &options);
    for (int job = 0; job < 50; job++)
        EXPECT(gort_workers_submit(o->w, &job) == 0, "refused");
    err = gort_workers_wait(o->w);
    EXPECT(err == GORT_EREFUSED, "err %d", err);
    EXPECT(load(&o->ndone) == 50, "%d jobs were done", load(&o->ndone));
}

CLAIM(a_pool_stops_with_its_parent_though_nobody_takes_its_results)
{
    struct office *o = office_new();
    gort_ctx *parent = gort_ctx_with_cancel(gort_ctx_background());
    gort_workers_options options = {
        .work = square, .workers = 2, .job_bytes = sizeof(int), .result_bytes = sizeof(long)};
    int job = 4;

    o->w = gort_workers_new(parent, &options);
    EXPECT(gort_workers_submit(o->w, &job) == 0, "refused");
    EXPECT(gort_workers_submit(o->w, &job) == 0, "refused");
    UNTIL_PARKED(2, PARKED_SELECT);
    gort_ctx_cancel(parent, 9);
    EXPECT(gort_workers_wait(o->w) == 9, "not the cause");
    while (gort_recv(gort_workers_results(o->w), NULL) == 1)
        continue;
    expect_no_tasks();
}

ENDS(a_pool_without_a_function, 2, "fatal error: gort_workers_new: no function")
{
    gort_workers_new(gort_ctx_background(), &(gort_workers_options){.workers = 1});
}
