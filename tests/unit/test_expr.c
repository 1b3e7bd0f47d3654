/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mon/expr.h"
#include "mon/figure.h"

static struct metric_table table;
static struct snapshot snap;
static struct alerts alerts;
static struct model model;
static struct expr e;
static char error[EXPR_ERROR_BYTES];

static void setup(void)
{
    metric_table_init(&table);
    model = (struct model){.real_ns = 90 * NS_PER_S,
                           .target = {.start_real_ns = 30 * NS_PER_S},
                           .metrics = &table,
                           .snapshot = &snap,
                           .alerts = &alerts};
    snapshot_set(&snap, MON_HEAP_LIVE, UINT64_C(400) << 20);
    snapshot_set(&snap, MON_GC_CPU, 250000);
    snapshot_set(&snap, MON_LATENCY_P99, 4000000);
    snapshot_set(&snap, MON_TASKS, 40);
    snapshot_set(&snap, MON_GC_PERCENT, UINT64_MAX);
    snap.rate[MON_HEAP_TOTAL_ALLOC] = 3.0 * 1024 * 1024;
    snap.has_rate[MON_HEAP_TOTAL_ALLOC] = true;
    snap.rate[MON_GC_PAUSE_TOTAL] = 2e6;
    snap.has_rate[MON_GC_PAUSE_TOTAL] = true;
}

TestSuite(expr, .init = setup);
TestSuite(figure, .init = setup);

static void assert_truth(const char *text, enum expr_truth wanted)
{
    cr_assert(expr_parse(&e, text, error), "\"%s\": %s", text, error);
    cr_assert(expr_bind(&e, &table, error), "\"%s\": %s", text, error);
    enum expr_truth truth = expr_judge(&e, &model);
    cr_assert_eq(truth, wanted, "\"%s\" is %d, not %d", text, truth, wanted);
}

static void assert_wrong(const char *text, const char *words)
{
    cr_assert_not(expr_parse(&e, text, error), "\"%s\" is right", text);
    cr_assert_not_null(strstr(error, words), "\"%s\" is not in \"%s\"", words, error);
}

Test(expr, bytes_are_compared_by_powers_of_1024)
{
    assert_truth("heap.live == 400M", EXPR_IS_TRUE);
    assert_truth("heap.live >= 400MiB and heap.live <= 419430400", EXPR_IS_TRUE);
    assert_truth("heap.live > 400M", EXPR_IS_FALSE);
    assert_truth("heap.live != 400M", EXPR_IS_FALSE);
    assert_truth("1G < heap.live", EXPR_IS_FALSE);
}

Test(expr, times_are_seconds_and_shares_are_of_one)
{
    assert_truth("sched.latency_p99 > 3999us and sched.latency_p99 < 0.005", EXPR_IS_TRUE);
    assert_truth("gc.cpu > 24% and gc.cpu < 0.26", EXPR_IS_TRUE);
    assert_truth("process.uptime == 1m", EXPR_IS_TRUE);
}

Test(expr, a_rate_is_per_second_in_the_same_units)
{
    assert_truth("rate(heap.total_alloc) == 3M", EXPR_IS_TRUE);
    assert_truth("rate( gc.pause_total ) > 1ms", EXPR_IS_TRUE);
    assert_truth("rate(gc.pause_total) > 3ms", EXPR_IS_FALSE);
    cr_assert(expr_has_rate(&e), "it has a rate");
}

Test(expr, arithmetic_binds_as_in_c)
{
    assert_truth("tasks.total + 2 * 3 == 46", EXPR_IS_TRUE);
    assert_truth("(tasks.total + 2) * 3 == 126", EXPR_IS_TRUE);
    assert_truth("tasks.total - 10 - 10 == 20", EXPR_IS_TRUE);
    assert_truth("tasks.total / 2 / 2 == 10", EXPR_IS_TRUE);
    assert_truth("-tasks.total == -40", EXPR_IS_TRUE);
}

Test(expr, and_binds_more_tightly_than_or_and_not_more_than_both)
{
    assert_truth("tasks.total == 40 or tasks.total == 1 and tasks.total == 2", EXPR_IS_TRUE);
    assert_truth("(tasks.total == 40 || tasks.total == 1) && tasks.total == 2", EXPR_IS_FALSE);
    assert_truth("not tasks.total == 1 and tasks.total == 40", EXPR_IS_TRUE);
    assert_truth("not (tasks.total == 40 or tasks.total == 1)", EXPR_IS_FALSE);
}

