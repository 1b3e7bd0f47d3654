/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/monitor.h"
#include "mon/procstat.h"
#include "mon/target.h"
#include "tests/support/fakepage.h"
#include "tests/support/resident.h"
#include "tests/support/sleeper.h"

#define MONO_NS (50000 * NS_PER_S)
#define REAL_NS (INT64_C(1795403564) * NS_PER_S)
#define S       NS_PER_S

static struct fakepage page;
static struct target target;
static struct monitor *monitor;
static const struct model *model;
static struct monitor_failure failure;
static char name[24]; /* of the target; of no other test's, which may have one at the same time */

/* The target is a child, so that it can be stopped and killed; its page, which it inherited and
 * which says that it is its own, is written from here. */
static void setup(void)
{
    struct procstat stat;

    snprintf(name, sizeof name, "fake-%d", (int)getpid());
    fakepage_init(&page, &(struct fakepage_options){.name = name,
                                                    .nprocs = 2,
                                                    .task_rows = 100,
                                                    .mono_ns = MONO_NS - 1000 * S,
                                                    .real_ns = REAL_NS - 1000 * S});
    target = (struct target){.pid = fork_sleeper(), .uid = getuid(), .live = true};
    cr_assert(procstat_read(target.pid, &stat), "no child");
    target.start_ticks = stat.start_ticks;
    page.header->pid = target.pid;
    page.header->start_ticks = stat.start_ticks;
}

static void teardown(void)
{
    monitor_free(monitor);
    kill(target.pid, SIGKILL);
    waitpid(target.pid, NULL, 0);
    fakepage_fini(&page);
}

TestSuite(monitor, .init = setup, .fini = teardown, .timeout = 30);

static void open_monitor(void)
{
    monitor = monitor_new(&target, &(struct monitor_options){0}, &failure);
    cr_assert_not_null(monitor, "%d: %s", failure.status, failure.text);
    model = monitor_model(monitor);
}

/* One second: the target publishes, gomon looks. */
static void publish(int64_t mono_ns)
{
    page.value[METRIC_HEAP_ALLOC] = (uint64_t)(mono_ns / S);
    page.value[METRIC_GC_COUNT] += 2;
    page.value[METRIC_MEM_SYS] = 1000000;
    fakepage_publish(&page, mono_ns);
}

static void tick(int64_t mono_ns)
{
    monitor_tick(monitor, mono_ns, REAL_NS + (mono_ns - MONO_NS));
}

static bool check(int64_t mono_ns)
{
    return monitor_check(monitor, mono_ns, REAL_NS + (mono_ns - MONO_NS));
}

static uint64_t value_of(unsigned metric)
{
    uint64_t value;

    cr_assert(snapshot_value(model->snapshot, metric, &value), "%s is missing",
              model->metrics->info[metric].name);
    return value;
}

static bool is_known_at(unsigned metric, int64_t mono_ns)
{
    struct history_bucket b;

    return history_range(model->history, metric, mono_ns, mono_ns + S, &b);
}

static void end_child(void)
{
    siginfo_t info;

    kill(target.pid, SIGKILL);
    waitid(P_PID, (id_t)target.pid, &info, WEXITED | WNOWAIT);
}

static void assert_state(enum target_state state)
{
    cr_assert_eq(model->status.state, state, "state %s, not %s",
                 target_state_name(model->status.state), target_state_name(state));
}

Test(monitor, shows_what_is_published_and_what_is_measured)
{
    double rate;

    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    publish(MONO_NS + S);
    tick(MONO_NS + S);

    cr_assert_eq(value_of(MON_HEAP_ALLOC), 50001, "heap.alloc %" PRIu64, value_of(MON_HEAP_ALLOC));
    cr_assert(snapshot_rate(model->snapshot, MON_GC_COUNT, &rate) && rate == 2.0, "rate %g", rate);
    cr_assert_gt(value_of(MON_PROCESS_RSS), 0, "no rss");
    cr_assert_leq(value_of(MON_PROCESS_OUTSIDE), value_of(MON_PROCESS_RSS), "outside");
    cr_assert(is_known_at(MON_HEAP_ALLOC, MONO_NS) && is_known_at(MON_PROCESS_RSS, MONO_NS),
              "no history");
    assert_state(TARGET_LIVE);
    cr_assert_str_eq(model->target.name, name, "%s", model->target.name);
}

