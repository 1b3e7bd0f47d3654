/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/openfds.h"
#include "tests/support/recorded.h"
#include "tests/support/resident.h"

TestSuite(recorder, .init = recorded_setup, .fini = recorded_teardown, .timeout = 120);

Test(recorder, a_sample_is_a_row_with_a_column_for_each_metric)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 10);

    ASSERT_QUERY("SELECT count(*) FROM samples", 10);
    ASSERT_QUERY("SELECT heap_alloc FROM samples ORDER BY mono_ns LIMIT 1", 50000);
    ASSERT_QUERY("SELECT heap_alloc FROM samples ORDER BY mono_ns DESC LIMIT 1", 50009);
    ASSERT_QUERY("SELECT gc_percent FROM samples LIMIT 1", -1);
    ASSERT_QUERY("SELECT min(process_rss) > 0 FROM samples", 1);
    ASSERT_QUERY("SELECT real_ns / 1000000000 FROM samples LIMIT 1", REAL_NS / S);
    ASSERT_QUERY("SELECT count(*) FROM samples WHERE state = 'live'", 10);
    ASSERT_QUERY("SELECT count(*) FROM procs", 20);
    ASSERT_QUERY("SELECT value FROM meta WHERE key = 'pid'", rec.target.pid);
    ASSERT_QUERY("SELECT count(*) FROM metrics WHERE name = 'heap.alloc' AND "
                 "column_name = 'heap_alloc'",
                 1);
}

Test(recorder, what_was_before_the_attach_comes_from_the_page)
{
    for (int64_t i = -RECORDED_BEFORE; i < 0; i++) {
        rec.page.value[METRIC_HEAP_ALLOC] = (uint64_t)(MONO_NS / S + i);
        if (i % 60 == 0)
            fakepage_minute(&rec.page, MONO_NS + i * S, 50, 100);
        fakepage_second(&rec.page, MONO_NS + i * S);
    }
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 2);

    ASSERT_QUERY("SELECT heap_alloc FROM samples WHERE mono_ns = 49900000000000", 49900);
    ASSERT_QUERY("SELECT count(*) >= 890 FROM samples", 1);
    ASSERT_QUERY("SELECT count(*) >= 15 FROM minutes WHERE heap_alloc_max >= heap_alloc_min", 1);
}

Test(recorder, each_minute_is_a_row_with_what_was_reached)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 200);

    /* 50000 is in the 20th second of a minute */
    ASSERT_QUERY("SELECT count(*) FROM minutes", 3);
    ASSERT_QUERY("SELECT heap_alloc_min FROM minutes WHERE mono_ns = 50040000000000", 50040);
    ASSERT_QUERY("SELECT heap_alloc_max FROM minutes WHERE mono_ns = 50040000000000", 50099);
    ASSERT_QUERY("SELECT heap_alloc FROM minutes WHERE mono_ns = 50040000000000", 50099);
    ASSERT_QUERY("SELECT gc_count_mean FROM minutes WHERE mono_ns = 50040000000000", 2);
}

Test(recorder, collections_and_events_are_written_once)
{
    for (int i = 0; i < 3; i++)
        fakepage_cycle(&rec.page, &(struct page_gc_cycle){.start_mono_ns = (uint64_t)(MONO_NS + i),
                                                          .pause_ns = 1000 + (uint64_t)i});
    fakepage_event(&rec.page, MONO_NS, PAGE_EVENT_START, "it \x1b[31m began");
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 5);

    ASSERT_QUERY("SELECT count(*) FROM cycles", 3);
    ASSERT_QUERY("SELECT sum(pause_ns) FROM cycles", 3003);
    ASSERT_QUERY("SELECT count(*) FROM events", 1);
    ASSERT_QUERY("SELECT instr(text, char(27)) FROM events", 0);
}

static void add_ten_tasks(void)
{
    for (uint64_t i = 0; i < 10; i++)
        fakepage_task(
            &rec.page, i,
            &(struct page_task){.word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_CHAN_RECV, 2),
                                .id = i + 1,
                                .spawn_pc = 0x1000});
}

