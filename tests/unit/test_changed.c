/* SPDX-License-Identifier: MIT */
/* test_changed.c - how what has changed is ranked, on courses made by hand. */
#include "config.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "mon/changed.h"

#define SECOND INT64_C(1000000000)
#define NOW_S  2000
#define WINDOW (400 * SECOND)
#define SPLIT  (NOW_S - 200) /* where the time after begins, without a baseline */

static struct metric_table metrics;
static struct model model;
static struct changed changed;
static struct snapshot baseline;

static void set_up(void)
{
    metric_table_init(&metrics);
    for (unsigned i = 0; i < metrics.n; i++)
        metrics.info[i].present = true;
    model = (struct model){.metrics = &metrics, .history = history_new(&metrics)};
}

static void tear_down(void)
{
    history_free((struct history *)(uintptr_t)model.history);
    grouppast_free((struct grouppast *)(uintptr_t)model.groups);
    grouppast_free((struct grouppast *)(uintptr_t)model.base_groups);
}

TestSuite(changed, .init = set_up, .fini = tear_down);

/* Adds a gauge: BEFORE and AFTER, each now a little more and now a little less. */
static void add(unsigned metric, double before, double after, double noise)
{
    struct history *history = (struct history *)(uintptr_t)model.history;

    for (int t = NOW_S - 450; t <= NOW_S; t++) {
        double value = t < SPLIT ? before : after;
        /* Bins are of 4 s: so their means differ. */
        value += t / 4 % 2 == 0 ? noise : -noise;
        history_add(history, metric, t * SECOND, (uint64_t)value);
    }
}

static void rank(void)
{
    struct changed_ask ask = {.model = &model, .now_ns = NOW_S * SECOND, .window_ns = WINDOW};

    changed_rank(&ask, &changed);
}

/* The row of a metric, or NULL; *PLACE is where it stands. */
static const struct changed_row *row_of(unsigned metric, uint32_t *place)
{
    for (uint32_t i = 0; i < changed.n; i++)
        if (!changed.row[i].is_group && changed.row[i].metric == metric) {
            if (place != NULL)
                *place = i;
            return &changed.row[i];
        }
    return NULL;
}

static double score_of(unsigned metric)
{
    const struct changed_row *row = row_of(metric, NULL);

    cr_assert_not_null(row, "%s is not ranked", metrics.info[metric].name);
    return row->score;
}

/* ---- The score ---- */

Test(changed, the_score_counts_in_deviations_of_before)
{
    add(MON_TASKS, 1000, 1300, 100);
    rank();
    const struct changed_row *row = row_of(MON_TASKS, NULL);
    cr_assert_not_null(row, "not ranked");
    cr_assert(row->before == 1000 && row->after == 1300, "%g to %g", row->before, row->after);
    cr_assert_float_eq(row->score, 300 / (1.4826 * 100), 1e-6, "%g", row->score);
}

Test(changed, of_equal_moves_the_one_that_was_steadier_comes_first)
{
    uint32_t steady, noisy;

    add(MON_TASKS, 1000, 1300, 10);
    add(MON_TASKS_WAITING, 1000, 1300, 250);
    rank();
    cr_assert(row_of(MON_TASKS, &steady) != NULL && row_of(MON_TASKS_WAITING, &noisy) != NULL,
              "not ranked");
    cr_assert_lt(steady, noisy, "%u and %u", steady, noisy);
    cr_assert_gt(score_of(MON_TASKS), CHANGED_LIMIT, "%g", score_of(MON_TASKS));
    cr_assert_lt(score_of(MON_TASKS_WAITING), CHANGED_LIMIT, "%g", score_of(MON_TASKS_WAITING));
}

