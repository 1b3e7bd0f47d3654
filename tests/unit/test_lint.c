/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "mon/lint.h"
#include "mon/recorder.h"
#include "page.h"

static struct lints *lints;
static struct metric_table table;
static struct history *history;
static struct snapshot snap;
static struct task_groups tasks;
static struct target_status status;
static struct alerts alerts;
static const struct recorder_status *recorder;
static int64_t ahead_ns;       /* of the wall clock */
static int64_t asleep_ns = -1; /* the host was suspended for so long; -1: not known */

static void setup(void)
{
    metric_table_init(&table);
    history = history_new(&table);
    lints = lints_new(0, NULL);
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
               &(struct lint_input){.mono_ns = mono_ns,
                                    .real_ns = mono_ns + ahead_ns,
                                    .boot_ns = asleep_ns < 0 ? 0 : mono_ns + asleep_ns,
                                    .history = history,
                                    .snapshot = &snap,
                                    .tasks = &tasks,
                                    .status = &status,
                                    .recorder = recorder},
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

/* All of it 0 if there is none. */
static struct alert standing_at(uint64_t spawn_pc)
{
    for (uint32_t i = 0; i < alerts.nstanding; i++)
        if (alerts.alert[i].lint == LINT_LEAKED && alerts.alert[i].pc == spawn_pc)
            return alerts.alert[i];
    return (struct alert){0};
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
    struct alert first = standing_at(0x10), second = standing_at(0x30);

    cr_assert_eq(first.wait_pc, 0x20, "waits at %" PRIx64, first.wait_pc);
    cr_assert_eq(first.severity, ALERT_CRITICAL, "severity %d", first.severity);
    cr_assert_not_null(strstr(first.text, "proven leak: 7 tasks wait in vain"), "%s", first.text);
    cr_assert_not_null(strstr(second.text, "1 task waits in vain (chan receive), "
                                           "unreachable from scanned memory since"),
                       "%s", second.text);
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
    cr_assert_eq(standing_at(0x10).pc, 0, "it stands");
}

Test(lint, leaks_of_very_many_kinds_leave_room_for_other_lints)
{
    status.state = TARGET_LIVE;
    for (uint64_t i = 0; i < SNAPSHOT_MAX_LEAKS; i++)
        add_leak(0x1000 + i, 0x20, 1);
    tick(6 * NS_PER_S);
    cr_assert_lt(alerts.nstanding, ALERTS_MAX / 2, "%u alerts", alerts.nstanding);
}

/* What is said of five pauses, the longest of 400 ms. */
static const char *pause_text(uint64_t stop_ms, uint64_t task, uint64_t off_cpu_ms)
{
    snap.ncycles = 0;
    for (int i = 0; i < 5; i++)
        add_pause((90 + i) * NS_PER_S, i == 3 ? 400 : 300);
    snap.cycle[3].stop_ns = stop_ms * 1000000;
    snap.cycle[3].first.off_cpu_ns = snap.cycle[3].last.off_cpu_ns = off_cpu_ms * 500000;
    snap.cycle[3].last_stopped.task = task;
    tick(100 * NS_PER_S);
    return alerts.alert[0].text;
}

Test(lint, of_a_pause_it_is_told_what_took_so_long)
{
    cr_assert_str_eq(strchr(pause_text(380, 77, 0), ';'),
                     "; of that, 380.0ms until task 77 had stopped");
    cr_assert_str_eq(strchr(pause_text(380, 0, 370), ';'),
                     "; of that, 380.0ms until all had stopped, 370.0ms off CPU");
    cr_assert_str_eq(strchr(pause_text(0, 0, 250), ';'), "; of that, 250.0ms off CPU");
}

/* ---- locks ---- */

#define WAITER_PC 0x10u
#define HOLDER_PC 0x20u

/* A group that has waited for a lock for WAITED_NS at MONO_NS. */
static void wait_for_lock(int64_t mono_ns, int64_t waited_ns, uint32_t circle)
{
    tasks = (struct task_groups){.valid = true, .mono_ns = mono_ns, .n = 1, .nholders = 1};
    tasks.group[0] = (struct task_group){.spawn_pc = WAITER_PC,
                                         .state = TASK_WAITING,
                                         .reason = PAGE_WAIT_MUTEX,
                                         .count = 5,
                                         .oldest_since_ns = mono_ns - waited_ns,
                                         .holder = 1};
    tasks.holder[0] = (struct task_holder){.id = 40,
                                           .nwaiters = 5,
                                           .pc = HOLDER_PC,
                                           .state = TASK_WAITING,
                                           .reason = PAGE_WAIT_MUTEX,
                                           .circle = circle,
                                           .name = "teller"};
    tick(mono_ns);
}

Test(lint, tasks_that_wait_for_each_others_locks_are_told_while_others_run)
{
    wait_for_lock(100 * NS_PER_S, 1 * NS_PER_S, 2);
    cr_assert_not(stands(LINT_LOCK_CYCLE), "told at once");
    wait_for_lock(102 * NS_PER_S, 3 * NS_PER_S, 2);
    cr_assert(stands(LINT_LOCK_CYCLE), "not told");
    cr_assert_eq(alerts.alert[0].pc, HOLDER_PC, "blames %" PRIx64, alerts.alert[0].pc);
    cr_assert_not_null(strstr(alerts.alert[0].text, "2 tasks wait for each other's locks"), "%s",
                       alerts.alert[0].text);
    cr_assert_not_null(strstr(alerts.alert[0].text, "task 40 (teller)"), "%s",
                       alerts.alert[0].text);
    cr_assert_not(stands(LINT_LOCK_WAIT), "they have not waited so long");

    for (int i = 1; i <= 2; i++)
        wait_for_lock((102 + i) * NS_PER_S, NS_PER_S, 0);
    cr_assert(stands(LINT_LOCK_CYCLE), "cleared after two counts");
    wait_for_lock(105 * NS_PER_S, NS_PER_S, 0);
    cr_assert_not(stands(LINT_LOCK_CYCLE), "not cleared");
}

Test(lint, a_task_that_waits_for_its_own_lock_is_told)
{
    wait_for_lock(100 * NS_PER_S, 4 * NS_PER_S, 1);
    cr_assert(stands(LINT_LOCK_CYCLE), "not told");
    cr_assert_not_null(strstr(alerts.alert[0].text, "a lock that it holds itself"), "%s",
                       alerts.alert[0].text);
}

Test(lint, a_long_wait_for_a_lock_names_its_holder)
{
    wait_for_lock(100 * NS_PER_S, 9 * NS_PER_S, 0);
    cr_assert_not(stands(LINT_LOCK_WAIT), "told after 9 seconds");
    wait_for_lock(101 * NS_PER_S, 10 * NS_PER_S, 0);
    cr_assert(stands(LINT_LOCK_WAIT), "not told");
    cr_assert_eq(alerts.alert[0].key, WAITER_PC, "key %" PRIx64, alerts.alert[0].key);
    cr_assert_not_null(strstr(alerts.alert[0].text, "held by task 40 (teller), in: sync.Mutex"),
                       "%s", alerts.alert[0].text);

    for (int i = 0; i < 3; i++) /* half as long is near */
        wait_for_lock((102 + i) * NS_PER_S, 5 * NS_PER_S, 0);
    cr_assert(stands(LINT_LOCK_WAIT), "cleared at half the limit");
    for (int i = 0; i < 3; i++)
        wait_for_lock((105 + i) * NS_PER_S, NS_PER_S, 0);
    cr_assert_not(stands(LINT_LOCK_WAIT), "not cleared");
}

Test(lint, waiting_for_a_channel_is_no_waiting_for_a_lock)
{
    wait_for_lock(100 * NS_PER_S, 1 * NS_PER_S, 0);
    tasks.group[0].reason = PAGE_WAIT_CHAN_RECV;
    tasks.group[0].oldest_since_ns = 1;
    tasks.mono_ns = 200 * NS_PER_S;
    tick(200 * NS_PER_S);
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
}

/* ---- hogs ---- */

/* A task that has run for RAN_NS, with RUNQ tasks waiting for a proc all the time. */
static void run_long(int64_t mono_ns, int64_t ran_ns, uint64_t runq)
{
    for (int64_t t = mono_ns - 11 * NS_PER_S; t < mono_ns; t += NS_PER_S)
        history_add(history, MON_RUNQ, t, runq);
    tasks = (struct task_groups){.valid = true, .mono_ns = mono_ns, .n = 1};
    tasks.group[0] = (struct task_group){.spawn_pc = WAITER_PC,
                                         .state = TASK_RUNNING,
                                         .count = 1,
                                         .oldest_since_ns = mono_ns - ran_ns};
    tick(mono_ns);
}

Test(lint, a_task_that_runs_long_is_told_if_others_wait)
{
    run_long(100 * NS_PER_S, 20 * NS_PER_S, 3);
    cr_assert(stands(LINT_TASK_HOG), "not told");
    cr_assert_eq(alerts.alert[0].pc, WAITER_PC, "blames %" PRIx64, alerts.alert[0].pc);
}

Test(lint, a_task_that_runs_long_beside_idle_procs_harms_nobody)
{
    run_long(100 * NS_PER_S, 20 * NS_PER_S, 0);
    run_long(200 * NS_PER_S, 120 * NS_PER_S, 0);
    cr_assert_not(stands(LINT_TASK_HOG), "told");
}

/* ---- the clock and the recorder ---- */

Test(lint, a_jump_of_the_wall_clock_is_told_for_some_minutes)
{
    tick(100 * NS_PER_S);
    ahead_ns = 2 * NS_PER_S;
    tick(101 * NS_PER_S);
    cr_assert_not(stands(LINT_CLOCK_JUMP), "of 2 seconds");
    ahead_ns = 3602 * NS_PER_S;
    tick(102 * NS_PER_S);
    cr_assert(stands(LINT_CLOCK_JUMP), "not told");
    cr_assert_not_null(strstr(alerts.alert[0].text, "suspended"), "%s", alerts.alert[0].text);
    tick(701 * NS_PER_S);
    cr_assert(stands(LINT_CLOCK_JUMP), "not told for long enough");
    tick(702 * NS_PER_S);
    cr_assert_not(stands(LINT_CLOCK_JUMP), "not cleared");
}

static void jump(int64_t ahead_s, int64_t asleep_s)
{
    asleep_ns = 77 * NS_PER_S;
    tick(100 * NS_PER_S);
    ahead_ns += ahead_s * NS_PER_S;
    asleep_ns += asleep_s * NS_PER_S;
    tick(101 * NS_PER_S);
    cr_assert(stands(LINT_CLOCK_JUMP), "not told");
}

Test(lint, a_host_that_was_suspended_is_told_from_a_clock_that_was_set)
{
    jump(3600, 3600);
    cr_assert_not_null(strstr(alerts.alert[0].text, "suspended for 1h"), "%s",
                       alerts.alert[0].text);
}

Test(lint, a_clock_that_was_set_is_told_from_a_host_that_was_suspended)
{
    jump(3600, 0);
    cr_assert_not_null(strstr(alerts.alert[0].text, ": it was set"), "%s", alerts.alert[0].text);
}

Test(lint, a_host_that_was_suspended_is_told_though_its_clock_stood_still)
{
    jump(0, 60);
    cr_assert_not_null(strstr(alerts.alert[0].text, "suspended"), "%s", alerts.alert[0].text);
}

Test(lint, a_recording_that_fails_is_told)
{
    struct recorder_status r = {.why = "disk full", .lost = 7};

    recorder = &r;
    tick(100 * NS_PER_S);
    cr_assert_eq(alerts.n, 0, "told");
    r.failing = true;
    tick(101 * NS_PER_S);
    cr_assert(stands(LINT_RECORDER_LAG), "not told");
    cr_assert_not_null(strstr(alerts.alert[0].text, "(disk full): 7 samples"), "%s",
                       alerts.alert[0].text);
    r.failing = false;
    tick(102 * NS_PER_S);
    cr_assert_not(stands(LINT_RECORDER_LAG), "not cleared");
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

Test(lint, silence_has_a_cause)
{
    status = (struct target_status){.state = TARGET_STOPPED, .heartbeat_age_ns = 6 * NS_PER_S};
    tick(100 * NS_PER_S);
    cr_assert_not_null(strstr(alerts.alert[0].text, "stopped, by a signal"), "%s",
                       alerts.alert[0].text);

    snapshot_set(&snap, MON_CGROUP_THROTTLED, 50 * NS_PER_S);
    status.state = TARGET_LIVE;
    tick(101 * NS_PER_S);
    status = (struct target_status){.state = TARGET_STALLED, .heartbeat_age_ns = 3 * NS_PER_S};
    tick(104 * NS_PER_S);
    snapshot_set(&snap, MON_CGROUP_THROTTLED, 55 * NS_PER_S);
    status.heartbeat_age_ns = 6 * NS_PER_S;
    tick(107 * NS_PER_S);
    cr_assert_not_null(strstr(alerts.alert[0].text, "used up its CPU time for 5.00s"), "%s",
                       alerts.alert[0].text);
}

Test(lint, an_end_without_a_word_is_told_and_a_regular_one_is_not)
{
    status.state = TARGET_EXITED;
    tick(100 * NS_PER_S);
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
    status.state = TARGET_REPLACED;
    tick(100 * NS_PER_S + NS_PER_MS);
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
    status.state = TARGET_KILLED;
    tick(101 * NS_PER_S);
    cr_assert(stands(LINT_ENDED), "not told");
    cr_assert_eq(alerts.alert[0].severity, ALERT_CRITICAL, "severity %d",
                 (int)alerts.alert[0].severity);
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

Test(lint, one_that_is_off_is_not_told)
{
    struct lint_set set;

    lint_set_init(&set);
    lint_set_allow(&set, "all");
    lints_free(lints);
    lints = lints_new(0, &set);
    all_tasks_wait();
    for (int i = 0; i < 5; i++)
        add_pause((90 + i) * NS_PER_S, 300);
    tick(100 * NS_PER_S);
    wait_for_lock(110 * NS_PER_S, 60 * NS_PER_S, 2);
    ahead_ns = 3600 * NS_PER_S;
    run_long(130 * NS_PER_S, 60 * NS_PER_S, 3);
    status = (struct target_status){.state = TARGET_STALLED, .heartbeat_age_ns = 60 * NS_PER_S};
    tick(140 * NS_PER_S);
    status.state = TARGET_CRASHED;
    tick(141 * NS_PER_S);
    cr_assert_eq(alerts.n, 0, "told: %s", alerts.alert[0].text);
}

Test(lint, every_lint_has_a_name_and_a_line_of_help)
{
    for (int i = 0; i < LINTS; i++) {
        cr_assert_gt(strlen(alert_lint_name((enum alert_lint)i)), 3, "lint %d", i);
        cr_assert_gt(strlen(alert_lint_help((enum alert_lint)i)), 10, "lint %d", i);
    }
}