Test(monitor, its_first_look_shows_what_was_before)
{
    for (int64_t t = -300; t < 0; t++)
        fakepage_second(&page, MONO_NS + t * S);
    publish(MONO_NS);
    open_monitor();
    tick(MONO_NS);

    cr_assert(is_known_at(MON_HEAP_ALLOC, MONO_NS - 299 * S), "not 5 minutes ago");
    cr_assert_not(is_known_at(MON_HEAP_ALLOC, MONO_NS - 400 * S), "but nothing was there");
}

Test(monitor, a_hole_of_its_own_sleep_is_filled_from_the_page)
{
    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    for (int64_t t = 1; t < 60; t++)
        fakepage_second(&page, MONO_NS + t * S);
    publish(MONO_NS + 60 * S);
    tick(MONO_NS + 60 * S);

    for (int64_t t = 1; t < 60; t++)
        cr_assert(is_known_at(MON_HEAP_ALLOC, MONO_NS + t * S), "nothing of second %" PRId64, t);
}

Test(monitor, the_rate_between_two_publishes_stays_while_nothing_new_comes)
{
    double rate;

    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    publish(MONO_NS + S);
    tick(MONO_NS + S);
    tick(MONO_NS + S + S / 2);

    cr_assert(snapshot_rate(model->snapshot, MON_GC_COUNT, &rate) && rate == 2.0, "rate %g", rate);
    assert_state(TARGET_LIVE);
}

Test(monitor, a_stopped_target_is_stale_and_leaves_a_gap)
{
    double rate;

    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    publish(MONO_NS + S);
    tick(MONO_NS + S);
    kill(target.pid, SIGSTOP);
    waitpid(target.pid, NULL, WUNTRACED);
    tick(MONO_NS + 2 * S);

    assert_state(TARGET_STOPPED);
    tick(MONO_NS + 5 * S);
    cr_assert(model->snapshot->stale, "it is not stale");
    cr_assert_not(snapshot_rate(model->snapshot, MON_GC_COUNT, &rate), "rate %g", rate);
    cr_assert_eq(value_of(MON_HEAP_ALLOC), 50001, "the last value is gone");
    for (int64_t t = 2; t < 5; t++)
        cr_assert_eq(history_gap_at(model->history, MONO_NS + t * S), GAP_STOPPED,
                     "gap of second %" PRId64, t);
    cr_assert(is_known_at(MON_PROCESS_RSS, MONO_NS + 2 * S), "gomon measures no longer");
}

Test(monitor, a_killed_target_is_said_to_be_so_and_its_picture_stays)
{
    struct pollfd p;

    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    publish(MONO_NS + S);
    tick(MONO_NS + S);
    end_child();
    p = (struct pollfd){.fd = monitor_pidfd(monitor), .events = POLLIN};
    cr_assert(p.fd < 0 || poll(&p, 1, 5000) == 1, "the pidfd does not tell");
    cr_assert(check(MONO_NS + S + S / 10), "nothing is to be done");
    tick(MONO_NS + S + S / 10);

    assert_state(TARGET_KILLED);
    for (int64_t t = 2; t < 2000; t += 10)
        tick(MONO_NS + t * S);
    cr_assert_eq(model->status.since_ns, MONO_NS + S + S / 10, "since %" PRId64,
                 model->status.since_ns);
    cr_assert_eq(model->view.end_ns, model->status.since_ns, "drawn until %" PRId64,
                 model->view.end_ns);
    cr_assert_eq(value_of(MON_HEAP_ALLOC), 50001, "the last value is gone");
    cr_assert_gt(value_of(MON_PROCESS_RSS), 0, "its memory is gone");
    cr_assert(model->process->valid, "its figures are gone");
    cr_assert(is_known_at(MON_HEAP_ALLOC, MONO_NS), "its history is gone");
}

/* ---- between two ticks ---- */