Test(changed, what_was_constant_and_moves_by_one_has_not_moved)
{
    static const unsigned counts[] = {MON_PROCESS_THREADS, MON_PROCESS_FILES};

    add(counts[0], 7, 8, 0);
    add(counts[1], 0, 1, 0);
    add(MON_HEAP_SYS, 1 << 30, (1 << 30) + 65536, 0);
    add(MON_HEAP_INUSE, 1 << 28, 3 << 28, 1 << 24);
    rank();
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++)
        cr_assert_float_eq(score_of(counts[i]), 1, 1e-6, "%g", score_of(counts[i]));
    cr_assert_lt(score_of(MON_HEAP_SYS), 0.1, "%g", score_of(MON_HEAP_SYS));
    cr_assert_eq(changed.row[0].metric, MON_HEAP_INUSE, "%s is first",
                 metrics.info[changed.row[0].metric].name);
}

Test(changed, a_hundredth_of_a_level_is_little)
{
    add(MON_HEAP_SYS, 1e9, 1.01e9, 0);
    rank();
    cr_assert_float_eq(score_of(MON_HEAP_SYS), 0.5, 0.01, "%g", score_of(MON_HEAP_SYS));
}

Test(changed, what_falls_has_a_score_below_0_and_ranks_by_its_size)
{
    add(MON_TASKS, 1000, 100, 0);
    add(MON_TASKS_WAITING, 1000, 1100, 0);
    rank();
    cr_assert_eq(changed.row[0].metric, MON_TASKS, "%s is first",
                 metrics.info[changed.row[0].metric].name);
    cr_assert_float_eq(score_of(MON_TASKS), -45, 0.01, "%g", score_of(MON_TASKS));
    cr_assert(changed_has_moved(&changed.row[0]), "it has not moved");
}

Test(changed, a_spike_is_no_move)
{
    struct history *history = (struct history *)(uintptr_t)model.history;

    for (int t = NOW_S - 450; t <= NOW_S; t++)
        history_add(history, MON_TASKS, t * SECOND,
                    t % 100 < 8 ? 1000000u : 50u + (unsigned)(t % 5));
    rank();
    cr_assert_float_eq(score_of(MON_TASKS), 0, 0.5, "%g", score_of(MON_TASKS));
}

Test(changed, of_a_counter_the_change_per_second_counts)
{
    struct history *history = (struct history *)(uintptr_t)model.history;
    uint64_t total = 0;

    for (int t = NOW_S - 450; t <= NOW_S; t++) {
        total += t < SPLIT ? 100 : 500;
        history_add(history, MON_HEAP_MALLOCS, t * SECOND, total);
    }
    rank();
    const struct changed_row *row = row_of(MON_HEAP_MALLOCS, NULL);
    cr_assert_not_null(row, "not ranked");
    cr_assert(fabs(row->before - 100) < 1e-3 && fabs(row->after - 500) < 1e-3, "%g to %g",
              row->before, row->after);
    cr_assert_float_eq(row->score, 200, 0.1, "%g", row->score);
}

Test(changed, a_steady_growth_has_moved)
{
    struct history *history = (struct history *)(uintptr_t)model.history;

    for (int t = NOW_S - 450; t <= NOW_S; t++)
        history_add(history, MON_TASKS, t * SECOND, (uint64_t)(100 * (t - NOW_S + 450)));
    rank();
    cr_assert_float_eq(score_of(MON_TASKS), 2.7, 0.1, "%g", score_of(MON_TASKS));
    cr_assert(changed_has_moved(&changed.row[0]), "it has not moved");
}

Test(changed, numbers_that_are_names_or_times_are_not_ranked)
{
    add(MON_GC_MODE, 0, 1, 0);
    rank();
    for (uint32_t i = 0; i < changed.n; i++)
        cr_assert(metrics.info[changed.row[i].metric].unit != FMT_ENUM, "%s",
                  metrics.info[changed.row[i].metric].name);
}

Test(changed, the_largest_figures_have_a_score)
{
    struct history *history = (struct history *)(uintptr_t)model.history;

    for (int t = NOW_S - 450; t <= NOW_S; t++)
        history_add(history, MON_HEAP_SYS, t * SECOND, t < SPLIT ? 0 : UINT64_MAX);
    rank();
    cr_assert(isfinite(score_of(MON_HEAP_SYS)) && score_of(MON_HEAP_SYS) > 1e9, "%g",
              score_of(MON_HEAP_SYS));
}

/* ---- Times ---- */