Test(expr, what_is_missing_is_unknown_unless_the_other_side_settles_it)
{
    assert_truth("heap.alloc > 0", EXPR_IS_UNKNOWN);
    assert_truth("not heap.alloc > 0", EXPR_IS_UNKNOWN);
    assert_truth("heap.alloc > 0 or tasks.total > 1", EXPR_IS_TRUE);
    assert_truth("heap.alloc > 0 or tasks.total < 1", EXPR_IS_UNKNOWN);
    assert_truth("heap.alloc > 0 and tasks.total < 1", EXPR_IS_FALSE);
    assert_truth("tasks.total > 1 and heap.alloc > 0", EXPR_IS_UNKNOWN);
    assert_truth("rate(gc.count) < 1", EXPR_IS_UNKNOWN);
    assert_truth("(tasks.total - 40) / (tasks.total - 40) > 0", EXPR_IS_UNKNOWN);
}

Test(expr, a_setting_that_is_off_is_above_every_number)
{
    assert_truth("gc.percent > 1000000", EXPR_IS_TRUE);
    assert_truth("gc.percent < 100", EXPR_IS_FALSE);
}

Test(expr, alerts_are_counted_all_and_by_lint)
{
    alerts_raise(&alerts, LINT_HEAP_GROWTH, 0, 1, 1);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 7, 1, 1);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 8, 1, 1);
    assert_truth("alerts == 3", EXPR_IS_TRUE);
    assert_truth("alerts.task-growth == 2 and alerts.heap-growth == 1", EXPR_IS_TRUE);
    assert_truth("alerts.deadlock > 0", EXPR_IS_FALSE);
}

Test(expr, a_percentile_without_pauses_is_unknown)
{
    assert_truth("gc.pause_p99 > 1ms", EXPR_IS_UNKNOWN);
    snap.pauses = (struct pause_summary){.n = 3, .p99_ns = 2000000};
    assert_truth("gc.pause_p99 > 1ms", EXPR_IS_TRUE);
}

Test(expr, what_is_wrong_is_said_with_its_place)
{
    assert_wrong("", "wanted at \"the end\"");
    assert_wrong("heap.live", "a comparison is wanted");
    assert_wrong("heap.live > ", "wanted at \"the end\"");
    assert_wrong("heap.live > 5 5", "left over: \"5\"");
    assert_wrong("heap.live > 5Q", "no unit: \"Q\"");
    assert_wrong("(heap.live > 5", "\")\" is missing");
    assert_wrong("rate heap.live > 5", "parentheses");
    assert_wrong("heap.live > 5 and tasks.total", "a comparison is wanted");
    assert_wrong("(heap.live > 5) + 1 > 2", "a number is wanted");
    assert_wrong("heap.live > 5 > 3", "left over");
    assert_wrong("not 5", "a comparison is wanted");
    assert_wrong("heap.live = 5", "a comparison is wanted");
    assert_wrong("heap.live > 1e999", "no number");
}

Test(expr, a_name_that_nothing_has_is_said)
{
    cr_assert(expr_parse(&e, "heap.lives > 1", error), "%s", error);
    cr_assert_not(expr_bind(&e, &table, error), "it is bound");
    cr_assert_not_null(strstr(error, "heap.lives"), "%s", error);
}

static void assert_mixed(const char *text, const char *words)
{
    cr_assert(expr_parse(&e, text, error), "\"%s\": %s", text, error);
    cr_assert_not(expr_bind(&e, &table, error), "\"%s\" is right", text);
    cr_assert_str_eq(error, words, "\"%s\": \"%s\"", text, error);
}

