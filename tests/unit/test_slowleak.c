/* SPDX-License-Identifier: MIT */
/* test_slowleak.c - made-up programs over hours and days: slow leaks are told within a few hours, a
 * limit that they run into is foreseen, and days that are like the one before are left in peace. */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>

#include "base/bits.h"
#include "base/clock.h"
#include "tests/support/madeup.h"

#define MIB  MADEUP_MIB
#define STEP 10 /* s between two looks: with more, counters give no rates */
#define HOUR 3600
#define DAY  (24 * HOUR)
#define PI   3.14159265358979

static double jitter(double part)
{
    return 1.0 + part * madeup_noise();
}

/* A service of 200 MiB that is half the day's load, with a peak at noon; told in shares of an hour
 * what it leaks. */
static void service(struct madeup_program *p, double leak_per_hour)
{
    double leaked = 200.0 * leak_per_hour * p->t / HOUR;

    p->gc_period_s = 20.0;
    p->alloc_per_s = 20 * MIB * jitter(0.02);
    p->spawn_per_s = 200.0 * jitter(0.02);
    p->cpu_per_s = 0.7 * jitter(0.02);
    p->site_bytes[0] = leaked * MIB;
    p->site_bytes[1] = 200 * MIB * jitter(0.003);
    p->live = p->site_bytes[0] + p->site_bytes[1];
    p->site_tasks[0] = 400.0 * jitter(0.02);
    p->rss = 2.0 * p->live + 30 * MIB;
    p->outside = 30 * MIB * jitter(0.005);
    p->files = 300.0 * jitter(0.03);
}

/* ---- leaks ---- */

static void a_tenth(struct madeup_program *p)
{
    service(p, 0.1);
}

static void a_hundredth(struct madeup_program *p)
{
    service(p, 0.01);
}

static void assert_told(madeup_fn *fn, enum alert_lint lint, int by_s, uint64_t pc)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct madeup r;
        const struct alert *a;

        madeup_start(&r, 0, seed);
        madeup_run(&r, fn, by_s, STEP);
        a = madeup_standing(&r, lint);
        cr_assert_not_null(a, "seed %" PRIu64 ": %s is not told within %d s", seed,
                           alert_lint_name(lint), by_s);
        cr_assert_eq(a->pc, pc, "seed %" PRIu64 ": blames %" PRIx64, seed, a->pc);
        for (int i = 0; i < LINTS; i++)
            cr_assert(i == (int)lint || r.told[i] < 0.0, "seed %" PRIu64 ": %s too", seed,
                      alert_lint_name((enum alert_lint)i));
        madeup_finish(&r);
    }
}

Test(slowleak, a_tenth_an_hour_is_told_within_25_minutes)
{
    assert_told(a_tenth, LINT_HEAP_GROWTH, 25 * 60, MADEUP_LEAKY_PC);
}

Test(slowleak, a_hundredth_an_hour_is_told_within_6_hours)
{
    assert_told(a_hundredth, LINT_HEAP_GROWTH, 6 * HOUR, MADEUP_LEAKY_PC);
}

/* What a line has allocated is estimated from one byte in 64 KiB: the estimate of what stays
 * wanders by several MiB as objects are renewed, each some minutes old. */
static void a_tenth_in_samples(struct madeup_program *p)
{
    const double sampled = 64 * 1024.0;
    const double kept = exp(-STEP / 180.0);

    service(p, 0.1);
    p->memory = kept * p->memory + sqrt(1.0 - kept * kept) * madeup_noise();
    p->site_bytes[0] = sampled * floor(p->site_bytes[0] / sampled);
    p->site_bytes[1] = 200 * MIB + sqrt(200 * MIB * sampled) * p->memory;
}

Test(slowleak, the_line_that_leaks_is_told_from_one_whose_estimate_wanders)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct madeup r;
        const struct alert *a;

        madeup_start(&r, 0, seed);
        madeup_run(&r, a_tenth_in_samples, 40 * 60, STEP);
        a = madeup_standing(&r, LINT_HEAP_GROWTH);
        cr_assert_not_null(a, "seed %" PRIu64 ": not told", seed);
        cr_assert_eq(a->pc, MADEUP_LEAKY_PC, "seed %" PRIu64 ": blames %" PRIx64, seed, a->pc);
        madeup_finish(&r);
    }
}

/* While a collection marks, what is born counts as alive: if the machine is busy just then, it is a
 * lot. So it was at the start, and is each ten minutes, for half a minute. */
static void a_tenth_with_spikes(struct madeup_program *p)
{
    service(p, 0.1);
    if (fmod(p->t, 600.0) >= 100.0 && fmod(p->t, 600.0) < 130.0)
        p->live += 30 * MIB;
}

Test(slowleak, what_was_there_for_a_moment_does_not_hide_a_leak)
{
    assert_told(a_tenth_with_spikes, LINT_HEAP_GROWTH, 30 * 60, MADEUP_LEAKY_PC);
}