Test(changed, without_a_baseline_the_halves_of_what_is_known_are_compared)
{
    struct history *history = (struct history *)(uintptr_t)model.history;

    rank();
    cr_assert_eq(changed.times.span_ns, 0, "something is known");
    for (int t = NOW_S - 100; t <= NOW_S; t++)
        history_add(history, MON_TASKS, t * SECOND, t < NOW_S - 50 ? 10 : 90);
    rank();
    cr_assert_eq(changed.times.before_ns, (NOW_S - 100) * SECOND, "before");
    cr_assert_eq(changed.times.after_ns, (NOW_S - 50) * SECOND, "after");
    cr_assert_gt(score_of(MON_TASKS), CHANGED_LIMIT, "%g", score_of(MON_TASKS));
    for (int t = NOW_S - 99; t > 0; t--)
        history_add(history, MON_HEAP_SYS, t * SECOND, 1); /* too late: dropped */
    cr_assert_eq(history_oldest_ns(history), (NOW_S - 100) * SECOND, "older samples are taken");
}

Test(changed, a_gap_before_is_not_taken_for_a_level)
{
    struct history *history = (struct history *)(uintptr_t)model.history;

    for (int t = NOW_S - 450; t <= NOW_S; t++)
        if (t < NOW_S - 393 || t >= SPLIT)
            history_add(history, MON_TASKS, t * SECOND, 70);
    rank();
    cr_assert_null(row_of(MON_TASKS, NULL), "ranked by two bins");
}

Test(changed, with_a_baseline_the_time_up_to_it_is_what_is_usual)
{
    model.baseline = &baseline;
    baseline.mono_ns = (NOW_S - 210) * SECOND;
    add(MON_TASKS, 100, 300, 0);
    rank();
    cr_assert_eq(changed.times.span_ns, WINDOW / 2, "another length");
    cr_assert_eq(changed.times.before_ns, (NOW_S - 410) * SECOND, "another time");
    cr_assert_float_eq(score_of(MON_TASKS), 100, 0.1, "%g", score_of(MON_TASKS));
}

Test(changed, a_baseline_that_is_near_shortens_both_times)
{
    model.baseline = &baseline;
    baseline.mono_ns = (NOW_S - 60) * SECOND;
    add(MON_TASKS, 100, 300, 0);
    rank();
    cr_assert_eq(changed.times.span_ns, 60 * SECOND, "they overlap");
    cr_assert_float_eq(score_of(MON_TASKS), 0, 0.1, "both are after the move");
    baseline.mono_ns = (NOW_S - 2) * SECOND;
    rank();
    cr_assert(changed.times.span_ns == 0 && changed.n == 0, "two seconds are compared");
}

Test(changed, a_baseline_may_lie_behind_the_time_that_is_shown)
{
    struct changed_ask ask = {
        .model = &model, .now_ns = (NOW_S - 200) * SECOND, .window_ns = WINDOW};

    model.baseline = &baseline;
    baseline.mono_ns = NOW_S * SECOND;
    add(MON_TASKS, 100, 300, 0);
    changed_rank(&ask, &changed);
    cr_assert_lt(score_of(MON_TASKS), -CHANGED_LIMIT, "%g", score_of(MON_TASKS));
}

/* ---- Groups of tasks ---- */

/* A past of groups from so many seconds before now on: one that is steady, and one that comes. */
static struct grouppast *make_groups(int from_s, int to_s)
{
    struct grouppast *past = grouppast_new();

    for (int t = from_s; t <= to_s; t += 5) {
        struct task_group steady = {.spawn_pc = 1, .state = TASK_WAITING, .count = 20};
        struct task_group comes = {.spawn_pc = 2, .state = TASK_WAITING, .count = 30};

        grouppast_begin(past, (NOW_S + t) * SECOND);
        grouppast_count(past, &steady);
        if (NOW_S + t >= SPLIT)
            grouppast_count(past, &comes);
    }
    return past;
}

