/* SPDX-License-Identifier: MIT */
/* test_fleet_targets.c - several targets watched together: good and bad pids, an end, removal;
 * those that cannot be read yet, and those that come again. */
#include "config.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/fleet.h"
#include "mon/monitor.h"
#include "mon/procstat.h"
#include "tests/support/fakepage.h"
#include "tests/support/sleeper.h"

#define NOBODY  999999999
#define MONO_NS (50000 * NS_PER_S)
#define REAL_NS (INT64_C(1795403564) * NS_PER_S)

static struct fakepage page;
static char name[32]; /* that no test beside this one uses */
static struct options options;
static struct target_list list;
static struct several *targets;
static struct fleet *fleet;
static pid_t child; /* the page is its own; it was inherited. 0: it is gone */
static pid_t other; /* likewise, once it was given to it; 0: there is none */

static void give_page(pid_t pid)
{
    struct procstat stat;

    cr_assert(procstat_read(pid, &stat), "no process %d", (int)pid);
    page.header->pid = pid;
    page.header->start_ticks = stat.start_ticks;
}

static void set_up(void)
{
    snprintf(name, sizeof name, "fake%d", (int)getpid());
    fakepage_init(&page, &(struct fakepage_options){.name = name,
                                                    .nprocs = 2,
                                                    .mono_ns = MONO_NS - 100 * NS_PER_S,
                                                    .real_ns = REAL_NS - 100 * NS_PER_S});
    child = fork_sleeper();
    give_page(child);
    options_init(&options);
}

static void tear_down(void)
{
    fleet_free(fleet);
    free(targets);
    if (child > 0)
        kill(child, SIGKILL);
    if (other > 0)
        kill(other, SIGKILL);
    fakepage_fini(&page);
}

TestSuite(fleet_targets, .init = set_up, .fini = tear_down, .timeout = 30);

static void open_words(const char *text)
{
    cr_assert(wordlist_add(&options.several, text), "%s", text);
    targets = several_find(&options, &list);
    cr_assert_not_null(targets, "no memory");
    fleet = fleet_new(&options, targets);
}

static void open_all(pid_t first, pid_t second, pid_t third)
{
    char text[64];

    snprintf(text, sizeof text, "%d,%d,%d", (int)first, (int)second, (int)third);
    open_words(text);
}

static const struct fleet_row *row(unsigned i)
{
    return &fleet_rows(fleet)->row[i];
}

static void tick(int64_t ns)
{
    page.value[METRIC_HEAP_INUSE] = 1000;
    fakepage_publish(&page, MONO_NS + ns);
    fleet_tick(fleet, MONO_NS + ns, REAL_NS + ns);
}

static void end_child(void)
{
    siginfo_t info;

    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
}

static bool check(int64_t ns)
{
    return fleet_check(fleet, MONO_NS + ns, REAL_NS + ns);
}

Test(fleet_targets, one_that_is_wrong_does_not_spoil_the_others)
{
    enum exit_status status;

    open_all(NOBODY, child, getpid()); /* the last one has a page that is not its own */
    cr_assert(fleet_has_any(fleet, &status) && status == EXIT_OK, "status %d", status);
    tick(0);
    cr_assert_not_null(strstr(row(0)->why, "no process 999999999"), "%s", row(0)->why);
    cr_assert_not_null(strstr(row(2)->why, "has no page"), "%s", row(2)->why);
    cr_assert_str_eq(row(1)->why, "", "%s", row(1)->why);
    cr_assert_str_eq(row(1)->name, name, "%s", row(1)->name);
    cr_assert(row(1)->figure[FLEET_INUSE].known && row(1)->figure[FLEET_INUSE].value == 1000,
              "in use %g", row(1)->figure[FLEET_INUSE].value);
    cr_assert_null(fleet_open(fleet, row(0)->id), "what is not there can be opened");
    cr_assert_not_null(fleet_open(fleet, row(1)->id), "what lives cannot be opened");
}

Test(fleet_targets, if_all_are_wrong_the_first_tells_the_status)
{
    enum exit_status status;

    open_all(NOBODY, NOBODY - 1, getpid());
    cr_assert_not(fleet_has_any(fleet, &status), "there is one");
    cr_assert_eq(status, EXIT_NO_TARGET, "status %d", status);
}