Test(expr, what_has_another_unit_is_not_compared_or_added)
{
    assert_mixed("heap.live > 5s", "heap.live (bytes) cannot be compared with a number in seconds");
    assert_mixed("10M < sched.latency_p99",
                 "a number in bytes cannot be compared with sched.latency_p99 (seconds)");
    assert_mixed("heap.live > 20%", "heap.live (bytes) cannot be compared with a number in %");
    assert_mixed("gc.percent > 200%", "gc.percent (count) cannot be compared with a number in %");
    assert_mixed("tasks.total > 10MB",
                 "tasks.total (count) cannot be compared with a number in bytes");
    assert_mixed("gc.cpu > 5ms", "gc.cpu (%) cannot be compared with a number in seconds");
    assert_mixed("not (tasks.total > 1 and heap.live < process.uptime)",
                 "heap.live (bytes) cannot be compared with process.uptime (seconds)");
    assert_mixed("heap.live + 5s > 1",
                 "heap.live (bytes) cannot be reckoned together with a number in seconds");
    assert_mixed("rate(heap.total_alloc) > 1ms",
                 "rate(heap.total_alloc) (bytes) cannot be compared with a number in seconds");
    assert_mixed("heap.live / gc.goal > 5s",
                 "a calculation in % cannot be compared with a number in seconds");
    assert_mixed("heap.live * 90% > 5s",
                 "a calculation in bytes cannot be compared with a number in seconds");
    assert_mixed("2 * heap.live > -5s",
                 "a calculation in bytes cannot be compared with a number in seconds");
}

static void assert_agrees(const char *text)
{
    cr_assert(expr_parse(&e, text, error), "\"%s\": %s", text, error);
    cr_assert(expr_bind(&e, &table, error), "\"%s\": %s", text, error);
}

Test(expr, a_bare_number_goes_with_every_unit)
{
    assert_agrees("heap.live > 5 and sched.latency_p99 > 5 and gc.cpu > 0.5 and tasks.total > 5k");
    assert_agrees("2 * heap.live > 5M and sched.latency_p99 * 2 > 5ms and 100 * gc.cpu > 25%");
    assert_agrees("5 > 3s or 3s > 5");
}

Test(expr, units_that_may_be_the_same_agree)
{
    assert_agrees("tasks.total > 1M");
    assert_agrees("process.rss > cgroup.memory_limit * 90%");
    assert_agrees("heap.live / gc.goal > 80% and heap.live / gc.goal > 0.8");
    assert_agrees("heap.live / tasks.total > 10K and heap.live / 1M > 300");
    assert_agrees("tasks.runnable > tasks.total * 50%");
    assert_agrees("tasks.runnable / tasks.total > 50%");
    assert_agrees("rate(gc.pause_total) > 2% or rate(gc.pause_total) > 5ms");
    assert_agrees("gc.pause_total / process.uptime > 5%");
    assert_agrees("heap.total_alloc / process.uptime > 5M"); /* it has no name */
    assert_agrees("heap.live - 5M > gc.goal + 1");
}

/* BEGINNING, and MORE forty times. */
static void repeat(char *text, size_t size, const char *beginning, const char *more)
{
    int n = snprintf(text, size, "%s", beginning);

    for (int i = 0; i < 40; i++)
        n += snprintf(text + n, size - (size_t)n, "%s", more);
}

Test(expr, text_that_is_too_long_or_too_deep_is_refused)
{
    char text[4096] = "";

    memset(text, '(', 4000);
    assert_wrong(text, "too deeply");
    memset(text, '-', 4000);
    assert_wrong(text, "too deeply");
    repeat(text, sizeof text, "", "not not ");
    assert_wrong(text, "too deeply");
    repeat(text, sizeof text, "1 > 0", " or 1 > 0");
    assert_wrong(text, "too long");
}

Test(expr, a_number_that_its_unit_makes_infinite_is_refused)
{
    assert_wrong("heap.live < 1e308T", "too large a number");
}

Test(expr, a_bound_is_seen_from_its_term)
{
    enum expr_op op;
    double number;

    cr_assert(expr_parse(&e, "5 < heap.live or tasks.total + 1 > 3", error), "%s", error);
    cr_assert(expr_bound_of(&e, 0, &op, &number), "no bound of heap.live");
    cr_assert(op == EXPR_GREATER && number > 4.9 && number < 5.1, "op %d, %f", op, number);
    cr_assert_not(expr_bound_of(&e, 1, &op, &number), "a sum has no bound");
}

Test(figure, every_figure_is_found_by_its_own_name)
{
    struct figure_info info;
    int n = 0;

    for (int i = 0; i < FIGURES; i++) {
        if (!figure_info(&table, i, &info))
            continue;
        cr_assert_eq(figure_find(&table, info.name), i, "%s is %d, not %d", info.name,
                     figure_find(&table, info.name), i);
        n++;
    }
    cr_assert_eq(n, (int)MON_KNOWN + (int)DERIVED_FIGURES, "%d figures", n);
}
