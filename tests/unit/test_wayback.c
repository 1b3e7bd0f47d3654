/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "mon/grouppast.h"
#include "tests/support/recorded.h"

TestSuite(wayback, .init = recorded_setup, .fini = recorded_teardown, .timeout = 120);

Test(wayback, a_live_target_is_looked_at_as_it_was)
{
    recorded_open((struct recorder_options){.max_bytes = 64 << 20});
    recorded_run(0, 3000);
    cr_assert(monitor_move(rec.monitor, MOVE_BY, -2000 * S, 300 * S), "no way back");
    const struct model *m = monitor_model(rec.monitor);

    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50999, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    cr_assert(m->view.past && m->mono_ns == MONO_NS + 999 * S, "at %" PRId64, m->mono_ns);
    cr_assert_eq(m->real_ns, REAL_NS + 999 * S, "at %" PRId64, m->real_ns);
    cr_assert(history_has_seconds(m->history, m->view.end_ns - 300 * S, m->view.end_ns),
              "no seconds");
    recorded_run(3000, 10);
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50999, "the past moves: %" PRIu64,
                 recorded_value(MON_HEAP_ALLOC));
    cr_assert_eq(monitor_model(rec.monitor)->view.now_ns, MONO_NS + 3009 * S, "now stands still");
    cr_assert(monitor_move(rec.monitor, MOVE_LIVE, 0, 300 * S), "no way to now");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 53009, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    cr_assert_not(monitor_model(rec.monitor)->view.past, "still the past");
}

Test(wayback, the_past_ends_at_its_beginning_and_at_now)
{
    recorded_open((struct recorder_options){.max_bytes = 64 << 20});
    recorded_run(0, 20);
    cr_assert(monitor_move(rec.monitor, MOVE_BY, -3600 * S, 60 * S), "not to the beginning");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50000, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    cr_assert_not(monitor_move(rec.monitor, MOVE_BY, -10 * S, 60 * S), "beyond the beginning");
    cr_assert(monitor_move(rec.monitor, MOVE_BY, 3600 * S, 60 * S), "not to now");
    cr_assert_not(monitor_model(rec.monitor)->view.past, "now is past");
}

Test(wayback, marks_are_found_again)
{
    recorded_open((struct recorder_options){.max_bytes = 64 << 20});
    recorded_run(0, 20);
    cr_assert_not(monitor_move(rec.monitor, MOVE_MARK, 0, 60 * S), "there is a mark");
    cr_assert(monitor_mark(rec.monitor), "no mark");
    recorded_run(20, 20);
    cr_assert(monitor_mark(rec.monitor), "no mark");
    recorded_run(40, 20);
    cr_assert(monitor_move(rec.monitor, MOVE_MARK, 0, 60 * S), "not found");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50039, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    cr_assert(monitor_move(rec.monitor, MOVE_MARK, 0, 60 * S), "not found");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50019, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    cr_assert(monitor_move(rec.monitor, MOVE_MARK, 0, 60 * S), "not round the ends");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50039, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
}

Test(wayback, the_baseline_stays_what_it_was)
{
    uint64_t value;

    recorded_open((struct recorder_options){.max_bytes = 64 << 20});
    recorded_run(0, 20);
    cr_assert(monitor_set_baseline(rec.monitor, true), "no memory");
    recorded_run(20, 20);
    cr_assert(snapshot_value(monitor_model(rec.monitor)->baseline, MON_HEAP_ALLOC, &value) &&
                  value == 50019,
              "%" PRIu64, value);
    monitor_move(rec.monitor, MOVE_BY, -10 * S, 60 * S);
    cr_assert_not_null(monitor_model(rec.monitor)->baseline, "none in the past");
    monitor_set_baseline(rec.monitor, false);
    cr_assert_null(monitor_model(rec.monitor)->baseline, "it goes on");
}

/* ---- Groups of tasks over time ---- */

static void put_tasks(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        fakepage_task(
            &rec.page, i,
            &(struct page_task){.word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_CHAN_RECV, 2),
                                .id = i + 1,
                                .spawn_pc = 0x1000});
}

/* Mean tasks of the one group from so many seconds until so many, or -1. */
static double tasks_between(const struct grouppast *groups, int64_t from_s, int64_t to_s)
{
    double mean;

    cr_assert(groups != NULL && grouppast_n(groups) == 1, "not one group");
    cr_assert_eq(grouppast_at(groups, 0)->spawn_pc, 0x1000, "another group");
    if (!grouppast_mean(groups, 0, MONO_NS + from_s * S, MONO_NS + to_s * S, &mean))
        return -1;
    return mean;
}

static void record_tasks(struct recorder_options how)
{
    put_tasks(10);
    recorded_open(how);
    recorded_run(0, 60);
    put_tasks(30);
    recorded_run(60, 60);
}

Test(wayback, groups_of_tasks_are_known_over_time_now_and_then)
{
    record_tasks((struct recorder_options){.max_bytes = 64 << 20});
    const struct grouppast *now = monitor_model(rec.monitor)->groups;
    cr_assert_eq(tasks_between(now, 5, 55), 10, "%g", tasks_between(now, 5, 55));
    cr_assert_eq(tasks_between(now, 65, 115), 30, "%g", tasks_between(now, 65, 115));

    monitor_move(rec.monitor, MOVE_BY, -40 * S, 60 * S);
    const struct grouppast *then = monitor_model(rec.monitor)->groups;
    cr_assert_neq(then, now, "those of now are shown");
    cr_assert_eq(tasks_between(then, 15, 55), 10, "%g", tasks_between(then, 15, 55));
    cr_assert_eq(tasks_between(then, 65, 79), 30, "%g", tasks_between(then, 65, 79));
}

Test(wayback, groups_of_tasks_are_known_over_time_in_a_replay)
{
    record_tasks((struct recorder_options){.path = rec.path});
    recorded_close();
    const struct grouppast *groups = recorded_replay("+100", NULL)->groups;

    cr_assert_eq(tasks_between(groups, 15, 55), 10, "%g", tasks_between(groups, 15, 55));
    cr_assert_eq(tasks_between(groups, 75, 99), 30, "%g", tasks_between(groups, 75, 99));
}

Test(wayback, the_baseline_keeps_the_groups_as_they_were)
{
    put_tasks(10);
    recorded_open((struct recorder_options){.max_bytes = 64 << 20});
    recorded_run(0, 60);
    monitor_set_baseline(rec.monitor, true);
    put_tasks(30);
    recorded_run(60, 3000); /* longer than groups are kept */
    const struct grouppast *then = monitor_model(rec.monitor)->base_groups;
    const struct grouppast *now = monitor_model(rec.monitor)->groups;

    cr_assert_eq(tasks_between(then, 5, 59), 10, "%g", tasks_between(then, 5, 59));
    cr_assert_eq(tasks_between(now, 5, 59), -1, "%g", tasks_between(now, 5, 59));
}
