/* SPDX-License-Identifier: MIT */
/* test_monitor_odd.c - a target watched in odd times: clocks that are set, collections that are
 * longer than a sample, an hour in which the picture is frozen, many attachments; and a target that
 * becomes another program. */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mon/procstat.h"
#include "panels/screen.h"
#include "tests/support/openfds.h"
#include "tests/support/recorded.h"
#include "tests/support/resident.h"
#include "tests/support/sleeper.h"

#define HOUR 3600

static const struct model *model;
static int64_t clock_is_fast_s; /* by so much the wall clock was set since the beginning */

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    recorded_setup();
}

TestSuite(monitor_odd, .init = setup, .fini = recorded_teardown, .timeout = 60);

static void open_monitor(void)
{
    struct monitor_options o = {.record = MONITOR_RECORDS_NOTHING};

    rec.monitor = monitor_new(&rec.target, &o, &rec.failure);
    cr_assert_not_null(rec.monitor, "%d: %s", rec.failure.status, rec.failure.text);
    model = monitor_model(rec.monitor);
}

static void publish(int64_t second)
{
    rec.page.value[METRIC_HEAP_ALLOC] = (uint64_t)(MONO_NS / S + second);
    rec.page.value[METRIC_GC_COUNT] = (uint64_t)(MONO_NS / S + second) * 2;
    fakepage_publish(&rec.page, MONO_NS + second * S);
}

static void tick(int64_t ns)
{
    monitor_tick(rec.monitor, MONO_NS + ns, REAL_NS + ns + clock_is_fast_s * S);
}

static void run(int64_t first, int64_t end)
{
    for (int64_t s = first; s < end; s++) {
        publish(s);
        tick(s * S);
    }
}

/* How many samples of heap.alloc lie in a second. */
static uint32_t samples_of(int64_t second)
{
    struct history_bucket b;

    history_range(model->history, MON_HEAP_ALLOC, MONO_NS + second * S, MONO_NS + (second + 1) * S,
                  &b);
    return b.n;
}

static double gc_rate(void)
{
    double rate = -1.0;

    snapshot_rate(model->snapshot, MON_GC_COUNT, &rate);
    return rate;
}

/* ---- exec ---- */

/* The target is one that can be told to call exec. */
static struct execer target_execer(void)
{
    struct execer e = fork_execer();
    struct procstat stat;

    kill(rec.target.pid, SIGKILL);
    waitpid(rec.target.pid, NULL, 0);
    cr_assert(procstat_read(e.pid, &stat), "no child");
    rec.target.pid = rec.page.header->pid = e.pid;
    rec.target.start_ticks = rec.page.header->start_ticks = stat.start_ticks;
    return e;
}

static void assert_state(enum target_state state)
{
    cr_assert_eq(model->status.state, state, "it is %s", target_state_name(model->status.state));
}

Test(monitor_odd, a_target_that_calls_exec_is_replaced_and_its_past_stays)
{
    struct execer e = target_execer();

    recorded_open((struct recorder_options){.path = rec.path});
    model = monitor_model(rec.monitor);
    run(0, 5);
    execer_exec(&e);
    cr_assert(monitor_check(rec.monitor, MONO_NS + 4 * S + S / 2, REAL_NS + 4 * S + S / 2),
              "it is not seen");
    tick(8 * S); /* late: a gap of less than a sample is none */
    assert_state(TARGET_REPLACED);
    cr_assert_eq(history_gap_at(model->history, MONO_NS + 6 * S), GAP_TARGET_GONE, "no gap");
    tick(20 * S);
    cr_assert_eq(model->view.end_ns, MONO_NS + 8 * S, "drawn until %" PRId64, model->view.end_ns);
    cr_assert_eq(samples_of(4), 1, "its history is gone");
    recorded_close();

    model = recorded_replay(NULL, NULL);
    monitor_move(rec.monitor, MOVE_LIVE, 0, 300 * S);
    model = monitor_model(rec.monitor);
    assert_state(TARGET_REPLACED);
}

Test(monitor_odd, figures_of_the_program_that_came_by_exec_are_not_shown)
{
    struct execer e = target_execer();
    struct history_bucket bucket;

    open_monitor();
    run(0, 5);
    uint64_t rss = model->process->rss_bytes;
    execer_exec(&e);
    tick(5 * S);

    cr_assert_str_neq(model->process->name, "sleep", "the name is the other program's");
    cr_assert_eq(model->process->rss_bytes, rss, "RSS is %" PRIu64 ", was %" PRIu64,
                 model->process->rss_bytes, rss);
    cr_assert_not(
        history_range(model->history, MON_PROCESS_RSS, MONO_NS + 5 * S, MONO_NS + 6 * S, &bucket),
        "RSS of the other program is in the history");
}

/* ---- clocks ---- */

