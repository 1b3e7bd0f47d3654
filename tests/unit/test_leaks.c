/* SPDX-License-Identifier: MIT */
/* test_leaks.c - made-up programs, second by second: those that leak must be told in time and by
 * the
 * right place, and those that do not must be left in peace, with a short window and with the
 * default. */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/leaks.h"
#include "tests/support/madeup.h"

#define MIB          MADEUP_MIB
#define SHORT_NS (60 * NS_PER_S)
#define HALF_AN_HOUR 1800
#define PI 3.14159265358979

/* ---- programs that leak ---- */

static void leaky(struct madeup_program *p)
{
    p->site_bytes[0] = 0.2 * MIB * p->t + 0.2 * MIB * madeup_noise();
    p->site_bytes[1] = 30 * MIB + 1 * MIB * madeup_noise();
    p->live = p->site_bytes[0] + p->site_bytes[1];
    p->site_tasks[0] = 2.0 * p->t;
    p->site_tasks[1] = 50.0 + 5.0 * madeup_noise();
    p->spawn_per_s = 12.0;
}

static void assert_told(const struct madeup *r, double by_s)
{
    const struct alert *heap = madeup_standing(r, LINT_HEAP_GROWTH);
    const struct alert *tasks = madeup_standing(r, LINT_TASK_GROWTH);

    cr_assert(heap != NULL && r->told[LINT_HEAP_GROWTH] <= by_s, "heap told at %g s",
              r->told[LINT_HEAP_GROWTH]);
    cr_assert(tasks != NULL && r->told[LINT_TASK_GROWTH] <= by_s, "tasks told at %g s",
              r->told[LINT_TASK_GROWTH]);
    cr_assert_eq(heap->pc, MADEUP_LEAKY_PC, "heap blames %" PRIx64, heap->pc);
    cr_assert_eq(tasks->pc, MADEUP_LEAKY_PC, "tasks blame %" PRIx64, tasks->pc);
    cr_assert_float_eq(heap->trend.per_second, 0.2 * MIB, 0.06 * MIB, "heap +%g/s",
                       heap->trend.per_second);
    cr_assert_float_eq(tasks->trend.per_second, 2.0, 0.1, "tasks +%g/s", tasks->trend.per_second);
}

Test(leaks, both_are_told_within_2_minutes_with_a_short_window)
{
    for (uint64_t s = 1; s <= 10; s++) {
        struct madeup r;

        madeup_start(&r, SHORT_NS, s);
        madeup_run(&r, leaky, 120, 1);
        assert_told(&r, 120.0);
        madeup_finish(&r);
    }
}

Test(leaks, both_are_told_within_25_minutes_with_the_default_window)
{
    struct madeup r;

    madeup_start(&r, 0, 1);
    madeup_run(&r, leaky, 25 * 60, 1);
    assert_told(&r, 25.0 * 60.0);
    madeup_finish(&r);
}

static void leaks_then_stops(struct madeup_program *p)
{
    double t = p->t;

    p->t = fmin(t, 200.0);
    leaky(p);
    p->t = t;
}

Test(leaks, an_alert_is_cleared_when_the_growth_has_ended)
{
    struct madeup r;

    madeup_start(&r, SHORT_NS, 1);
    madeup_run(&r, leaks_then_stops, 200, 1);
    cr_assert_eq(r.alerts.nstanding, 2, "%" PRIu32 " standing", r.alerts.nstanding);
    madeup_run(&r, leaks_then_stops, 200, 1);
    cr_assert_eq(r.alerts.nstanding, 0, "%" PRIu32 " standing", r.alerts.nstanding);
    cr_assert_eq(r.alerts.n, 2, "%" PRIu32 " kept", r.alerts.n);
    madeup_finish(&r);
}

Test(leaks, a_leak_from_before_is_told_at_the_first_look)
{
    struct madeup past;
    struct lints *fresh = lints_new(0, NULL);
    int64_t now_ns = MADEUP_START_NS + HALF_AN_HOUR * NS_PER_S;

    madeup_start(&past, 0, 1);
    madeup_run(&past, leaky, HALF_AN_HOUR, 1);
    lints_set_start(fresh, MADEUP_START_NS);
    for (int64_t t = 0; t < HALF_AN_HOUR; t += 60)
        lints_take_site(fresh, &(struct source_site){.mono_ns = MADEUP_START_NS + t * NS_PER_S,
                                                     .pc = MADEUP_LEAKY_PC,
                                                     .value = (uint64_t)(2 * t),
                                                     .of = SOURCE_SITE_TASKS});
    memset(&past.alerts, 0, sizeof past.alerts);
    past.tasks.mono_ns = now_ns;
    lints_tick(fresh,
               &(struct lint_input){.mono_ns = now_ns,
                                    .real_ns = now_ns,
                                    .history = past.history,
                                    .snapshot = &past.snapshot,
                                    .tasks = &past.tasks,
                                    .status = &past.status},
               &past.alerts);

    cr_assert_not_null(madeup_standing(&past, LINT_HEAP_GROWTH), "the heap is not told");
    cr_assert_not_null(madeup_standing(&past, LINT_TASK_GROWTH), "the tasks are not told");
    lints_free(fresh);
    madeup_finish(&past);
}

