/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "mon/lint.h"

static struct lints *lints;
static struct metric_table table;
static struct history *history;
static struct snapshot snap;
static struct task_groups tasks;
static struct target_status status;
static struct alerts alerts;

static void setup(void)
{
    metric_table_init(&table);
    history = history_new(&table);
    lints = lints_new(0);
    cr_assert(history != NULL && lints != NULL, "no memory");
}

static void teardown(void)
{
    history_free(history);
    lints_free(lints);
}

TestSuite(lint, .init = setup, .fini = teardown);

static void tick(int64_t mono_ns)
{
    lints_tick(lints,
               &(struct lints_input){.leaks = {.mono_ns = mono_ns,
                                               .real_ns = mono_ns,
                                               .history = history,
                                               .snapshot = &snap,
                                               .tasks = &tasks},
                                     .status = &status},
               &alerts);
}

static bool stands(enum alert_lint lint)
{
    for (uint32_t i = 0; i < alerts.nstanding; i++)
        if (alerts.alert[i].lint == lint)
            return true;
    return false;
}

/* ---- deadlock ---- */

static void all_tasks_wait(void)
{
    snapshot_set(&snap, MON_TASKS, 5);
    snapshot_set(&snap, MON_TASKS_WAITING, 5);
    snapshot_set(&snap, MON_TASKS_RUNNING, 0);
    snapshot_set(&snap, MON_TASKS_RUNNABLE, 0);
    snapshot_set(&snap, MON_TASKS_BLOCKING, 0);
    snapshot_set(&snap, MON_TIMERS, 0);
    snapshot_set(&snap, MON_NETPOLL_WAITERS, 0);
}

Test(lint, tasks_that_all_wait_for_3_seconds_are_a_deadlock)
{
    all_tasks_wait();
    tick(100 * NS_PER_S);
    cr_assert_not(stands(LINT_DEADLOCK), "at the first look");
    tick(103 * NS_PER_S);
    cr_assert(stands(LINT_DEADLOCK), "not told");
    cr_assert_not_null(strstr(alerts.alert[0].text, "all 5 tasks"), "%s", alerts.alert[0].text);

    snapshot_set(&snap, MON_TASKS_RUNNING, 1);
    tick(104 * NS_PER_S);
    cr_assert_not(stands(LINT_DEADLOCK), "one runs again");
}

Test(lint, a_timer_or_a_file_can_wake_a_task)
{
    all_tasks_wait();
    snapshot_set(&snap, MON_TIMERS, 1);
    tick(100 * NS_PER_S);
    tick(110 * NS_PER_S);
    cr_assert_not(stands(LINT_DEADLOCK), "with a timer");

    all_tasks_wait();
    snapshot_set(&snap, MON_NETPOLL_WAITERS, 1);
    tick(120 * NS_PER_S);
    tick(130 * NS_PER_S);
    cr_assert_not(stands(LINT_DEADLOCK), "with a file");
}

Test(lint, what_is_not_known_is_no_proof_of_a_deadlock)
{
    snapshot_set(&snap, MON_TASKS, 5);
    tick(100 * NS_PER_S);
    tick(110 * NS_PER_S);
    cr_assert_not(stands(LINT_DEADLOCK), "told");
}

/* ---- long pauses ---- */

static void add_pause(int64_t mono_ns, uint64_t ms)
{
    snap.cycle[snap.ncycles++] =
        (struct gc_cycle){.start_mono_ns = mono_ns, .pause_ns = ms * 1000000};
}

Test(lint, five_long_pauses_of_ten_are_told_and_cleared_when_all_are_short)
{
    for (int i = 0; i < 4; i++)
        add_pause((85 + i) * NS_PER_S, i == 2 ? 240 : 205);
    add_pause(92 * NS_PER_S, 20);
    tick(100 * NS_PER_S);
    cr_assert_not(stands(LINT_LONG_PAUSE), "four are enough");
    add_pause(93 * NS_PER_S, 200);
    tick(101 * NS_PER_S);
    cr_assert(stands(LINT_LONG_PAUSE), "not told");
    cr_assert_not_null(strstr(alerts.alert[0].text, "5 of the last 6"), "%s", alerts.alert[0].text);
    cr_assert_not_null(strstr(alerts.alert[0].text, "240.0ms"), "%s", alerts.alert[0].text);

    for (int i = 0; i < 10; i++)
        add_pause((110 + i) * NS_PER_S, i == 0 ? 120 : 10);
    tick(120 * NS_PER_S);
    cr_assert(stands(LINT_LONG_PAUSE), "cleared with one at half the limit");
    add_pause(121 * NS_PER_S, 10);
    tick(122 * NS_PER_S);
    cr_assert_not(stands(LINT_LONG_PAUSE), "not cleared");
}

Test(lint, pauses_of_long_ago_do_not_count)
{
    for (int i = 0; i < 5; i++)
        add_pause(90 * NS_PER_S, 500);
    tick(1000 * NS_PER_S);
    cr_assert_not(stands(LINT_LONG_PAUSE), "told");
}

/* ---- stale data, and the end ---- */

Test(lint, a_stalled_target_is_told_after_5_seconds)
{
    status = (struct target_status){.state = TARGET_STALLED, .heartbeat_age_ns = 3 * NS_PER_S};
    tick(100 * NS_PER_S);
    cr_assert_not(stands(LINT_STALE), "after 3 seconds");
    status.heartbeat_age_ns = 6 * NS_PER_S;
    tick(103 * NS_PER_S);
    cr_assert(stands(LINT_STALE), "not told");
    status.state = TARGET_LIVE;
    tick(104 * NS_PER_S);
    cr_assert_not(stands(LINT_STALE), "not cleared");
}

Test(lint, of_a_target_that_has_ended_the_alerts_stay)
{
    all_tasks_wait();
    tick(100 * NS_PER_S);
    tick(110 * NS_PER_S);
    status.state = TARGET_CRASHED;
    snapshot_set(&snap, MON_TASKS_RUNNING, 1);
    tick(111 * NS_PER_S);
    cr_assert(stands(LINT_DEADLOCK), "cleared");
}

Test(lint, every_lint_has_a_name_and_a_line_of_help)
{
    for (int i = 0; i < LINTS; i++) {
        cr_assert_gt(strlen(alert_lint_name((enum alert_lint)i)), 3, "lint %d", i);
        cr_assert_gt(strlen(alert_lint_help((enum alert_lint)i)), 10, "lint %d", i);
    }
}
