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

#define MIB (1024.0 * 1024.0)
#define START_NS (10000 * NS_PER_S)
#define SHORT_NS (60 * NS_PER_S)
#define HALF_AN_HOUR 1800
#define PI 3.14159265358979

#define LEAKY_PC 0x1000u
#define OTHER_PC 0x2000u

/* ---- noise ---- */

static uint64_t seed;

static double uniform(void) /* -1 to 1 */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (double)(seed * UINT64_C(2685821657736338717) >> 11) / 4503599627370496.0 - 1.0;
}

static double noise(void) /* near normal, standard deviation 1 */
{
    double sum = 0.0;

    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum / 2.0;
}

/* ---- a made-up program ---- */

struct program {
    double t; /* seconds since its start */
    double live;
    double alloc_per_s;
    double gc_period_s;
    double site_tasks[2];
    double site_bytes[2];
    double spawn_per_s;
    double memory;   /* of a program that has one */
    double window_s; /* of the lints */
};
typedef void program_fn(struct program *p);

struct run {
    struct metric_table table;
    struct history *history;
    struct leaks *leaks;
    struct snapshot snapshot;
    struct task_groups tasks;
    struct alerts alerts;
    struct program program;
    double next_gc;
    double gc_count;
    double total_alloc;
    double tasks_created;
    double told_heap; /* second, -1: never */
    double told_tasks;
};

static void start(struct run *r, int64_t window_ns, uint64_t with_seed)
{
    seed = with_seed * 2862933555777941757u + 3037000493u;
    memset(r, 0, sizeof *r);
    metric_table_init(&r->table);
    r->history = history_new(&r->table);
    r->leaks = leaks_new(window_ns);
    r->program.window_s = (double)(window_ns > 0 ? window_ns : LEAKS_DEFAULT_WINDOW_NS) / NS_PER_S;
    r->program.gc_period_s = 2.5;
    r->program.alloc_per_s = 20 * MIB;
    r->told_heap = r->told_tasks = -1.0;
    leaks_set_start(r->leaks, START_NS);
}

static void finish(struct run *r)
{
    history_free(r->history);
    leaks_free(r->leaks);
}

static void publish(struct run *r, int64_t now_ns)
{
    const struct program *p = &r->program;

    r->total_alloc += p->alloc_per_s;
    r->tasks_created += p->spawn_per_s;
    if (p->t >= r->next_gc) {
        r->next_gc = p->t + p->gc_period_s;
        r->gc_count++;
        snapshot_set(&r->snapshot, MON_HEAP_LIVE, (uint64_t)fmax(p->live, 0.0));
    }
    history_add(r->history, MON_HEAP_LIVE, now_ns, r->snapshot.value[MON_HEAP_LIVE]);
    history_add(r->history, MON_GC_COUNT, now_ns, (uint64_t)r->gc_count);
    history_add(r->history, MON_HEAP_TOTAL_ALLOC, now_ns, (uint64_t)r->total_alloc);
    history_add(r->history, MON_TASKS_CREATED, now_ns, (uint64_t)r->tasks_created);
    r->snapshot.nsites = 2;
    r->snapshot.mono_ns = now_ns;
    r->tasks = (struct task_groups){.valid = true, .mono_ns = now_ns, .n = 2};
    for (size_t i = 0; i < 2; i++) {
        uint64_t pc = i == 0 ? LEAKY_PC : OTHER_PC;

        r->snapshot.site[i] =
            (struct alloc_site){.pc = pc, .live_bytes = (uint64_t)fmax(p->site_bytes[i], 0.0)};
        r->tasks.group[i] = (struct task_group){
            .spawn_pc = pc, .state = TASK_WAITING, .count = (uint64_t)fmax(p->site_tasks[i], 0.0)};
    }
}

static void note(struct run *r)
{
    for (uint32_t i = 0; i < r->alerts.nstanding; i++) {
        double *told = r->alerts.alert[i].lint == LINT_HEAP_GROWTH ? &r->told_heap : &r->told_tasks;

        if (*told < 0.0)
            *told = r->program.t;
    }
}

static void run_for(struct run *r, program_fn *fn, int seconds)
{
    for (int i = 0; i < seconds; i++, r->program.t += 1.0) {
        int64_t now_ns = START_NS + (int64_t)r->program.t * NS_PER_S;

        fn(&r->program);
        publish(r, now_ns);
        leaks_tick(r->leaks,
                   &(struct leaks_input){.mono_ns = now_ns,
                                         .real_ns = now_ns,
                                         .history = r->history,
                                         .snapshot = &r->snapshot,
                                         .tasks = &r->tasks},
                   &r->alerts);
        note(r);
    }
}