Test(fleet_targets, a_row_of_the_dead_stays_until_it_is_removed)
{
    open_all(child, NOBODY, NOBODY - 1);
    tick(0);
    unsigned id = row(0)->id;
    cr_assert_not(fleet_remove(fleet, id), "the living are removed");
    end_child();
    cr_assert(fleet_check(fleet, MONO_NS + NS_PER_S, REAL_NS + NS_PER_S), "nobody notes its end");
    tick(2 * NS_PER_S);
    tick(60 * NS_PER_S);
    cr_assert(row(0)->state == TARGET_KILLED && row(0)->since_ns >= 57 * NS_PER_S, "state %d",
              row(0)->state);
    cr_assert_eq(row(0)->figure[FLEET_INUSE].value, 1000, "its last figures are gone");
    unsigned behind = row(1)->id;
    cr_assert(fleet_remove(fleet, id), "it stays");
    cr_assert_eq(row(0)->id, behind, "another row went");
    cr_assert_not(fleet_remove(fleet, id), "it is removed twice");
    cr_assert(fleet_remove(fleet, behind) && fleet_rows(fleet)->n == 1, "%u rows",
              fleet_rows(fleet)->n);
}

Test(fleet_targets, it_is_sampled_while_it_is_looked_at_and_after)
{
    struct history_bucket bucket;

    open_all(child, NOBODY, NOBODY - 1);
    for (int s = 0; s < 30; s++) {
        struct watched *w = s == 10 ? fleet_open(fleet, row(0)->id) : NULL;

        tick(s * NS_PER_S);
        if (w != NULL)
            fleet_close(fleet, w);
    }
    struct watched *w = fleet_open(fleet, row(0)->id);
    cr_assert_not_null(w, "it cannot be opened");
    cr_assert(history_range(watched_model(w)->history, MON_HEAP_INUSE, MONO_NS,
                            MONO_NS + 30 * NS_PER_S, &bucket),
              "no history");
    cr_assert_eq(bucket.n, 30, "%u samples of 30", bucket.n);
    cr_assert_geq((double)row(0)->spark[FLEET_SPARKS - 1], 1000.0, "no sparks");
}

Test(fleet_targets, a_name_stands_for_the_process_of_that_program)
{
    char text[96];

    snprintf(text, sizeof text, "%s,%snot,%d", name, name, (int)child);
    open_words(text);
    tick(0);
    cr_assert(row(0)->why[0] == '\0' && row(0)->pid == child, "pid %d: %s", (int)row(0)->pid,
              row(0)->why);
    cr_assert(fleet_row_is_over(row(1)) && strstr(row(1)->why, "no target is called") != NULL, "%s",
              row(1)->why);
    cr_assert(fleet_row_is_over(row(2)) && strstr(row(2)->why, "is named twice") != NULL, "%s",
              row(2)->why);
}

/* ---- not yet ---- */

static void open_without_page(void)
{
    page.header->pid = NOBODY;
    open_all(child, NOBODY, NOBODY - 1);
    tick(0);
}

Test(fleet_targets, what_has_no_page_yet_says_that_it_waits_for_it)
{
    open_without_page();
    cr_assert(row(0)->wait == FLEET_WAITS_PAGE && !fleet_row_is_over(row(0)), "it waits for %d",
              row(0)->wait);
    cr_assert_not_null(strstr(row(0)->why, "has no page"), "%s", row(0)->why);
    cr_assert(row(1)->wait == FLEET_WAITS_NOT && fleet_row_is_over(row(1)),
              "a process that is not there is waited for");
}

Test(fleet_targets, a_page_that_comes_is_found_within_a_second)
{
    open_without_page();
    give_page(child);
    cr_assert_not(check(NS_PER_S / 2), "it is tried all the time");
    cr_assert(check(NS_PER_S), "it is not tried again");
    tick(NS_PER_S);
    cr_assert(row(0)->why[0] == '\0' && row(0)->wait == FLEET_WAITS_NOT, "%s", row(0)->why);
    cr_assert(row(0)->figure[FLEET_INUSE].known && row(0)->figure[FLEET_INUSE].value == 1000,
              "it was not sampled");
    cr_assert_not_null(fleet_open(fleet, row(0)->id), "it cannot be opened");
}

