/* SPDX-License-Identifier: MIT */
/* test_lint_level.c - figures over a limit: each is told after enough slots of time, at the first
 * look too if the page kept them, and not for a spike, a figure at the edge or a start. */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "mon/lint.h"

#define MIB     (UINT64_C(1) << 20)
#define START_S 10000
#define NOBODY  UINT64_MAX

static struct lints *lints;
static struct metric_table table;
static struct history *history;
static struct snapshot snap;
static struct task_groups tasks;
static struct target_status status;
static struct alerts alerts;
static int64_t now_s;

static void begin(int64_t start_s)
{
    lints_free(lints);
    history_free(history);
    metric_table_init(&table);
    history = history_new(&table);
    lints = lints_new(0, NULL);
    cr_assert(history != NULL && lints != NULL, "no memory");
    lints_set_start(lints, start_s * NS_PER_S);
    now_s = START_S;
}

static void setup(void)
{
    begin(0);
}

static void teardown(void)
{
    history_free(history);
    lints_free(lints);
}

TestSuite(lint_level, .init = setup, .fini = teardown);

static void look(void)
{
    int64_t now_ns = now_s * NS_PER_S;

    lints_tick(lints,
               &(struct lint_input){.mono_ns = now_ns,
                                    .real_ns = now_ns,
                                    .history = history,
                                    .snapshot = &snap,
                                    .tasks = &tasks,
                                    .status = &status},
               &alerts);
}

/* A second of a gauge. */
static void keep(unsigned metric, uint64_t value)
{
    snapshot_set(&snap, metric, value);
    history_add(history, metric, now_s * NS_PER_S, value);
}

static const struct alert *standing(enum alert_lint lint)
{
    for (uint32_t i = 0; i < alerts.nstanding; i++)
        if (alerts.alert[i].lint == lint)
            return &alerts.alert[i];
    return NULL;
}

static void wait_for_procs(int seconds, uint64_t p99_ms, bool looked_at)
{
    for (int i = 0; i < seconds; i++, now_s++) {
        keep(MON_LATENCY_P99, p99_ms * 1000000);
        if (looked_at)
            look();
    }
}

/* ---- slots, votes, hysteresis: by the wait for a proc ---- */

Test(lint_level, four_slots_of_six_raise)
{
    wait_for_procs(60, 1, true);
    wait_for_procs(31, 150, true);
    cr_assert_null(standing(LINT_RUNQ_WAIT), "after three slots");
    wait_for_procs(10, 150, true);
    cr_assert_not_null(standing(LINT_RUNQ_WAIT), "not told after four");
    cr_assert_not_null(strstr(alerts.alert[0].text, "waits 150.0ms or longer for a proc"), "%s",
                       alerts.alert[0].text);
    cr_assert_not_null(strstr(alerts.alert[0].text, "over 100.0ms in 4 of the last 6"), "%s",
                       alerts.alert[0].text);
}

Test(lint_level, a_spike_now_and_then_is_not_told)
{
    for (int i = 0; i < 20; i++) {
        wait_for_procs(10, 500, true);
        wait_for_procs(20, 20, true);
    }
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
}

Test(lint_level, it_clears_well_below_the_limit_only)
{
    wait_for_procs(60, 150, true);
    cr_assert_not_null(standing(LINT_RUNQ_WAIT), "not told");
    wait_for_procs(120, 90, true);
    cr_assert_not_null(standing(LINT_RUNQ_WAIT), "cleared at 90 %% of the limit");
    wait_for_procs(59, 20, true);
    cr_assert_not_null(standing(LINT_RUNQ_WAIT), "cleared before six slots were over");
    wait_for_procs(12, 20, true);
    cr_assert_null(standing(LINT_RUNQ_WAIT), "not cleared");
    cr_assert_eq(alerts.n, 1, "%" PRIu32 " alerts", alerts.n);
}

Test(lint_level, what_the_page_kept_is_judged_at_the_first_look)
{
    wait_for_procs(90, 150, false);
    look();
    cr_assert_not_null(standing(LINT_RUNQ_WAIT), "not told");
}

Test(lint_level, the_start_of_the_program_does_not_count)
{
    begin(START_S);
    wait_for_procs(60, 150, true); /* of these, 20 to 30 s are within the warm-up and its slot */
    cr_assert_null(standing(LINT_RUNQ_WAIT), "told too early");
    wait_for_procs(30, 150, true);
    cr_assert_not_null(standing(LINT_RUNQ_WAIT), "not told");
}

Test(lint_level, where_nothing_is_known_nothing_is_judged)
{
    wait_for_procs(31, 150, true);
    now_s += 300;
    look();
    cr_assert_null(standing(LINT_RUNQ_WAIT), "told of a hole");
    wait_for_procs(120, 20, true);
    cr_assert_eq(alerts.n, 0, "told later");
}

/* ---- the other figures ---- */

/* The share of the collector since the start, as it goes on when it takes SHARE from now on. */
static void collect(int seconds, double share, double *used_s)
{
    for (int i = 0; i < seconds; i++, now_s++) {
        *used_s += share;
        keep(MON_GC_CPU, (uint64_t)(*used_s / (double)(now_s + 1) * 1e6));
        look();
    }
}

Test(lint_level, a_collector_that_takes_much_time_now_is_told_whatever_it_took_before)
{
    double used_s = 0.0;

    begin(0);
    collect(300, 0.05, &used_s);
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
    collect(50, 0.5, &used_s);
    cr_assert_null(standing(LINT_GC_THRASH), "told before five slots");
    collect(20, 0.5, &used_s);
    cr_assert_not_null(standing(LINT_GC_THRASH), "not told");
    collect(80, 0.01, &used_s);
    cr_assert_null(standing(LINT_GC_THRASH), "not cleared");
}