/* ---- programs that leak ---- */

static void leaky(struct program *p)
{
    p->site_bytes[0] = 0.2 * MIB * p->t + 0.2 * MIB * noise();
    p->site_bytes[1] = 30 * MIB + 1 * MIB * noise();
    p->live = p->site_bytes[0] + p->site_bytes[1];
    p->site_tasks[0] = 2.0 * p->t;
    p->site_tasks[1] = 50.0 + 5.0 * noise();
    p->spawn_per_s = 12.0;
}

static const struct alert *standing(const struct run *r, enum alert_lint lint)
{
    for (uint32_t i = 0; i < r->alerts.nstanding; i++)
        if (r->alerts.alert[i].lint == lint)
            return &r->alerts.alert[i];
    return NULL;
}

static void assert_told(const struct run *r, double by_s)
{
    const struct alert *heap = standing(r, LINT_HEAP_GROWTH);
    const struct alert *tasks = standing(r, LINT_TASK_GROWTH);

    cr_assert(heap != NULL && r->told_heap <= by_s, "heap told at %g s", r->told_heap);
    cr_assert(tasks != NULL && r->told_tasks <= by_s, "tasks told at %g s", r->told_tasks);
    cr_assert_eq(heap->pc, LEAKY_PC, "heap blames %" PRIx64, heap->pc);
    cr_assert_eq(tasks->pc, LEAKY_PC, "tasks blame %" PRIx64, tasks->pc);
    cr_assert_float_eq(heap->trend.per_second, 0.2 * MIB, 0.06 * MIB, "heap +%g/s",
                       heap->trend.per_second);
    cr_assert_float_eq(tasks->trend.per_second, 2.0, 0.1, "tasks +%g/s", tasks->trend.per_second);
}

Test(leaks, both_are_told_within_2_minutes_with_a_short_window)
{
    for (uint64_t s = 1; s <= 10; s++) {
        struct run r;

        start(&r, SHORT_NS, s);
        run_for(&r, leaky, 120);
        assert_told(&r, 120.0);
        finish(&r);
    }
}

Test(leaks, both_are_told_within_25_minutes_with_the_default_window)
{
    struct run r;

    start(&r, 0, 1);
    run_for(&r, leaky, 25 * 60);
    assert_told(&r, 25.0 * 60.0);
    finish(&r);
}

static void leaks_then_stops(struct program *p)
{
    double t = p->t;

    p->t = fmin(t, 200.0);
    leaky(p);
    p->t = t;
}

Test(leaks, an_alert_is_cleared_when_the_growth_has_ended)
{
    struct run r;

    start(&r, SHORT_NS, 1);
    run_for(&r, leaks_then_stops, 200);
    cr_assert_eq(r.alerts.nstanding, 2, "%" PRIu32 " standing", r.alerts.nstanding);
    run_for(&r, leaks_then_stops, 200);
    cr_assert_eq(r.alerts.nstanding, 0, "%" PRIu32 " standing", r.alerts.nstanding);
    cr_assert_eq(r.alerts.n, 2, "%" PRIu32 " kept", r.alerts.n);
    finish(&r);
}

Test(leaks, a_leak_from_before_is_told_at_the_first_look)
{
    struct run past;
    struct leaks *fresh = leaks_new(0);
    int64_t now_ns = START_NS + HALF_AN_HOUR * NS_PER_S;

    start(&past, 0, 1);
    run_for(&past, leaky, HALF_AN_HOUR);
    leaks_set_start(fresh, START_NS);
    for (int64_t t = 0; t < HALF_AN_HOUR; t += 60)
        leaks_take_site(fresh, &(struct source_site){.mono_ns = START_NS + t * NS_PER_S,
                                                     .pc = LEAKY_PC,
                                                     .value = (uint64_t)(2 * t),
                                                     .of = SOURCE_SITE_TASKS});
    memset(&past.alerts, 0, sizeof past.alerts);
    leaks_tick(fresh,
               &(struct leaks_input){.mono_ns = now_ns,
                                     .real_ns = now_ns,
                                     .history = past.history,
                                     .snapshot = &past.snapshot,
                                     .tasks = &past.tasks},
               &past.alerts);

    cr_assert_not_null(standing(&past, LINT_HEAP_GROWTH), "the heap is not told");
    cr_assert_not_null(standing(&past, LINT_TASK_GROWTH), "the tasks are not told");
    leaks_free(fresh);
    finish(&past);
}