static void ten_tasks_an_hour(struct madeup_program *p)
{
    service(p, 0.0);
    p->site_tasks[0] = 50.0 + p->t / 360.0;
}

Test(slowleak, ten_tasks_an_hour_are_told_within_6_hours)
{
    assert_told(ten_tasks_an_hour, LINT_TASK_GROWTH, 6 * HOUR, MADEUP_LEAKY_PC);
}

static void mallocs(struct madeup_program *p)
{
    service(p, 0.0);
    p->outside = (30.0 + 3.0 * p->t / HOUR) * MIB * jitter(0.002);
}

Test(slowleak, memory_outside_the_runtime_is_told)
{
    assert_told(mallocs, LINT_OUTSIDE_GROWTH, 6 * HOUR, 0);
}

static void forgets_files(struct madeup_program *p)
{
    service(p, 0.0);
    p->files = 300.0 + p->t / 60.0;
}

Test(slowleak, files_that_are_not_closed_are_told)
{
    assert_told(forgets_files, LINT_FILE_GROWTH, 6 * HOUR, 0);
}

/* An alert that stands does not teach that a leak is normal. */
Test(slowleak, a_leak_is_told_for_as_long_as_it_goes_on)
{
    struct madeup r;

    madeup_start(&r, 0, 1);
    madeup_run(&r, a_tenth, 30 * HOUR, STEP);
    cr_assert_not_null(madeup_standing(&r, LINT_HEAP_GROWTH), "cleared");
    cr_assert_eq(r.alerts.n, 1, "%" PRIu32 " alerts", r.alerts.n);
    madeup_finish(&r);
}

/* From then on there are too few collections in a window to tell from them. */
static void leaks_on_into_a_quiet_night(struct madeup_program *p)
{
    service(p, 0.1);
    if (p->t > HOUR)
        p->gc_period_s = 120.0;
}

Test(slowleak, an_alert_is_not_cleared_for_want_of_collections)
{
    struct madeup r;

    madeup_start(&r, 0, 1);
    madeup_run(&r, leaks_on_into_a_quiet_night, 3 * HOUR, STEP);
    cr_assert_not_null(madeup_standing(&r, LINT_HEAP_GROWTH), "cleared");
    cr_assert_eq(r.alerts.n, 1, "%" PRIu32 " alerts", r.alerts.n);
    madeup_finish(&r);
}

/* ---- the limit ---- */

static void runs_into_its_limit(struct madeup_program *p)
{
    service(p, 0.1);
    p->memory_limit = 700 * MIB; /* 430 are used at first, and 40 more each hour */
}

Test(slowleak, the_time_to_the_limit_is_told_with_its_error)
{
    struct madeup r;
    const struct forecast *f;
    double left_s;

    madeup_start(&r, 0, 1);
    madeup_run(&r, runs_into_its_limit, HOUR, STEP);
    f = lints_forecast(r.lints);
    left_s = (double)f->left_ns / 1e9;
    cr_assert_not_null(madeup_standing(&r, LINT_TIME_TO_LIMIT), "not told");
    cr_assert_eq(f->state, FORECAST_KNOWN, "state %d", (int)f->state);
    cr_assert_float_eq(left_s, 5.75 * HOUR, 0.5 * HOUR, "in %g s", left_s);
    cr_assert(f->soonest_ns < f->left_ns && f->left_ns < f->latest_ns, "no error");
    cr_assert_leq((double)f->soonest_ns / 1e9, 5.75 * HOUR, "at the soonest in %g s",
                  (double)f->soonest_ns / 1e9);
    cr_assert_geq((double)f->latest_ns / 1e9, 5.75 * HOUR, "at the latest in %g s",
                  (double)f->latest_ns / 1e9);
    cr_assert_eq(madeup_standing(&r, LINT_TIME_TO_LIMIT)->pc, MADEUP_LEAKY_PC, "no code");
    cr_assert_eq(madeup_standing(&r, LINT_TIME_TO_LIMIT)->severity, ALERT_WARNING, "severity");

    madeup_run(&r, runs_into_its_limit, 5 * HOUR, STEP);
    cr_assert_eq(madeup_standing(&r, LINT_TIME_TO_LIMIT)->severity, ALERT_CRITICAL,
                 "within an hour: %s", madeup_standing(&r, LINT_TIME_TO_LIMIT)->text);
    madeup_finish(&r);
}

static void is_far_from_its_limit(struct madeup_program *p)
{
    service(p, 0.1);
    p->memory_limit = 100000 * MIB;
}

Test(slowleak, a_limit_of_next_month_is_not_told)
{
    struct madeup r;

    madeup_start(&r, 0, 1);
    madeup_run(&r, is_far_from_its_limit, 3 * HOUR, STEP);
    cr_assert_lt(r.told[LINT_TIME_TO_LIMIT], 0.0, "told");
    madeup_finish(&r);
}

