/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/support/recorded.h"

TestSuite(recording_marks, .init = recorded_setup, .fini = recorded_teardown, .timeout = 120);

static void begin(int64_t seconds)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, seconds);
}

/* Marks SECOND after MONO_NS, by going there. */
static void mark_at(int64_t second)
{
    cr_assert(monitor_move(rec.monitor, MOVE_TO, MONO_NS + second * S, 60 * S), "no move");
    cr_assert(monitor_mark(rec.monitor), "no room");
    monitor_move(rec.monitor, MOVE_LIVE, 0, 60 * S);
}

static void assert_marks(const struct model *m, uint32_t n, const int64_t *second)
{
    cr_assert(m->marks != NULL && m->marks->n == n, "%u marks", m->marks != NULL ? m->marks->n : 0);
    for (uint32_t i = 0; i < n; i++)
        cr_assert_eq(m->marks->at_ns[i], MONO_NS + second[i] * S, "mark %u at %" PRId64, i,
                     m->marks->at_ns[i]);
}

Test(recording_marks, a_replay_has_those_that_were_set)
{
    begin(30);
    monitor_mark(rec.monitor);
    recorded_run(30, 30);
    mark_at(10);
    recorded_run(60, 3);
    recorded_close();

    assert_marks(recorded_replay(NULL, NULL), 2, (int64_t[]){10, 29});
    cr_assert(monitor_move(rec.monitor, MOVE_MARK, 0, 60 * S), "it cannot go there");
    cr_assert_eq(recorded_value(MON_HEAP_ALLOC), 50029, "%" PRIu64, recorded_value(MON_HEAP_ALLOC));
    ASSERT_QUERY("SELECT real_ns FROM marks WHERE mono_ns = 50010000000000", REAL_NS + 10 * S);
}

Test(recording_marks, one_needs_no_further_sample)
{
    begin(5);
    monitor_mark(rec.monitor);
    ASSERT_QUERY("SELECT mono_ns FROM marks WHERE kind = 'mark'", MONO_NS + 4 * S);
    monitor_set_baseline(rec.monitor, true);
    ASSERT_QUERY("SELECT mono_ns FROM marks WHERE kind = 'baseline'", MONO_NS + 4 * S);
}

Test(recording_marks, those_outside_of_the_bounds_are_left_out)
{
    begin(30);
    mark_at(5);
    mark_at(15);
    mark_at(25);
    recorded_close();
    assert_marks(recorded_replay("+10", "+20"), 1, (int64_t[]){15});
}

Test(recording_marks, those_that_are_set_meanwhile_come)
{
    struct monitor *writer;

    begin(20);
    writer = rec.monitor;
    recorded_replay(NULL, NULL);
    struct monitor *reader = rec.monitor;
    monitor_mark(reader); /* the reader's own: of second 0 */
    monitor_mark(writer);
    for (int64_t i = 2; i < 4; i++)
        monitor_tick(reader, i * S, i * S);
    assert_marks(monitor_model(reader), 2, (int64_t[]){0, 19});
    monitor_free(writer);
}

Test(recording_marks, what_is_set_in_a_replay_is_not_written)
{
    begin(20);
    monitor_mark(rec.monitor);
    recorded_close();
    recorded_replay(NULL, NULL);
    cr_assert(monitor_mark(rec.monitor) && monitor_set_baseline(rec.monitor, true), "not set");
    recorded_close();
    ASSERT_QUERY("SELECT count(*) FROM marks", 1);
}

Test(recording_marks, the_baseline_is_set_again)
{
    begin(20);
    monitor_set_baseline(rec.monitor, true);
    recorded_run(20, 10);
    monitor_set_baseline(rec.monitor, true);
    recorded_run(30, 10);
    recorded_close();
    const struct model *m = recorded_replay("+5", NULL);

    cr_assert_not_null(m->baseline, "no baseline");
    cr_assert_eq(m->baseline->mono_ns, MONO_NS + 29 * S, "of %" PRId64, m->baseline->mono_ns);
    cr_assert_eq(m->baseline->value[MON_HEAP_ALLOC], 50029, "%" PRIu64,
                 m->baseline->value[MON_HEAP_ALLOC]);
    cr_assert_eq(m->mono_ns, MONO_NS + 5 * S, "it does not begin there: %" PRId64, m->mono_ns);
    ASSERT_QUERY("SELECT count(*) FROM marks", 1);
    monitor_set_baseline(rec.monitor, false);
    monitor_tick(rec.monitor, 2 * S, 2 * S);
    cr_assert_null(monitor_model(rec.monitor)->baseline, "it comes back");
}