Test(changed, groups_that_come_are_ranked_among_the_figures)
{
    add(MON_TASKS, 100, 150, 10);
    model.groups = make_groups(-450, 0);
    rank();
    cr_assert(changed.row[0].is_group && changed.row[0].key.spawn_pc == 2, "it is not first");
    cr_assert(changed.row[0].before == 0 && changed.row[0].after == 30 &&
                  changed.row[0].score == 30,
              "%g to %g: %g", changed.row[0].before, changed.row[0].after, changed.row[0].score);
}

/* From then on, halves of what is known of them are compared. */
Test(changed, groups_are_known_for_less_time_than_figures)
{
    add(MON_TASKS, 100, 150, 10);
    model.groups = make_groups(-100, 0);
    rank();
    cr_assert(!changed.row[0].is_group && changed.n == 3,
              "it was there all the time, or is not ranked");
    grouppast_free((struct grouppast *)(uintptr_t)model.groups);
    model.groups = make_groups(-20, 0);
    rank();
    for (uint32_t i = 0; i < changed.n; i++)
        cr_assert_not(changed.row[i].is_group, "two counts are enough");
}

Test(changed, a_group_that_is_gone_since_the_baseline_is_ranked)
{
    model.baseline = &baseline;
    baseline.mono_ns = NOW_S * SECOND;
    add(MON_TASKS, 100, 100, 0);
    model.base_groups = make_groups(-450, 0);
    model.groups = grouppast_new(); /* in which nothing is known of it */
    struct grouppast *groups = (struct grouppast *)(uintptr_t)model.groups;
    for (int t = 100; t <= 500; t += 10)
        grouppast_begin(groups, (NOW_S + t) * SECOND);
    struct changed_ask ask = {
        .model = &model, .now_ns = (NOW_S + 500) * SECOND, .window_ns = WINDOW};
    changed_rank(&ask, &changed);
    cr_assert_geq(changed.n, 2, "%u rows", changed.n);
    cr_assert(changed.row[0].is_group && changed.row[0].key.spawn_pc == 2 &&
                  changed.row[0].before == 30 && changed.row[0].after == 0,
              "%g to %g", changed.row[0].before, changed.row[0].after);
}

/* ---- The course ---- */

Test(changed, the_course_has_both_times_and_its_holes)
{
    double before[4], after[4];
    struct history *history = (struct history *)(uintptr_t)model.history;

    for (int t = NOW_S - 450; t <= NOW_S; t++)
        if (t < SPLIT + 50 || t >= SPLIT + 100)
            history_add(history, MON_TASKS, t * SECOND, t < SPLIT ? 10 : 20);
    rank();
    const struct changed_row *row = row_of(MON_TASKS, NULL);
    cr_assert_not_null(row, "not ranked");
    changed_course(&model, row, CHANGED_BEFORE, &changed.times, before, 4);
    changed_course(&model, row, CHANGED_AFTER, &changed.times, after, 4);
    cr_assert(before[0] == 10 && before[3] == 10, "%g %g", before[0], before[3]);
    cr_assert(after[0] == 20 && isnan(after[1]) && after[3] == 20, "%g %g %g", after[0], after[1],
              after[3]);
}

/* A minute of a recording may begin before its first second. */
Test(changed, what_lies_before_a_recording_is_not_a_part_of_it)
{
    struct history *history = (struct history *)(uintptr_t)model.history;

    history_put_minute(history, MON_TASKS, (NOW_S - 120) * SECOND,
                       &(struct history_bucket){.min = 10, .max = 10, .sum = 10, .n = 1});
    history_stretch(history, (NOW_S - 400) * SECOND, (NOW_S + 1) * SECOND);
    for (int t = NOW_S - 60; t <= NOW_S; t++)
        history_stretch_add(history, MON_TASKS, t * SECOND, t < NOW_S - 30 ? 10 : 90);
    model.view.past = true;
    model.view.first_ns = (NOW_S - 60) * SECOND;
    rank();
    cr_assert_eq(changed.times.before_ns, (NOW_S - 60) * SECOND, "it begins before the first");
    cr_assert_gt(score_of(MON_TASKS), CHANGED_LIMIT, "%g", score_of(MON_TASKS));
}