Test(recorder, tasks_are_written_by_group)
{
    add_ten_tasks();
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 3);
    recorded_close();

    ASSERT_QUERY("SELECT tasks FROM task_groups WHERE state = 'waiting' AND "
                 "reason = 'chan receive' AND spawn_pc = 4096 LIMIT 1",
                 10);
    const struct model *m = recorded_replay("+2", NULL);
    cr_assert(m->tasks->valid && m->tasks->n == 1 && m->tasks->group[0].count == 10 &&
                  m->tasks->group[0].state == TASK_WAITING,
              "%u groups", m->tasks->n);
    cr_assert_str_eq(task_reason_name(m->tasks->group[0].reason), "chan receive");
}

Test(recorder, leaked_tasks_are_written_by_wait_site_and_read_by_group)
{
    const struct page_leak leaks[] = {
        {.spawn_pc = 0x1000, .wait_pc = 0x2000, .reason = PAGE_WAIT_CHAN_RECV, .count = 3},
        {.spawn_pc = 0x1000, .wait_pc = 0x2008, .reason = PAGE_WAIT_CHAN_RECV, .count = 2},
        {.spawn_pc = 0x3000, .wait_pc = 0x2000, .reason = PAGE_WAIT_CHAN_RECV, .count = 9},
    };

    add_ten_tasks();
    fakepage_leaks(&rec.page, MONO_NS, leaks, 3);
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 3);
    recorded_close();

    const struct model *m = recorded_replay("+2", NULL);
    cr_assert_eq(m->tasks->group[0].leaked, 5, "%" PRIu64 " of a group", m->tasks->group[0].leaked);
    cr_assert_eq(m->snapshot->nleaks, 3, "%" PRIu32 " kinds", m->snapshot->nleaks);
    cr_assert(m->snapshot->leak[1].wait_pc == 0x2008 && m->snapshot->leak[1].count == 2 &&
                  m->snapshot->leak[1].reason == PAGE_WAIT_CHAN_RECV,
              "waits at %" PRIx64, m->snapshot->leak[1].wait_pc);
}

Test(recorder, goes_on_with_a_recording_of_the_same_process)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 5);
    recorded_close();
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(100, 5);

    ASSERT_QUERY("SELECT count(*) FROM samples", 10);
}

Test(recorder, refuses_what_is_not_its_own)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 2);
    recorded_close();
    recorded_change("UPDATE meta SET value = '1.2.other' WHERE key = 'process'");
    cr_assert_not(recorded_try_open((struct recorder_options){.path = rec.path}),
                  "another process");
    cr_assert_not_null(strstr(rec.why, "records another process"), "%s", rec.why);
    recorded_change("PRAGMA application_id = 5");
    cr_assert_not(recorded_try_open((struct recorder_options){.path = rec.path}),
                  "another program's");
    cr_assert_not_null(strstr(rec.why, "no recording of gomon"), "%s", rec.why);
    ASSERT_QUERY("SELECT count(*) FROM samples", 2);
    cr_assert_not(recorded_try_open((struct recorder_options){.path = "/nowhere/x"}), "no folder");
    cr_assert_not_null(strstr(rec.why, "/nowhere/x"), "%s", rec.why);
}

Test(recorder, keep_drops_what_is_older)
{
    recorded_open((struct recorder_options){.path = rec.path, .keep_ns = 300 * S});
    recorded_run(0, 1000);

    ASSERT_QUERY("SELECT min(mono_ns) / 1000000000 FROM samples", 50999 - 300);
    ASSERT_QUERY("SELECT count(*) FROM samples", 301);
    ASSERT_QUERY("SELECT min(mono_ns) >= 50600000000000 FROM procs", 1);
}