Test(monitor, a_look_between_two_ticks_sees_a_target_that_is_stopped)
{
    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    publish(MONO_NS + 20 * S);
    cr_assert_not(check(MONO_NS + 21 * S), "though it lives and publishes");
    cr_assert_eq(model->mono_ns, MONO_NS + 21 * S, "the time stands still at %" PRId64,
                 model->mono_ns);
    cr_assert_eq(model->real_ns, REAL_NS + 21 * S, "and by the wall clock at %" PRId64,
                 model->real_ns);
    kill(target.pid, SIGSTOP);
    waitpid(target.pid, NULL, WUNTRACED);
    cr_assert(check(MONO_NS + 22 * S), "it is not seen");
    tick(MONO_NS + 22 * S);
    assert_state(TARGET_STOPPED);
    cr_assert_not(check(MONO_NS + 23 * S), "it is seen again and again");
}

Test(monitor, a_look_between_two_ticks_sees_a_target_that_publishes_nothing)
{
    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    cr_assert_not(check(MONO_NS + S), "at once");
    cr_assert(check(MONO_NS + 10 * S), "it is not seen");
    assert_state(TARGET_LIVE);
    tick(MONO_NS + 10 * S);
    assert_state(TARGET_STALLED);
}

/* ---- started again ---- */

/* A child that began in a later tick of the clock than the target, and owns the page from now
 * on. */
static pid_t start_again(void)
{
    struct procstat stat;
    pid_t pid;

    for (;;) {
        pid = fork_sleeper();
        cr_assert(procstat_read(pid, &stat), "no child");
        if (stat.start_ticks > target.start_ticks)
            break;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    page.header->pid = pid;
    page.header->start_ticks = stat.start_ticks;
    return pid;
}

static void end_other(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

Test(monitor, a_restarted_target_is_said_to_be_so_within_a_second)
{
    pid_t again;

    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    end_child();
    tick(MONO_NS + S);
    cr_assert_eq(model->status.successor, 0, "successor %d", (int)model->status.successor);
    again = start_again();
    cr_assert(check(MONO_NS + 2 * S), "no search is due");
    tick(MONO_NS + 2 * S);
    cr_assert_eq(model->status.successor, again, "successor %d", (int)model->status.successor);
    assert_state(TARGET_KILLED);

    end_other(again);
    tick(MONO_NS + 3 * S);
    cr_assert_eq(model->status.successor, 0, "%d is gone", (int)model->status.successor);
}

Test(monitor, after_a_minute_it_looks_for_a_restarted_one_every_ten_seconds)
{
    pid_t again;

    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    end_child();
    tick(MONO_NS + S);
    tick(MONO_NS + 70 * S);
    again = start_again();
    cr_assert_not(check(MONO_NS + 79 * S), "a search is due");
    tick(MONO_NS + 79 * S);
    cr_assert_eq(model->status.successor, 0, "it searched");
    tick(MONO_NS + 80 * S);
    end_other(again);
    cr_assert_eq(model->status.successor, again, "successor %d", (int)model->status.successor);
}

Test(monitor, one_that_ran_beside_it_is_not_its_restart)
{
    pid_t beside;

    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    beside = start_again();
    while (procstat_ticks_ago(2 * NS_PER_MS) <= page.header->start_ticks)
        ; /* until the kernel's clock has ticked */
    tick(MONO_NS + S);
    end_child();
    tick(MONO_NS + S + NS_PER_MS);
    end_other(beside);

    assert_state(TARGET_KILLED);
    cr_assert_eq(model->status.successor, 0, "successor %d", (int)model->status.successor);
}

Test(monitor, how_it_ended_is_read_after_the_end)
{
    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    publish(MONO_NS + S / 2);
    page.header->state = PAGE_STATE_EXITED;
    end_child();
    tick(MONO_NS + S);

    assert_state(TARGET_EXITED);
    cr_assert(is_known_at(MON_HEAP_ALLOC, MONO_NS), "no history");
}

Test(monitor, frozen_the_picture_stays_while_the_history_goes_on)
{
    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);
    monitor_freeze(monitor, true);
    for (int64_t t = 1; t < 10; t++) {
        publish(MONO_NS + t * S);
        tick(MONO_NS + t * S);
    }

    cr_assert_eq(value_of(MON_HEAP_ALLOC), 50000, "heap.alloc %" PRIu64, value_of(MON_HEAP_ALLOC));
    cr_assert_eq(model->view.end_ns, MONO_NS, "drawn until %" PRId64, model->view.end_ns);
    cr_assert(is_known_at(MON_HEAP_ALLOC, MONO_NS + 9 * S), "the history stands still");
    monitor_freeze(monitor, false);
    tick(MONO_NS + 10 * S);
    cr_assert_eq(value_of(MON_HEAP_ALLOC), 50009, "heap.alloc %" PRIu64, value_of(MON_HEAP_ALLOC));
}

Test(monitor, tasks_are_counted_by_spawn_site)
{
    for (uint64_t i = 0; i < 10; i++)
        fakepage_task(
            &page, i,
            &(struct page_task){.word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_CHAN_RECV, 2),
                                .id = i + 1,
                                .spawn_pc = 0x1000});
    open_monitor();
    publish(MONO_NS);
    tick(MONO_NS);

    cr_assert(model->tasks->valid && model->tasks->n == 1 && model->tasks->group[0].count == 10,
              "%" PRIu32 " groups of %" PRIu64, model->tasks->n, model->tasks->ntasks);
}