Test(fleet_targets, after_a_minute_it_is_tried_every_ten_seconds)
{
    open_without_page();
    tick(70 * NS_PER_S);
    give_page(child);
    tick(79 * NS_PER_S);
    cr_assert_eq(row(0)->wait, FLEET_WAITS_PAGE, "it is tried every second");
    tick(80 * NS_PER_S);
    cr_assert_eq(row(0)->why[0], '\0', "%s", row(0)->why);
}

static void open_name(const char *more)
{
    char text[96];

    snprintf(text, sizeof text, "%s%s", name, more);
    page.header->pid = NOBODY;
    open_words(text);
    tick(0);
}

Test(fleet_targets, with_wait_a_program_is_waited_for)
{
    options.wait = true;
    open_name("");
    cr_assert(row(0)->wait == FLEET_WAITS_PROGRAM && row(0)->pid == 0, "it waits for %d",
              row(0)->wait);
    cr_assert_not_null(strstr(row(0)->why, "no target is called"), "%s", row(0)->why);
    give_page(child);
    cr_assert(check(NS_PER_S), "it is not tried again");
    tick(NS_PER_S);
    cr_assert(row(0)->why[0] == '\0' && row(0)->pid == child, "pid %d: %s", (int)row(0)->pid,
              row(0)->why);
    cr_assert(row(0)->figure[FLEET_INUSE].known, "it was not sampled");
}

Test(fleet_targets, a_program_that_another_row_watches_is_not_the_one_that_comes)
{
    char more[16];

    options.wait = true;
    snprintf(more, sizeof more, ",%d", (int)child);
    open_name(more);
    give_page(child);
    tick(NS_PER_S);
    cr_assert(row(1)->why[0] == '\0' && row(1)->pid == child, "%s", row(1)->why);
    cr_assert(row(0)->wait == FLEET_WAITS_PROGRAM && strstr(row(0)->why, "already") != NULL, "%s",
              row(0)->why);
}

Test(fleet_targets, a_table_in_which_somebody_is_waited_for_is_shown_if_that_is_wanted)
{
    enum exit_status status;

    open_without_page();
    cr_assert_not(fleet_has_any(fleet, &status), "nobody asked for it");
    options.follow = true;
    cr_assert(fleet_has_any(fleet, &status) && status == EXIT_OK, "not with --follow");
    options.follow = false;
    options.wait = true;
    cr_assert(fleet_has_any(fleet, &status) && status == EXIT_OK, "not with --wait");
    end_child();
    tick(NS_PER_S);
    cr_assert_not(fleet_has_any(fleet, &status), "nothing will come any more");
}

Test(fleet_targets, a_page_that_is_being_made_is_waited_for)
{
    page.header->state = PAGE_STATE_BUILDING;
    open_all(child, NOBODY, NOBODY - 1);
    cr_assert_eq(row(0)->wait, FLEET_WAITS_GOOD_PAGE, "it waits for %d", row(0)->wait);
    page.header->state = PAGE_STATE_LIVE;
    tick(0);
    cr_assert_eq(row(0)->why[0], '\0', "%s", row(0)->why);
}

Test(fleet_targets, what_ends_without_a_page_is_waited_for_no_longer)
{
    open_without_page();
    end_child();
    tick(NS_PER_S);
    cr_assert(fleet_row_is_over(row(0)), "it waits for %d", row(0)->wait);
    cr_assert_not_null(strstr(row(0)->why, "ended before"), "%s", row(0)->why);
    cr_assert_not(check(60 * NS_PER_S), "it is tried again");
}

/* The pid of the child is another process's now, which began in a later tick of the clock. */
static void use_pid_again(void)
{
    struct procstat stat, last;
    pid_t pid = child;

    cr_assert(procstat_read(pid, &stat), "no child");
    do {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        child = 0;
        if (fork_sleeper_as(pid) != pid)
            cr_skip_test("no privilege to choose a pid");
        child = pid;
        cr_assert(procstat_read(pid, &last), "no process %d", (int)pid);
    } while (last.start_ticks == stat.start_ticks);
}

