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

/* ---- leaked tasks ---- */

static const struct alert *standing_at(uint64_t spawn_pc)
{
    for (uint32_t i = 0; i < alerts.nstanding; i++)
        if (alerts.alert[i].lint == LINT_LEAKED && alerts.alert[i].pc == spawn_pc)
            return &alerts.alert[i];
    return NULL;
}

static void add_leak(uint64_t spawn_pc, uint64_t wait_pc, uint64_t count)
{
    snap.leak[snap.nleaks++] = (struct leak_sample){.spawn_pc = spawn_pc,
                                                    .wait_pc = wait_pc,
                                                    .reason = 3, /* chan receive */
                                                    .count = count,
                                                    .proven_ns = 5 * NS_PER_S};
}

Test(lint, leaked_tasks_are_told_at_once_by_spawn_site_and_wait_site)
{
    status.state = TARGET_LIVE;
    add_leak(0x10, 0x20, 7);
    add_leak(0x30, 0x20, 1);
    tick(6 * NS_PER_S);
    cr_assert_not_null(standing_at(0x10), "the first kind is not told");
    cr_assert_not_null(standing_at(0x30), "the second kind is not told");
    cr_assert_eq(standing_at(0x10)->wait_pc, 0x20, "waits at %" PRIx64, standing_at(0x10)->wait_pc);
    cr_assert_eq(standing_at(0x10)->severity, ALERT_CRITICAL, "severity %d",
                 standing_at(0x10)->severity);
    cr_assert_not_null(strstr(standing_at(0x10)->text, "proven leak: 7 tasks wait in vain"), "%s",
                       standing_at(0x10)->text);
    cr_assert_not_null(strstr(standing_at(0x30)->text, "1 task waits in vain (chan receive), "
                                                       "unreachable from scanned memory since"),
                       "%s", standing_at(0x30)->text);
}

Test(lint, a_leak_keeps_its_alert_while_it_grows_and_loses_it_when_it_is_told_no_more)
{
    status.state = TARGET_LIVE;
    add_leak(0x10, 0x20, 7);
    tick(6 * NS_PER_S);
    snap.leak[0].count = 9;
    tick(7 * NS_PER_S);
    cr_assert_eq(alerts.n, 1, "%u alerts", alerts.n);
    cr_assert_eq(alerts.alert[0].raised_ns, 6 * NS_PER_S, "raised anew");
    cr_assert_not_null(strstr(alerts.alert[0].text, "9 tasks"), "%s", alerts.alert[0].text);
    snap.nleaks = 0;
    tick(8 * NS_PER_S);
    cr_assert_null(standing_at(0x10), "it stands");
}

Test(lint, leaks_of_very_many_kinds_leave_room_for_other_lints)
{
    status.state = TARGET_LIVE;
    for (uint64_t i = 0; i < SNAPSHOT_MAX_LEAKS; i++)
        add_leak(0x1000 + i, 0x20, 1);
    tick(6 * NS_PER_S);
    cr_assert_lt(alerts.nstanding, ALERTS_MAX / 2, "%u alerts", alerts.nstanding);
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