Test(monitor, an_image_is_a_post_mortem)
{
    char path[] = "/tmp/test_monitor.XXXXXX";
    int fd = mkstemp(path);

    publish(MONO_NS - 500 * S);
    cr_assert_eq(write(fd, page.page, page.page_bytes), (ssize_t)page.page_bytes, "write");
    close(fd);
    target.live = false;
    target.since_real_ns = REAL_NS - 500 * S;
    snprintf(target.image, sizeof target.image, "%s", path);
    open_monitor();
    tick(MONO_NS);
    unlink(path);

    cr_assert(model->target.post_mortem, "it is said to live");
    assert_state(TARGET_KILLED);
    cr_assert_eq(model->view.end_ns, MONO_NS - 500 * S, "drawn until %" PRId64, model->view.end_ns);
    cr_assert_eq(value_of(MON_HEAP_ALLOC), 49500, "heap.alloc %" PRIu64, value_of(MON_HEAP_ALLOC));
}

Test(monitor, what_cannot_be_opened_is_told_with_its_status)
{
    page.header->major = 9;
    page.header->minor = 0;
    cr_assert_null(monitor_new(&target, &(struct monitor_options){0}, &failure), "it was opened");
    cr_assert_eq(failure.status, EXIT_BAD_PAGE, "status %d: %s", failure.status, failure.text);
    cr_assert_not_null(strstr(failure.text, "version 9.0"), "%s", failure.text);
}

/* ---- one of many ---- */

#define MANY    8
#define COST_KB 1200

static void fill_page(void)
{
    for (uint64_t i = 0; i < 100; i++)
        fakepage_task(
            &page, i,
            &(struct page_task){.word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 1),
                                .id = i + 1,
                                .spawn_pc = 1000 + i});
    for (int i = 0; i < FAKEPAGE_CYCLES; i++)
        fakepage_cycle(&page, &(struct page_gc_cycle){.pause_ns = 1000});
}

/* The history of seconds is written through more than once, in real time 20 minutes. */
Test(monitor, one_of_many_costs_little_memory)
{
    const char *sanitizer = getenv("SANITIZER");
    struct monitor *many[MANY];
    int64_t before_kb;
    int64_t cost_kb;

    if (sanitizer != NULL && *sanitizer != '\0')
        cr_skip_test("a sanitizer has memory of its own");
    fill_page();
    before_kb = resident_kb();
    for (int i = 0; i < MANY; i++) {
        many[i] = monitor_new(&target, &(struct monitor_options){.sparing = true}, &failure);
        cr_assert_not_null(many[i], "%d: %s", failure.status, failure.text);
    }
    for (int64_t s = 0; s < 1200; s++) {
        publish(MONO_NS + s * S);
        for (int i = 0; i < MANY; i++)
            monitor_tick(many[i], MONO_NS + s * S, REAL_NS + s * S);
    }
    cost_kb = (resident_kb() - before_kb) / MANY;
    model = monitor_model(many[0]);
    cr_assert(is_known_at(MON_HEAP_ALLOC, MONO_NS + 600 * S), "it forgets its past");
    cr_assert(before_kb > 0 && cost_kb < COST_KB, "%" PRId64 " KB each", cost_kb);
    for (int i = 0; i < MANY; i++)
        monitor_free(many[i]);
}