/* ---- programs that do not ---- */

static void steady(struct program *p)
{
    p->live = 40 * MIB * (1.0 + 0.03 * noise());
    p->site_tasks[0] = 50;
    p->site_tasks[1] = 100.0 + 30.0 * noise();
    p->spawn_per_s = 100.0;
}

static void sawing(struct program *p) /* a batch fills up within a window and is dropped */
{
    double batch_s = p->window_s * 2.0 / 3.0;
    double part = fmod(p->t, batch_s) / batch_s;

    p->live = (40.0 + 60.0 * part) * MIB;
    p->site_tasks[0] = 1000.0 * part;
    p->spawn_per_s = 12.0;
}

static void fills_a_cache(struct program *p) /* in half a window or so, then stays */
{
    double filled = 1.0 - exp(-p->t / (p->window_s / 6.0));

    p->live = (20.0 + 200.0 * filled) * MIB * (1.0 + 0.01 * noise());
    p->site_tasks[0] = 500.0 * filled;
}

static void load_ramps_up(struct program *p) /* tenfold in 10 minutes, then level */
{
    double load = 1.0 + 9.0 * fmin(p->t / 600.0, 1.0);

    p->alloc_per_s = 5 * MIB * load * (1.0 + 0.05 * noise());
    p->live = 20 * MIB * load * (1.0 + 0.02 * noise());
    p->spawn_per_s = 100.0 * load * (1.0 + 0.05 * noise());
    p->site_tasks[0] = 200.0 * load * (1.0 + 0.02 * noise());
}

static void wanders(struct program *p) /* pulled back to its middle within half a minute or so */
{
    p->memory = 0.97 * p->memory + noise();
    p->live = (60.0 + 1.5 * p->memory) * MIB;
    p->site_tasks[0] = 400.0 + 10.0 * p->memory;
    p->spawn_per_s = 100.0;
}

static void steps(struct program *p) /* doubles at once, twice */
{
    double level = p->t < 300.0 ? 1.0 : p->t < 900.0 ? 2.0 : 4.0;

    p->live = 30 * MIB * level * (1.0 + 0.02 * noise());
    p->site_tasks[0] = 100.0 * level;
}

static void breathes(struct program *p) /* from its greatest down and up again, in 4 minutes */
{
    p->live = (60.0 + 30.0 * cos(2.0 * PI * p->t / 240.0)) * MIB;
    p->site_tasks[0] = 300.0 + 200.0 * cos(2.0 * PI * p->t / 240.0);
}

static void fans_out(struct program *p) /* tasks by the thousand, each second another number */
{
    p->live = 10 * MIB * (1.0 + 0.2 * fabs(noise()));
    p->site_tasks[0] = 1000.0 + 1000.0 * uniform();
    p->site_tasks[1] = 8;
    p->spawn_per_s = 5000.0;
}

static void collects_rarely(struct program *p) /* what grows between two collections is no leak */
{
    p->gc_period_s = 150.0;
    p->live = 40 * MIB * (1.0 + 0.02 * noise());
}

static const struct {
    const char *name;
    program_fn *fn;
} peaceful[] = {
    {"steady", steady},     {"sawing", sawing},     {"fills_a_cache", fills_a_cache},
    {"load", load_ramps_up}, {"wanders", wanders},   {"steps", steps},
    {"breathes", breathes}, {"fans_out", fans_out}, {"collects_rarely", collects_rarely},
};

static void assert_peace(int64_t window_ns, uint64_t seeds)
{
    for (size_t i = 0; i < ARRAY_COUNT(peaceful); i++) {
        for (uint64_t s = 1; s <= seeds; s++) {
            struct run r;

            start(&r, window_ns, s);
            run_for(&r, peaceful[i].fn, HALF_AN_HOUR);
            cr_expect(r.told_heap < 0.0, "%s, seed %" PRIu64 ": heap told at %g s: %s",
                      peaceful[i].name, s, r.told_heap, r.alerts.alert[0].text);
            cr_expect(r.told_tasks < 0.0, "%s, seed %" PRIu64 ": tasks told at %g s: %s",
                      peaceful[i].name, s, r.told_tasks, r.alerts.alert[0].text);
            finish(&r);
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