Test(fleet_targets, a_process_that_has_its_pid_afterwards_is_not_what_was_waited_for)
{
    int pidfd[PIDLIST_MAX];

    open_without_page();
    use_pid_again();
    give_page(child);
    tick(NS_PER_S);
    cr_assert(fleet_row_is_over(row(0)) && row(0)->wait == FLEET_WAITS_NOT, "it waits for %d",
              row(0)->wait);
    cr_assert_not_null(strstr(row(0)->why, "ended before"), "%s", row(0)->why);
    cr_assert_null(fleet_open(fleet, row(0)->id), "it can be opened");
    cr_assert(fleet_pidfds(fleet, pidfd) == 3 && pidfd[0] == -1, "descriptor %d", pidfd[0]);
}

Test(fleet_targets, what_is_waited_for_can_be_removed)
{
    open_without_page();
    cr_assert(fleet_remove(fleet, row(0)->id) && row(0)->pid == NOBODY, "it stays");
}

/* ---- again ---- */

/* A program of the same name, begun in a later tick of the clock; the page is the first one's. */
static pid_t start_other(void)
{
    struct procstat stat;

    for (;;) {
        other = fork_sleeper();
        cr_assert(procstat_read(other, &stat), "no child");
        if (stat.start_ticks > page.header->start_ticks)
            return other;
        kill(other, SIGKILL);
        waitpid(other, NULL, 0);
    }
}

/* The child ends without another heartbeat, and the other one has come. */
static void start_anew(int64_t ns)
{
    end_child();
    fleet_tick(fleet, MONO_NS + ns, REAL_NS + ns);
    give_page(other);
    tick(ns + NS_PER_S);
}

Test(fleet_targets, a_row_waits_for_the_next_only_if_it_is_followed)
{
    open_all(child, NOBODY, NOBODY - 1);
    tick(0);
    cr_assert_eq(row(0)->wait, FLEET_WAITS_NOT, "while it lives");
    end_child();
    tick(NS_PER_S);
    cr_assert_eq(row(0)->wait, FLEET_WAITS_NOT, "nobody asked for it");
    options.follow = true;
    tick(2 * NS_PER_S);
    cr_assert(fleet_row_awaits_next(row(0)) && fleet_row_is_over(row(0)), "it waits for %d",
              row(0)->wait);
    cr_assert_not(fleet_row_awaits_next(row(1)), "what never was has no successor");
}

Test(fleet_targets, one_that_starts_anew_goes_on_in_its_row)
{
    options.follow = true;
    open_all(NOBODY, child, NOBODY - 1);
    tick(0);
    unsigned id = row(1)->id;
    struct watched *w = fleet_open(fleet, id);
    cr_assert_null(fleet_follow(fleet), "while it lives");
    start_other();
    start_anew(50 * NS_PER_S);
    cr_assert_eq(fleet_follow(fleet), w, "it does not go on");
    cr_assert_null(fleet_follow(fleet), "it goes on for ever");
    tick(52 * NS_PER_S);
    cr_assert(row(1)->pid == other && row(1)->state == TARGET_LIVE && row(1)->id == id,
              "pid %d, state %d", (int)row(1)->pid, row(1)->state);
    cr_assert_not(fleet_row_is_over(row(1)), "it is over");
    cr_assert_eq(row(1)->wait, FLEET_WAITS_NOT, "it waits for %d", row(1)->wait);
}

Test(fleet_targets, a_frozen_one_is_not_followed)
{
    open_all(child, NOBODY, NOBODY - 1);
    tick(0);
    struct watched *w = fleet_open(fleet, row(0)->id);
    start_other();
    monitor_freeze(w->monitor, true);
    start_anew(50 * NS_PER_S);
    cr_assert_null(fleet_follow(fleet), "the picture is gone");
    fleet_close(fleet, w);
    cr_assert_eq(fleet_follow(fleet), w, "it does not go on");
}

Test(fleet_targets, what_another_row_watches_succeeds_none)
{
    open_all(child, start_other(), NOBODY);
    tick(0);
    start_anew(50 * NS_PER_S);
    cr_assert_eq(row(1)->why[0], '\0', "%s", row(1)->why);
    cr_assert_null(fleet_follow(fleet), "it is in two rows");
    fleet_remove(fleet, row(1)->id);
    cr_assert_eq(row(0)->pid, child, "pid %d", (int)row(0)->pid);
}