/* Forward by an hour, and back by two: all but the time of day goes by the clock that is not
 * set. */
Test(monitor_odd, a_wall_clock_that_is_set_leaves_no_gap_and_no_rate_behind)
{
    static const int64_t fast_s[] = {0, HOUR, -HOUR};

    recorded_open((struct recorder_options){.path = rec.path});
    model = monitor_model(rec.monitor);
    for (int64_t i = 0; i < 3; i++) {
        clock_is_fast_s = fast_s[i];
        run(i * 60, (i + 1) * 60);
        cr_assert_eq(gc_rate(), 2.0, "%g collections a second", gc_rate());
        cr_assert_eq(model->status.state, TARGET_LIVE, "it is %s",
                     target_state_name(model->status.state));
        cr_assert_eq(model->real_ns, REAL_NS + (i * 60 + 59 + fast_s[i]) * S,
                     "the time of day is %" PRId64, model->real_ns);
        cr_assert_eq(model->view.end_ns, model->mono_ns, "the plots end elsewhere");
    }
    for (int64_t s = 0; s < 180; s++)
        cr_assert_eq(samples_of(s), 1, "%" PRIu32 " samples in second %" PRId64, samples_of(s), s);
    recorded_close();

    ASSERT_QUERY("SELECT count(*) FROM samples", 180);
    ASSERT_QUERY("SELECT max(real_ns) / 1000000000 FROM samples", REAL_NS / S + 119 + HOUR);
    model = recorded_replay(NULL, NULL);
    for (int64_t s = 1; s < 180; s++) {
        cr_assert(monitor_move(rec.monitor, MOVE_SAMPLE, 1, 300 * S), "it ends at %" PRId64, s);
        model = monitor_model(rec.monitor);
        cr_assert_eq(model->mono_ns, MONO_NS + s * S, "sample %" PRId64 " is of %" PRId64, s,
                     model->mono_ns);
    }
}

/* gomon comes when the clock has been set since the program began: its beginning by the wall clock
 * is still to come. It is judged all the same. */
Test(monitor_odd, a_program_that_seems_to_begin_in_the_future_has_its_past)
{
    clock_is_fast_s = -2 * HOUR;
    for (int64_t s = -300; s < 0; s++) {
        publish(s);
        fakepage_second(&rec.page, MONO_NS + s * S);
    }
    open_monitor();
    run(0, 10);

    for (int64_t s = -299; s < 10; s++)
        cr_assert_geq(samples_of(s), 1, "nothing of second %" PRId64, s);
    cr_assert_eq(model->alerts->n, 0, "%" PRIu32 " alerts", model->alerts->n);
    rec.page.value[METRIC_HEAP_LIVE] = 95 << 20;
    rec.page.value[METRIC_GC_MEMORY_LIMIT] = 100 << 20;
    run(10, 60);
    cr_assert_eq(model->alerts->n, 1, "%" PRIu32 " alerts", model->alerts->n);
    cr_assert_eq(model->alerts->alert[0].lint, LINT_NEAR_LIMIT, "%s", model->alerts->alert[0].text);
}

/* ---- collections and samples ---- */

Test(monitor_odd, what_is_read_twice_is_one_sample)
{
    open_monitor();
    for (int64_t s = 0; s < 20; s++) {
        publish(s);
        for (int64_t quarter = 0; quarter < 4; quarter++)
            tick(s * S + quarter * S / 4);
    }

    for (int64_t s = 0; s < 20; s++)
        cr_assert_eq(samples_of(s), 1, "%" PRIu32 " samples in second %" PRId64, samples_of(s), s);
    cr_assert_eq(gc_rate(), 2.0, "%g collections a second", gc_rate());
}

/* gomon looks on while the world stands still for eight seconds. */
Test(monitor_odd, a_hole_that_a_collection_made_is_told_and_filled_with_nothing)
{
    open_monitor();
    run(0, 5);
    for (int64_t s = 5; s < 13; s++)
        tick(s * S);
    fakepage_cycle(&rec.page, &(struct page_gc_cycle){.start_mono_ns = (uint64_t)(MONO_NS + 5 * S),
                                                      .pause_ns = (uint64_t)(8 * S)});
    run(13, 15);

    for (int64_t s = 6; s < 12; s++) {
        enum gap_cause cause = history_gap_at(model->history, MONO_NS + s * S);

        cr_assert_eq(samples_of(s), 0, "a made-up sample in second %" PRId64, s);
        cr_assert_eq(cause, GAP_PAUSED, "second %" PRId64 ": cause %d", s, (int)cause);
    }
    cr_assert_eq(samples_of(13), 1, "%" PRIu32 " samples after it", samples_of(13));
    cr_assert_eq(model->snapshot->ncycles, 1, "%" PRIu32 " collections", model->snapshot->ncycles);
    cr_assert_eq(gc_rate(), 2.0, "%g collections a second", gc_rate());
}

