/* SPDX-License-Identifier: MIT */
/* test_fleet_targets.c - several targets watched together: good and bad pids, an end, removal. */
#include "config.h"

#include <criterion/criterion.h>
#include <signal.h>
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
static struct options options;
static struct target_list list;
static struct several *targets;
static struct fleet *fleet;
static pid_t child; /* the page is its own; it was inherited */

static void set_up(void)
{
    struct procstat stat;

    fakepage_init(&page, &(struct fakepage_options){.name = "fake",
                                                    .nprocs = 2,
                                                    .mono_ns = MONO_NS - 100 * NS_PER_S,
                                                    .real_ns = REAL_NS - 100 * NS_PER_S});
    child = fork_sleeper();
    cr_assert(procstat_read(child, &stat), "no child");
    page.header->pid = child;
    page.header->start_ticks = stat.start_ticks;
    options_init(&options);
}

static void tear_down(void)
{
    fleet_free(fleet);
    free(targets);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fakepage_fini(&page);
}

TestSuite(fleet_targets, .init = set_up, .fini = tear_down, .timeout = 30);

static void open_all(pid_t first, pid_t second, pid_t third)
{
    options.pids = (struct pidlist){.n = 3, .pid = {first, second, third}};
    targets = several_find(&options, &list);
    cr_assert_not_null(targets, "no memory");
    fleet = fleet_new(&options, targets);
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

Test(fleet_targets, one_that_is_wrong_does_not_spoil_the_others)
{
    enum exit_status status;

    open_all(NOBODY, child, getpid()); /* the last one has a page that is not its own */
    cr_assert(fleet_has_any(fleet, &status) && status == EXIT_OK, "status %d", status);
    tick(0);
    cr_assert_not_null(strstr(row(0)->why, "no process 999999999"), "%s", row(0)->why);
    cr_assert_not_null(strstr(row(2)->why, "has no page"), "%s", row(2)->why);
    cr_assert_str_eq(row(1)->why, "", "%s", row(1)->why);
    cr_assert_str_eq(row(1)->name, "fake", "%s", row(1)->name);
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
    siginfo_t info;

    open_all(child, NOBODY, NOBODY - 1);
    tick(0);
    unsigned id = row(0)->id;
    cr_assert_not(fleet_remove(fleet, id), "the living are removed");
    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
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