Test(lint_level, a_collector_that_was_busy_long_ago_is_not_told)
{
    double used_s = 0.4 * START_S;

    collect(200, 0.02, &used_s);
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
}

static void use_memory(int seconds, uint64_t rss, uint64_t group, uint64_t cache, uint64_t limit)
{
    for (int i = 0; i < seconds; i++, now_s++) {
        keep(MON_PROCESS_RSS, rss);
        if (group != NOBODY) {
            keep(MON_CGROUP_MEMORY, group);
            keep(MON_CGROUP_CACHE, cache);
        }
        snapshot_set(&snap, MON_CGROUP_LIMIT, limit);
        look();
    }
}

Test(lint_level, memory_near_the_limit_of_the_group_is_told)
{
    use_memory(60, 90 * MIB, 95 * MIB, MIB, 100 * MIB);
    cr_assert_not_null(standing(LINT_NEAR_LIMIT), "not told");
    cr_assert_eq(alerts.alert[0].severity, ALERT_CRITICAL, "not critical");
    cr_assert_not_null(strstr(alerts.alert[0].text, "94.0% of its limit, 100.0M"), "%s",
                       alerts.alert[0].text);
}

Test(lint_level, files_that_the_kernel_can_drop_do_not_count)
{
    use_memory(120, 20 * MIB, 99 * MIB, 70 * MIB, 100 * MIB);
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
}

Test(lint_level, without_a_group_the_process_counts)
{
    use_memory(60, 90 * MIB, NOBODY, 0, 100 * MIB);
    cr_assert_not_null(standing(LINT_NEAR_LIMIT), "not told");
}

Test(lint_level, a_live_heap_near_the_limit_of_the_runtime_is_told)
{
    snapshot_set(&snap, MON_GC_MEMORY_LIMIT, INT64_MAX);
    for (int i = 0; i < 60; i++, now_s++) {
        keep(MON_HEAP_LIVE, 95 * MIB);
        look();
    }
    cr_assert_eq(alerts.n, 0, "told without a limit: %s", alerts.alert[0].text);
    snapshot_set(&snap, MON_GC_MEMORY_LIMIT, 100 * MIB);
    for (int i = 0; i < 60; i++, now_s++) {
        keep(MON_HEAP_LIVE, 95 * MIB);
        look();
    }
    cr_assert_not_null(standing(LINT_NEAR_LIMIT), "not told");
}

Test(lint_level, files_near_their_limit_are_told)
{
    snapshot_set(&snap, MON_PROCESS_FILES_LIMIT, 1024);
    for (int i = 0; i < 60; i++, now_s++) {
        keep(MON_PROCESS_FILES, 1000);
        look();
    }
    cr_assert_not_null(standing(LINT_NEAR_FILES), "not told");
}

static void throttle(int seconds, uint64_t of_ten)
{
    static uint64_t periods, throttled;

    for (int i = 0; i < seconds; i++, now_s++) {
        keep(MON_CGROUP_CPU_PERIODS, periods += 10);
        keep(MON_CGROUP_CPU_THROTTLED, throttled += of_ten);
        look();
    }
}

Test(lint_level, a_throttled_group_is_told)
{
    throttle(120, 1);
    cr_assert_eq(alerts.n, 0, "told at one of ten: %s", alerts.alert[0].text);
    throttle(70, 6);
    cr_assert_not_null(standing(LINT_CPU_THROTTLED), "not told");
    cr_assert_not_null(strstr(alerts.alert[0].text, "60.0% of its periods"), "%s",
                       alerts.alert[0].text);
}

static void idle(int seconds, uint64_t nidle, uint64_t runq)
{
    for (int i = 0; i < seconds; i++, now_s++) {
        keep(MON_LATENCY_P99, 50000000);
        keep(MON_PROCS_IDLE, nidle);
        keep(MON_RUNQ, i % 5 == 4 && nidle == 2 ? 0 : runq);
        look();
    }
}

Test(lint_level, idle_procs_beside_work_are_told)
{
    idle(120, 0, 5);
    cr_assert_eq(alerts.n, 0, "told of procs that work: %s", alerts.alert[0].text);
    idle(120, 2, 5);
    cr_assert_eq(alerts.n, 0, "told of queues that run empty: %s", alerts.alert[0].text);
    idle(90, 1, 5);
    cr_assert_not_null(standing(LINT_IDLE_PROCS), "not told");
}

static void fragment(int seconds, uint64_t sys, uint64_t idle_bytes, uint64_t released)
{
    for (int i = 0; i < seconds; i++, now_s++) {
        keep(MON_MEM_SYS, sys);
        keep(MON_HEAP_IDLE, idle_bytes);
        keep(MON_HEAP_RELEASED, released);
        look();
    }
}

Test(lint_level, empty_heap_that_is_kept_is_told)
{
    fragment(900, 40 * MIB, 30 * MIB, 0);
    cr_assert_eq(alerts.n, 0, "told of a small one: %s", alerts.alert[0].text);
    fragment(900, 400 * MIB, 300 * MIB, 290 * MIB);
    cr_assert_eq(alerts.n, 0, "told of what was given back: %s", alerts.alert[0].text);
    fragment(900, 400 * MIB, 300 * MIB, 20 * MIB);
    cr_assert_not_null(standing(LINT_FRAGMENTATION), "not told");
}

Test(lint_level, large_stacks_are_told)
{
    for (int i = 0; i < 360; i++, now_s++) {
        keep(MON_STACK_INUSE, 100 * 2 * MIB);
        keep(MON_TASKS, 100);
        look();
    }
    cr_assert_not_null(standing(LINT_STACK_HOG), "not told");
    cr_assert_not_null(strstr(alerts.alert[0].text, "2.00M each"), "%s", alerts.alert[0].text);
}
