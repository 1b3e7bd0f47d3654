/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "base/clock.h"
#include "mon/prochist.h"

static struct proc_history *history;
static struct snapshot snapshot;

static void set_up(void)
{
    history = proc_history_new();
    cr_assert_not_null(history, "no memory");
}

static void tear_down(void)
{
    proc_history_free(history);
}

TestSuite(prochist, .init = set_up, .fini = tear_down);

/* Two procs at second T: the first runs for RUNNING millionths of it, the second is idle. */
static void add(int64_t t, uint32_t running)
{
    snapshot.mono_ns = t * NS_PER_S;
    snapshot.nprocs = 2;
    snapshot.proc[0].share_ppm[PROC_RUNNING] = running;
    snapshot.proc[0].share_ppm[PROC_IDLE] = 1000000 - running;
    snapshot.proc[1].share_ppm[PROC_IDLE] = 1000000;
    proc_history_add(history, &snapshot);
}

static double running_in(int64_t from, int64_t to)
{
    struct proc_shares shares;

    return proc_history_range(history, 0, from * NS_PER_S, to * NS_PER_S, &shares)
               ? (double)shares.share[PROC_RUNNING]
               : -1;
}

Test(prochist, nothing_is_known_at_first)
{
    cr_assert_float_eq(running_in(0, 100), -1, 1e-9, "%f", running_in(0, 100));
}

Test(prochist, a_second_keeps_its_shares)
{
    add(1000, 300000);
    add(1001, 800000);
    cr_assert_float_eq(running_in(1000, 1001), 0.3, 0.01, "%f", running_in(1000, 1001));
    cr_assert_float_eq(running_in(1001, 1002), 0.8, 0.01, "%f", running_in(1001, 1002));
}

Test(prochist, a_range_has_the_mean)
{
    add(1000, 200000);
    add(1001, 800000);
    cr_assert_float_eq(running_in(1000, 1002), 0.5, 0.01, "%f", running_in(1000, 1002));
}

Test(prochist, a_hole_is_not_known)
{
    add(1000, 200000);
    add(1010, 200000);
    cr_assert_float_eq(running_in(1003, 1007), -1, 1e-9, "%f", running_in(1003, 1007));
}

Test(prochist, what_is_older_than_the_seconds_is_known_by_minutes)
{
    for (int64_t t = 0; t < 3600; t++)
        add(6000 + t, t < 600 ? 900000 : 100000);
    cr_assert_float_eq(running_in(6000, 6060), 0.9, 0.02, "%f", running_in(6000, 6060));
    cr_assert_float_eq(running_in(9590, 9600), 0.1, 0.02, "%f", running_in(9590, 9600));
}

Test(prochist, nothing_is_kept_for_longer_than_a_day)
{
    add(60, 900000);
    add(60 + 2 * 86400, 100000);
    cr_assert_float_eq(running_in(60, 120), -1, 1e-9, "%f", running_in(60, 120));
}

Test(prochist, a_proc_that_came_later_is_not_known_before)
{
    struct proc_shares shares;

    add(1000, 200000);
    cr_assert_not(proc_history_range(history, 2, 0, 2000 * NS_PER_S, &shares), "proc 2 is known");
    cr_assert_not(proc_history_range(history, 9999, 0, 2000 * NS_PER_S, &shares),
                  "proc 9999 is known");
}

Test(prochist, a_snapshot_without_shares_adds_nothing)
{
    snapshot.mono_ns = 5 * NS_PER_S;
    snapshot.nprocs = 2;
    proc_history_add(history, &snapshot);
    cr_assert_float_eq(running_in(5, 6), -1, 1e-9, "%f", running_in(5, 6));
}

Test(prochist, cleared_it_knows_nothing)
{
    add(1000, 200000);
    proc_history_clear(history);
    cr_assert_float_eq(running_in(1000, 1001), -1, 1e-9, "%f", running_in(1000, 1001));
    add(500, 200000);
    cr_assert_float_eq(running_in(500, 501), 0.2, 0.01, "%f", running_in(500, 501));
}