/* ---- programs that do not ---- */

static void steady(struct madeup_program *p)
{
    p->live = 40 * MIB * (1.0 + 0.03 * madeup_noise());
    p->site_tasks[0] = 50;
    p->site_tasks[1] = 100.0 + 30.0 * madeup_noise();
    p->spawn_per_s = 100.0;
}

static void sawing(struct madeup_program *p) /* a batch fills up within a window and is dropped */
{
    double batch_s = p->window_s * 2.0 / 3.0;
    double part = fmod(p->t, batch_s) / batch_s;

    p->live = (40.0 + 60.0 * part) * MIB;
    p->site_tasks[0] = 1000.0 * part;
    p->spawn_per_s = 12.0;
}

static void fills_a_cache(struct madeup_program *p) /* in half a window or so, then stays */
{
    double filled = 1.0 - exp(-p->t / (p->window_s / 6.0));

    p->live = (20.0 + 200.0 * filled) * MIB * (1.0 + 0.01 * madeup_noise());
    p->site_tasks[0] = 500.0 * filled;
}

static void load_ramps_up(struct madeup_program *p) /* tenfold in 10 minutes, then level */
{
    double load = 1.0 + 9.0 * fmin(p->t / 600.0, 1.0);

    p->alloc_per_s = 5 * MIB * load * (1.0 + 0.05 * madeup_noise());
    p->live = 20 * MIB * load * (1.0 + 0.02 * madeup_noise());
    p->spawn_per_s = 100.0 * load * (1.0 + 0.05 * madeup_noise());
    p->site_tasks[0] = 200.0 * load * (1.0 + 0.02 * madeup_noise());
}

static void
wanders(struct madeup_program *p) /* pulled back to its middle within half a minute or so */
{
    p->memory = 0.97 * p->memory + madeup_noise();
    p->live = (60.0 + 1.5 * p->memory) * MIB;
    p->site_tasks[0] = 400.0 + 10.0 * p->memory;
    p->spawn_per_s = 100.0;
}

static void steps(struct madeup_program *p) /* doubles at once, twice */
{
    double level = p->t < 300.0 ? 1.0 : p->t < 900.0 ? 2.0 : 4.0;

    p->live = 30 * MIB * level * (1.0 + 0.02 * madeup_noise());
    p->site_tasks[0] = 100.0 * level;
}

static void
breathes(struct madeup_program *p) /* from its greatest down and up again, in 4 minutes */
{
    p->live = (60.0 + 30.0 * cos(2.0 * PI * p->t / 240.0)) * MIB;
    p->site_tasks[0] = 300.0 + 200.0 * cos(2.0 * PI * p->t / 240.0);
}

static void
fans_out(struct madeup_program *p) /* tasks by the thousand, each second another number */
{
    p->live = 10 * MIB * (1.0 + 0.2 * fabs(madeup_noise()));
    p->site_tasks[0] = 1000.0 + 1000.0 * madeup_uniform();
    p->site_tasks[1] = 8;
    p->spawn_per_s = 5000.0;
}

static void
collects_rarely(struct madeup_program *p) /* what grows between two collections is no leak */
{
    p->gc_period_s = 150.0;
    p->live = 40 * MIB * (1.0 + 0.02 * madeup_noise());
}

static const struct {
    const char *name;
    madeup_fn *fn;
} peaceful[] = {
    {"steady", steady},     {"sawing", sawing},     {"fills_a_cache", fills_a_cache},
    {"load", load_ramps_up}, {"wanders", wanders},   {"steps", steps},
    {"breathes", breathes}, {"fans_out", fans_out}, {"collects_rarely", collects_rarely},
};

static void assert_peace(int64_t window_ns, uint64_t seeds)
{
    for (size_t i = 0; i < ARRAY_COUNT(peaceful); i++) {
        for (uint64_t s = 1; s <= seeds; s++) {
            struct madeup r;

            madeup_start(&r, window_ns, s);
            madeup_run(&r, peaceful[i].fn, HALF_AN_HOUR, 1);
            for (int lint = 0; lint < LINTS; lint++)
                cr_expect(r.told[lint] < 0.0, "%s, seed %" PRIu64 ": %s told at %g s: %s",
                          peaceful[i].name, s, alert_lint_name((enum alert_lint)lint), r.told[lint],
                          r.alerts.alert[0].text);
            madeup_finish(&r);
        }
    }
}

Test(leaks, no_alert_in_half_an_hour_with_a_short_window, .timeout = 200)
{
    assert_peace(SHORT_NS, 6);
}

Test(leaks, no_alert_in_half_an_hour_with_the_default_window, .timeout = 200)
{
    assert_peace(0, 6);
}
