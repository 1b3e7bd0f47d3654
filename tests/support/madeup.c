/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/madeup.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "mon/leaks.h"

static uint64_t seed;

double madeup_uniform(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (double)(seed * UINT64_C(2685821657736338717) >> 11) / 4503599627370496.0 - 1.0;
}

double madeup_noise(void)
{
    double sum = 0.0;

    for (int i = 0; i < 12; i++)
        sum += madeup_uniform();
    return sum / 2.0;
}

void madeup_start(struct madeup *r, int64_t window_ns, uint64_t with_seed)
{
    seed = with_seed * 2862933555777941757u + 3037000493u;
    memset(r, 0, sizeof *r);
    metric_table_init(&r->table);
    r->history = history_new(&r->table);
    r->lints = lints_new(window_ns, NULL);
    cr_assert(r->history != NULL && r->lints != NULL, "no memory");
    r->program.window_s = (double)(window_ns > 0 ? window_ns : LEAKS_DEFAULT_WINDOW_NS) / NS_PER_S;
    r->program.gc_period_s = 2.5;
    r->program.alloc_per_s = 20 * MADEUP_MIB;
    for (int i = 0; i < LINTS; i++)
        r->told[i] = -1.0;
    lints_set_start(r->lints, MADEUP_START_NS);
}

void madeup_finish(struct madeup *r)
{
    history_free(r->history);
    lints_free(r->lints);
}

static void keep(struct madeup *r, unsigned metric, int64_t now_ns, double value)
{
    if (value <= 0.0)
        return;
    snapshot_set(&r->snapshot, metric, (uint64_t)value);
    history_add(r->history, metric, now_ns, (uint64_t)value);
}

static void publish_sites(struct madeup *r, int64_t now_ns)
{
    const struct madeup_program *p = &r->program;

    r->snapshot.nsites = 2;
    r->tasks = (struct task_groups){.valid = true, .mono_ns = now_ns, .n = 2};
    for (size_t i = 0; i < 2; i++) {
        uint64_t pc = i == 0 ? MADEUP_LEAKY_PC : MADEUP_OTHER_PC;

        r->snapshot.site[i] = (struct alloc_site){
            .pc = pc, .live_bytes = (uint64_t)fmax(p->site_bytes[i], 0.0)};
        r->tasks.group[i] = (struct task_group){
            .spawn_pc = pc, .state = TASK_WAITING, .count = (uint64_t)fmax(p->site_tasks[i], 0.0)};
    }
}

static void publish(struct madeup *r, int64_t now_ns, int step)
{
    const struct madeup_program *p = &r->program;

    r->total_alloc += p->alloc_per_s * step;
    r->tasks_created += p->spawn_per_s * step;
    r->cpu_s += p->cpu_per_s * step;
    if (p->t >= r->next_gc) {
        r->next_gc = p->t + p->gc_period_s;
        r->gc_count++;
        snapshot_set(&r->snapshot, MON_HEAP_LIVE, (uint64_t)fmax(p->live, 0.0));
    }
    r->snapshot.mono_ns = now_ns;
    history_add(r->history, MON_HEAP_LIVE, now_ns, r->snapshot.value[MON_HEAP_LIVE]);
    history_add(r->history, MON_GC_COUNT, now_ns, (uint64_t)r->gc_count);
    history_add(r->history, MON_HEAP_TOTAL_ALLOC, now_ns, (uint64_t)r->total_alloc);
    history_add(r->history, MON_TASKS_CREATED, now_ns, (uint64_t)r->tasks_created);
    keep(r, MON_PROCESS_CPU, now_ns, r->cpu_s * (double)NS_PER_S);
    keep(r, MON_PROCESS_OUTSIDE, now_ns, p->outside);
    keep(r, MON_PROCESS_RSS, now_ns, p->rss);
    keep(r, MON_PROCESS_FILES, now_ns, p->files);
    keep(r, MON_CGROUP_LIMIT, now_ns, p->memory_limit);
    publish_sites(r, now_ns);
}

static void note(struct madeup *r)
{
    for (uint32_t i = 0; i < r->alerts.nstanding; i++) {
        double *told = &r->told[r->alerts.alert[i].lint];

        if (*told < 0.0)
            *told = r->program.t;
    }
}

void madeup_run(struct madeup *r, madeup_fn *fn, int seconds, int step)
{
    for (int i = 0; i < seconds; i += step, r->program.t += step) {
        int64_t now_ns = MADEUP_START_NS + (int64_t)r->program.t * NS_PER_S;

        fn(&r->program);
        publish(r, now_ns, step);
        lints_tick(r->lints,
                   &(struct lint_input){.mono_ns = now_ns,
                                        .real_ns = now_ns,
                                        .history = r->history,
                                        .snapshot = &r->snapshot,
                                        .tasks = &r->tasks,
                                        .status = &r->status},
                   &r->alerts);
        note(r);
    }
}

const struct alert *madeup_standing(const struct madeup *r, enum alert_lint lint)
{
    for (uint32_t i = 0; i < r->alerts.nstanding; i++)
        if (r->alerts.alert[i].lint == lint)
            return &r->alerts.alert[i];
    return NULL;
}