Test(recorder, a_file_of_a_bounded_size_drops_the_oldest)
{
    struct stat st;

    rec.heavy = true;
    recorded_open((struct recorder_options){.path = rec.path, .max_bytes = RECORDER_LEAST_BYTES});
    recorded_run(0, 4500);
    cr_assert_not(monitor_model(rec.monitor)->record->failing, "%s",
                  monitor_model(rec.monitor)->record->why);
    recorded_close();

    cr_assert_eq(stat(rec.path, &st), 0, "%s", rec.path);
    cr_assert_leq(st.st_size, RECORDER_LEAST_BYTES, "%jd bytes", (intmax_t)st.st_size);
    ASSERT_QUERY("SELECT max(mono_ns) / 1000000000 FROM samples", 54499);
    ASSERT_QUERY("SELECT min(mono_ns) > 50000000000000 FROM samples", 1);
    ASSERT_QUERY("SELECT count(*) > 1000 FROM samples", 1);
    ASSERT_QUERY("SELECT count(*) FROM minutes", 75);
}

/* A sample a minute: all levels of the history are written through, and the temporary recording. */
Test(recorder, memory_and_descriptors_are_flat_over_a_simulated_week)
{
    const char *sanitizer = getenv("SANITIZER");
    int64_t after_a_day;
    int fds;

    if (sanitizer != NULL && *sanitizer != '\0')
        cr_skip_test("a sanitizer keeps what was freed");
    rec.heavy = true;
    recorded_open((struct recorder_options){.max_bytes = RECORDER_LEAST_BYTES});
    for (int64_t minute = 0; minute < 1440; minute++)
        recorded_run(minute * 60, 1);
    monitor_move(rec.monitor, MOVE_BY, -3600 * S, 300 * S);
    after_a_day = resident_kb();
    fds = open_fds(getpid());
    for (int64_t minute = 1440; minute < 7 * 1440; minute++) {
        recorded_run(minute * 60, 1);
        if (minute % 100 == 0)
            monitor_move(rec.monitor, MOVE_BY, -minute * S, 300 * S);
        if (minute % 250 == 0)
            monitor_move(rec.monitor, MOVE_LIVE, 0, 300 * S);
    }

    cr_assert(after_a_day > 0 && resident_kb() < after_a_day + 256,
              "%" PRId64 " KB after a day, %" PRId64 " after seven", after_a_day, resident_kb());
    cr_assert_eq(open_fds(getpid()), fds, "%d descriptors after a day, %d after seven", fds,
                 open_fds(getpid()));
}

/* A file that may not grow stands for a disk that is full. */
Test(recorder, goes_on_when_there_is_room_again)
{
    struct rlimit all, none;
    const struct recorder_status *status;

    signal(SIGXFSZ, SIG_IGN);
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 10);
    status = monitor_model(rec.monitor)->record;
    cr_assert_not(status->failing, "%s", status->why);
    getrlimit(RLIMIT_FSIZE, &all);
    none = (struct rlimit){.rlim_cur = 4096, .rlim_max = all.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
    recorded_run(10, 10);
    cr_assert(status->failing && status->why[0] != '\0', "a full disk is not told");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50019, "it no longer watches");
    setrlimit(RLIMIT_FSIZE, &all);
    recorded_run(20, 20);

    cr_assert_not(status->failing, "%s", status->why);
    cr_assert(status->lost >= 10 && status->lost < 25, "%" PRIu64 " lost", status->lost);
    ASSERT_QUERY("SELECT count(*) FROM samples", 40 - (int64_t)status->lost);
    ASSERT_QUERY("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'", 1);
}

Test(recorder, a_hole_that_a_long_pause_made_says_so)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 2);
    fakepage_cycle(&rec.page, &(struct page_gc_cycle){.number = 1,
                                                      .start_mono_ns = (uint64_t)(MONO_NS + 2 * S),
                                                      .pause_ns = (uint64_t)(7 * S)});
    recorded_run(10, 1);
    const struct model *m = monitor_model(rec.monitor);

    cr_assert_eq(history_gap_at(m->history, MONO_NS + 5 * S), GAP_PAUSED, "cause %d",
                 history_gap_at(m->history, MONO_NS + 5 * S));
}