/* The rows below the titles of the panel of collections, newest first. */
static void assert_rows(uint64_t newest)
{
    static struct screen screen;
    struct canvas canvas;
    char *text;
    char *at;

    canvas_init(&canvas, 30, 100);
    screen_init(&screen, PLOT_ASCII, PLOT_ASCII, S);
    screen_fit(&screen, model, 30, 100);
    screen.tab = PANEL_GC;
    screen_draw(&screen, model, &canvas);
    text = canvas_to_text(&canvas);
    at = strstr(text, "NUMGC ENDED");
    cr_assert_not_null(at, "no table:\n%s", text);
    for (uint64_t n = newest; n > newest - 3; n--) {
        at = strchr(at, '\n') + 1;
        cr_assert_eq(strtoull(at, NULL, 10), n, "not collection %" PRIu64 ":\n%s", n, text);
    }
    free(text);
    canvas_fini(&canvas);
}

Test(monitor_odd, pauses_stand_newest_first_after_3_256_and_257)
{
    static const uint64_t after[] = {3, 256, 257};

    open_monitor();
    for (size_t i = 0; i < 3; i++) {
        while (rec.page.ncycles < after[i])
            fakepage_cycle(&rec.page, &(struct page_gc_cycle){.end_real_ns = (uint64_t)REAL_NS +
                                                                             rec.page.ncycles,
                                                              .pause_ns = 1000 + rec.page.ncycles});
        run((int64_t)i, (int64_t)i + 1);
        assert_rows(after[i]);
        monitor_free(rec.monitor); /* as one sees it that comes only now */
        open_monitor();
        run((int64_t)i, (int64_t)i + 1);
        assert_rows(after[i]);
    }
}

/* ---- the picture is frozen ---- */

Test(monitor_odd, an_hour_in_which_the_picture_is_frozen_is_not_lost)
{
    uint64_t shown;

    open_monitor();
    run(0, 60);
    monitor_freeze(rec.monitor, true);
    run(60, 60 + HOUR);
    cr_assert(snapshot_value(model->snapshot, MON_HEAP_ALLOC, &shown), "no value");
    cr_assert_eq(shown, MONO_NS / S + 59, "it is not frozen: %" PRIu64, shown);
    cr_assert_eq(model->view.end_ns, MONO_NS + 59 * S, "the plots go on");
    monitor_freeze(rec.monitor, false);
    run(60 + HOUR, 61 + HOUR);

    cr_assert(snapshot_value(model->snapshot, MON_HEAP_ALLOC, &shown), "no value");
    cr_assert_eq(shown, MONO_NS / S + 60 + HOUR, "it stays frozen: %" PRIu64, shown);
    cr_assert_eq(model->view.end_ns, model->mono_ns, "the plots stay frozen");
    for (int64_t s = 61 + HOUR - 890; s < 61 + HOUR; s++)
        cr_assert_eq(samples_of(s), 1, "%" PRIu32 " samples in second %" PRId64, samples_of(s), s);
    for (int64_t m = 1; m < 60; m++)
        cr_assert_gt(samples_of(m * 60), 0, "nothing of minute %" PRId64, m);
}

/* ---- attaching ---- */

#define ATTACHMENTS 150
#define WARM        30

static void attach(void)
{
    open_monitor();
    tick(0);
    cr_assert_eq(model->status.state, TARGET_LIVE, "it is %s",
                 target_state_name(model->status.state));
    monitor_free(rec.monitor);
    rec.monitor = NULL;
}

Test(monitor_odd, many_attachments_leave_nothing_behind)
{
    const char *sanitizer = getenv("SANITIZER");
    int64_t after_some_kb = 0;
    int own = 0;
    int its = 0;
    int threads = 0;

    publish(0);
    for (int i = 0; i < ATTACHMENTS; i++) {
        attach();
        if (i == WARM) {
            after_some_kb = resident_kb();
            own = open_fds(getpid());
            its = open_fds(rec.target.pid);
            threads = proc_entries(getpid(), "task");
        }
    }

    cr_assert(own > 0 && open_fds(getpid()) == own, "gomon has %d descriptors, it had %d",
              open_fds(getpid()), own);
    cr_assert(its > 0 && open_fds(rec.target.pid) == its, "the target has %d descriptors, not %d",
              open_fds(rec.target.pid), its);
    cr_assert_eq(proc_entries(getpid(), "task"), threads, "%d threads, not %d",
                 proc_entries(getpid(), "task"), threads);
    if (sanitizer == NULL || *sanitizer == '\0')
        cr_assert_leq(resident_kb(), after_some_kb + 512,
                      "%" PRId64 " KB, after %d it was %" PRId64, resident_kb(), WARM,
                      after_some_kb);
}