static void is_level_below_its_limit(struct madeup_program *p)
{
    service(p, 0.0);
    p->memory_limit = 1000 * MIB;
}

Test(slowleak, before_enough_is_known_the_forecast_says_so)
{
    struct madeup r;

    madeup_start(&r, 0, 1);
    madeup_run(&r, is_level_below_its_limit, 600, STEP);
    cr_assert_eq(lints_forecast(r.lints)->state, FORECAST_NOT_YET, "state %d",
                 (int)lints_forecast(r.lints)->state);
    madeup_run(&r, is_level_below_its_limit, 1800, STEP);
    cr_assert_eq(lints_forecast(r.lints)->state, FORECAST_LEVEL, "state %d",
                 (int)lints_forecast(r.lints)->state);
    madeup_finish(&r);
}

/* ---- what is no leak ---- */

static void is_steady(struct madeup_program *p)
{
    service(p, 0.0);
    p->memory_limit = 600 * MIB;
}

/* What follows LOAD, of which half of the memory is made, some minutes later. */
static void follow_load(struct madeup_program *p, double load)
{
    p->memory += (load - p->memory) * STEP / 300.0;
    service(p, 0.0);
    p->alloc_per_s *= load;
    p->spawn_per_s *= load;
    p->cpu_per_s *= load;
    p->site_bytes[1] = (100.0 + 100.0 * p->memory) * MIB * jitter(0.003);
    p->live = p->site_bytes[1];
    p->site_tasks[0] = 400.0 * p->memory * jitter(0.02);
    p->outside = (20.0 + 10.0 * p->memory) * MIB * jitter(0.005);
    p->rss = 2.0 * p->live + p->outside;
    p->files = 300.0 * p->memory * jitter(0.03);
}

static void has_days(struct madeup_program *p)
{
    if (p->t <= 0.0)
        p->memory = 0.4;
    follow_load(p, 1.0 - 0.6 * cos(2.0 * PI * p->t / DAY));
}

static void load_steps(struct madeup_program *p) /* doubles every six hours, up to eightfold */
{
    if (p->t <= 0.0)
        p->memory = 1.0;
    follow_load(p, pow(2.0, fmin(floor(p->t / (6 * HOUR)), 3.0)));
}

static void warms_up(struct madeup_program *p) /* for a quarter of an hour, then flat */
{
    double filled = 1.0 - exp(-p->t / 200.0);

    service(p, 0.0);
    p->site_bytes[1] = 200 * MIB * (0.2 + 0.8 * filled) * jitter(0.003);
    p->live = p->site_bytes[1];
    p->rss = 2.0 * p->live + 30 * MIB;
}

/* A batch that fills for PERIOD_S and is dropped. */
static void fill_and_drop(struct madeup_program *p, double period_s)
{
    service(p, 0.0);
    p->live = (100.0 + 100.0 * fmod(p->t, period_s) / period_s) * MIB * jitter(0.003);
    p->site_bytes[1] = p->live;
}

static void saws(struct madeup_program *p)
{
    fill_and_drop(p, 600.0);
}

static const struct {
    const char *name;
    madeup_fn *fn;
    int seconds;
} peaceful[] = {
    {"steady", is_steady, DAY},       {"days", has_days, 3 * DAY}, {"load steps", load_steps, DAY},
    {"warm-up", warms_up, 12 * HOUR}, {"saws", saws, DAY},
};

Test(slowleak, what_is_no_leak_is_left_in_peace, .timeout = 200)
{
    for (size_t i = 0; i < ARRAY_COUNT(peaceful); i++) {
        for (uint64_t seed = 1; seed <= 2; seed++) {
            struct madeup r;

            madeup_start(&r, 0, seed);
            madeup_run(&r, peaceful[i].fn, peaceful[i].seconds, STEP);
            for (int lint = 0; lint < LINTS; lint++)
                cr_expect(r.told[lint] < 0.0, "%s, seed %" PRIu64 ": %s told at %g s: %s",
                          peaceful[i].name, seed, alert_lint_name((enum alert_lint)lint),
                          r.told[lint], r.alerts.alert[0].text);
            madeup_finish(&r);
        }
    }
}

static void saws_by_hours(struct madeup_program *p)
{
    fill_and_drop(p, 3 * HOUR);
}

/* While it fills for the first time it is not to be told from a leak. */
Test(slowleak, a_batch_of_hours_is_told_once_at_most)
{
    struct madeup r;

    madeup_start(&r, 0, 1);
    madeup_run(&r, saws_by_hours, DAY, STEP);
    cr_assert_leq(r.alerts.n, 1, "%" PRIu32 " alerts", r.alerts.n);
    cr_assert_eq(r.alerts.nstanding, 0, "it stands");
    madeup_finish(&r);
}
