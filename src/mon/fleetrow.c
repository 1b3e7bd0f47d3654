/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/fleetrow.h"

#include <stdio.h>

static struct figure value_of(const struct model *m, unsigned metric)
{
    struct figure figure = {.unit = m->metrics->info[metric].unit};
    uint64_t value;

    figure.known = snapshot_value(m->snapshot, metric, &value);
    figure.value = (double)value;
    return figure;
}

static struct figure rate_of(const struct model *m, unsigned metric)
{
    struct figure figure = {.unit = m->metrics->info[metric].unit, .per = FIGURE_PER_SECOND};

    figure.known = snapshot_rate(m->snapshot, metric, &figure.value);
    return figure;
}

static struct figure last_pause(const struct model *m)
{
    const struct gc_cycle *cycle = snapshot_last_cycle(m->snapshot);

    return (struct figure){.known = cycle != NULL,
                           .value = cycle != NULL ? (double)cycle->pause_ns : 0.0,
                           .unit = FMT_NS};
}

static void fill_figures(struct fleet_row *row, const struct model *m)
{
    static const unsigned metric[FLEET_FIGURES] = {
        [FLEET_INUSE] = MON_HEAP_INUSE, [FLEET_GOAL] = MON_GC_GOAL,
        [FLEET_GCS] = MON_GC_COUNT,     [FLEET_GC_CPU] = MON_GC_CPU,
        [FLEET_TASKS] = MON_TASKS,      [FLEET_RUNNABLE] = MON_TASKS_RUNNABLE,
        [FLEET_PROCS] = MON_PROCS,
    };

    for (int i = 0; i < FLEET_FIGURES; i++)
        if (i != FLEET_ALLOC && i != FLEET_PAUSE)
            row->figure[i] = value_of(m, metric[i]);
    row->figure[FLEET_ALLOC] = rate_of(m, MON_HEAP_TOTAL_ALLOC);
    row->figure[FLEET_PAUSE] = last_pause(m);
}

static void fill_alerts(struct fleet_row *row, const struct model *m)
{
    row->nalerts = m->alerts->nstanding;
    row->worst = ALERT_NOTE;
    for (uint32_t i = 0; i < m->alerts->nstanding; i++)
        if (m->alerts->alert[i].severity > row->worst)
            row->worst = m->alerts->alert[i].severity;
}

/* Buckets of absolute time, as in plots: what has been drawn never changes, it only moves. */
static void fill_sparks(struct fleet_row *row, const struct model *m, int64_t end_ns)
{
    int64_t last = end_ns / FLEET_SPARK_NS;

    for (int i = 0; i < FLEET_SPARKS; i++) {
        int64_t from_ns = (last - FLEET_SPARKS + 1 + i) * FLEET_SPARK_NS;
        struct history_bucket bucket;

        row->spark[i] = history_range(m->history, MON_HEAP_INUSE, from_ns, from_ns + FLEET_SPARK_NS,
                                      &bucket)
                            ? bucket.max
                            : -1.0f;
    }
}

/* A target states what it likes: a start that cannot be is none. */
static int64_t span(int64_t from_ns, int64_t to_ns)
{
    int64_t ns;

    if (from_ns <= 0 || to_ns < from_ns || __builtin_sub_overflow(to_ns, from_ns, &ns))
        return -1;
    return ns;
}

void fleet_row_fill(struct fleet_row *row, const struct model *m)
{
    const struct target_status *status = &m->status;
    bool ended = target_has_ended(status->state) && status->since_ns > 0;
    int64_t end_ns = ended ? status->since_ns : m->mono_ns;
    int64_t since_ns = span(status->since_ns, m->mono_ns);

    row->pid = m->target.pid;
    row->why[0] = '\0';
    row->wait = FLEET_WAITS_NOT;
    snprintf(row->name, sizeof row->name, "%s", m->target.name);
    row->state = status->state;
    row->since_ns = since_ns > 0 ? since_ns : 0;
    row->up_ns = span(m->target.start_real_ns, model_real_ns(m, end_ns));
    fill_figures(row, m);
    fill_alerts(row, m);
    fill_sparks(row, m, end_ns);
}

bool fleet_row_is_over(const struct fleet_row *row)
{
    return row->why[0] != '\0' ? row->wait == FLEET_WAITS_NOT : target_has_ended(row->state);
}

bool fleet_row_awaits_next(const struct fleet_row *row)
{
    return row->why[0] == '\0' && row->wait == FLEET_WAITS_NEXT;
}

bool fleet_row_waits(const struct fleet_row *row)
{
    return row->why[0] != '\0' && row->wait != FLEET_WAITS_NOT;
}
