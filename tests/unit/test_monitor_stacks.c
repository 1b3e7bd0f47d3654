/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "mon/dump.h"
#include "mon/dumpdiff.h"
#include "page.h"
#include "tests/support/recorded.h"

TestSuite(monitor_stacks, .init = recorded_setup, .fini = recorded_teardown, .timeout = 120);

/* Records N tasks on one stack, as if they were dumped that second after MONO_NS. */
static void dump_at(int64_t second, size_t n)
{
    static const struct dump_frame frame = {
        .function = "ask_peer", .file = "leak.c", .line = 38, .module = "demo"};
    struct dump_group group = {.key = 1,
                               .state = PAGE_TASK_WAITING,
                               .reason = PAGE_WAIT_SLEEP,
                               .frame = &frame,
                               .nframes = 1,
                               .spawned_at = frame,
                               .ntasks = n,
                               .nunlisted = n};
    struct dump dump = {.origin = DUMP_ASKED,
                        .mono_ns = (uint64_t)(MONO_NS + second * S),
                        .real_ns = (uint64_t)(REAL_NS + second * S),
                        .ntasks = n,
                        .group = &group,
                        .ngroups = 1};
    struct recorder_once once = {.mono_ns = MONO_NS + second * S, .dump = &dump};

    cr_assert(monitor_record_once(rec.monitor, &once), "%s",
              monitor_model(rec.monitor)->record->why);
}

/* 30 seconds, with dumps of 10, 20 and 40 tasks after 5, 15 and 25. */
static void record_three(void)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 6);
    dump_at(5, 10);
    recorded_run(6, 10);
    dump_at(15, 20);
    recorded_run(16, 10);
    dump_at(25, 40);
    recorded_run(26, 4);
    recorded_close();
}

static void go_to(int64_t second)
{
    monitor_move(rec.monitor, MOVE_TO, MONO_NS + second * S, 60 * S);
}

static uint64_t tasks_shown(void)
{
    const struct dump *d = monitor_model(rec.monitor)->dump;

    cr_assert_not_null(d, "no stacks");
    return d->ntasks;
}

static void assert_compared(uint64_t before, uint64_t after)
{
    const struct dumpdiff *diff = monitor_model(rec.monitor)->diff;

    cr_assert_not_null(diff, "no difference");
    cr_assert(diff->count[0].before == before && diff->count[0].after == after,
              "from %" PRIu64 " to %" PRIu64, diff->count[0].before, diff->count[0].after);
}

Test(monitor_stacks, they_are_those_of_the_time_that_is_shown)
{
    record_three();
    recorded_replay(NULL, NULL);
    cr_assert_eq(tasks_shown(), 10, "before all: %" PRIu64, tasks_shown());
    go_to(14);
    cr_assert_eq(tasks_shown(), 10, "%" PRIu64, tasks_shown());
    go_to(15);
    cr_assert_eq(tasks_shown(), 20, "%" PRIu64, tasks_shown());
    monitor_move(rec.monitor, MOVE_LIVE, 0, 60 * S);
    cr_assert_eq(tasks_shown(), 40, "%" PRIu64, tasks_shown());
    go_to(7);
    cr_assert_eq(tasks_shown(), 10, "%" PRIu64, tasks_shown());
}

Test(monitor_stacks, they_are_compared_with_each_one_before)
{
    record_three();
    recorded_replay(NULL, NULL);
    go_to(28);
    cr_assert(monitor_compare_stacks(rec.monitor), "not compared");
    assert_compared(20, 40);
    cr_assert(monitor_compare_stacks(rec.monitor), "not compared");
    assert_compared(10, 40);
    cr_assert(monitor_compare_stacks(rec.monitor), "not compared");
    assert_compared(20, 40);
    go_to(26);
    assert_compared(20, 40); /* it is still the same dump */
    go_to(16);
    cr_assert_null(monitor_model(rec.monitor)->diff, "the difference of others");
    cr_assert(monitor_compare_stacks(rec.monitor), "not compared");
    assert_compared(10, 20);
}

Test(monitor_stacks, there_may_be_none_before)
{
    record_three();
    recorded_replay(NULL, NULL);
    go_to(7);
    cr_assert_not(monitor_compare_stacks(rec.monitor), "compared with nothing");
    cr_assert_null(monitor_model(rec.monitor)->diff, "a difference");
    cr_assert_eq(tasks_shown(), 10, "%" PRIu64, tasks_shown());
    recorded_close();
    recorded_change("DELETE FROM dumps");
    recorded_replay(NULL, NULL);
    cr_assert_not(monitor_compare_stacks(rec.monitor), "compared nothing");
    cr_assert_null(monitor_model(rec.monitor)->dump, "stacks from nowhere");
}

Test(monitor_stacks, the_first_come_while_it_is_written)
{
    struct monitor *writer;

    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 6);
    writer = rec.monitor;
    recorded_replay(NULL, NULL);
    struct monitor *reader = rec.monitor;
    cr_assert_null(monitor_model(reader)->dump, "stacks from nowhere");
    rec.monitor = writer;
    dump_at(5, 10);
    rec.monitor = reader;
    monitor_tick(reader, 2 * S, 2 * S);
    cr_assert_eq(tasks_shown(), 10, "%" PRIu64, tasks_shown());
    monitor_free(writer);
}