Test(recording_marks, a_baseline_that_was_given_up_stays_so)
{
    begin(20);
    monitor_set_baseline(rec.monitor, true);
    recorded_run(20, 10);
    monitor_set_baseline(rec.monitor, false);
    recorded_close();
    cr_assert_null(recorded_replay(NULL, NULL)->baseline, "there is one");
}

Test(recording_marks, a_full_disk_loses_none)
{
    struct rlimit all, none;

    signal(SIGXFSZ, SIG_IGN);
    begin(10);
    getrlimit(RLIMIT_FSIZE, &all);
    none = (struct rlimit){.rlim_cur = 4096, .rlim_max = all.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
    monitor_mark(rec.monitor);
    monitor_set_baseline(rec.monitor, true);
    cr_assert(monitor_model(rec.monitor)->record->failing, "it does not fail");
    setrlimit(RLIMIT_FSIZE, &all);
    recorded_run(10, 20);
    ASSERT_QUERY("SELECT count(*) FROM marks", 2);
}

Test(recording_marks, they_stay_for_as_long_as_the_minutes)
{
    rec.heavy = true;
    recorded_open((struct recorder_options){.path = rec.path, .max_bytes = RECORDER_LEAST_BYTES});
    recorded_run(0, 10);
    monitor_mark(rec.monitor);
    recorded_run(10, 4500);
    ASSERT_QUERY("SELECT min(mono_ns) > 50100000000000 FROM samples", 1);
    ASSERT_QUERY("SELECT mono_ns FROM marks", MONO_NS + 9 * S);
}

Test(recording_marks, they_go_with_what_is_too_old)
{
    recorded_open((struct recorder_options){.path = rec.path, .keep_ns = 300 * S});
    recorded_run(0, 10);
    monitor_mark(rec.monitor);
    recorded_run(10, 1000);
    ASSERT_QUERY("SELECT count(*) FROM marks", 0);
}

Test(recording_marks, a_recording_of_an_earlier_gomon_has_none)
{
    begin(10);
    recorded_close();
    recorded_change("DROP TABLE marks");
    const struct model *m = recorded_replay(NULL, NULL);

    cr_assert(m->marks == NULL && m->baseline == NULL, "there are some");
    cr_assert(monitor_mark(rec.monitor), "none can be set");
    recorded_close();
    begin(10); /* goes on with it */
    monitor_mark(rec.monitor);
    ASSERT_QUERY("SELECT count(*) FROM marks", 1);
    ASSERT_QUERY("SELECT user_version FROM pragma_user_version", 1);
}

Test(recording_marks, nonsense_is_left_out)
{
    begin(100);
    recorded_close();
    recorded_change(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 90)"
        "INSERT INTO marks SELECT 50000000000000 + i * 1000000000, 'mark', 0 FROM n;"
        "INSERT INTO marks VALUES (-5,'mark',0), ('x','mark',0), (50001000000000,'of later',0),"
        "(9223372036854775807,'baseline',0), (9223372036854775807,'mark',0)");
    const struct model *m = recorded_replay(NULL, NULL);

    cr_assert_eq(m->marks->n, MODEL_MARKS, "%u", m->marks->n);
    cr_assert(m->marks->at_ns[0] == MONO_NS + S && m->marks->at_ns[31] == MONO_NS + 32 * S,
              "from %" PRId64 " to %" PRId64, m->marks->at_ns[0], m->marks->at_ns[31]);
    cr_assert_null(m->baseline, "a baseline of no time");
}
