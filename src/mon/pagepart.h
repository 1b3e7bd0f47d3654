/* SPDX-License-Identifier: MIT */
/* pagepart.h - the parts of a page, each turned into plain values of ours.
 * The counterpart of the runtime's publisher: what one writes the other reads. Nothing that the
 * page says is used as an index or a length before it was checked here or by pagefile.h; states
 * and reasons that we have no name for stay numbers or become "unknown".
 * Threads: one owner. Who: source_page.c. */
#ifndef MON_PAGEPART_H
#define MON_PAGEPART_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/history.h"
#include "mon/metric.h"
#include "mon/pagefile.h"
#include "mon/snapshot.h"
#include "mon/source.h"
#include "mon/tasks.h"

/* Which metric of ours lies where in the page. */
struct pagepart_map {
    unsigned n;
    struct pagepart_metric {
        uint32_t metric;  /* our number */
        uint32_t slot;    /* in the values */
        uint32_t history; /* in a slot of the history, or PAGE_NO_HISTORY */
    } entry[METRIC_TABLE_MAX];
};

/* How far the rings were read: number of the next entry. */
struct pagepart_place {
    uint64_t cycle;
    uint64_t event;
    uint64_t second;
    uint64_t minute;
    uint64_t sites_minute;
};

/* Fills the map, marks in T what is present and adds what is new. False: there is no metric. */
bool pagepart_metrics(struct pagefile *pf, struct pagepart_map *map, struct metric_table *t);

/* Each of these reads one part into the snapshot. False: the writer was faster each time, and the
 * snapshot keeps what it had. */
bool pagepart_values(struct pagefile *pf, const struct pagepart_map *map, struct snapshot *s);
bool pagepart_procs(struct pagefile *pf, struct snapshot *s);
bool pagepart_classes(struct pagefile *pf, struct snapshot *s);
bool pagepart_latency(struct pagefile *pf, struct snapshot *s);
bool pagepart_sites(struct pagefile *pf, struct snapshot *s);
bool pagepart_leaks(struct pagefile *pf, struct snapshot *s);

/* These append what is new to what the snapshot has; the oldest go when there is no more room. */
void pagepart_cycles(struct pagefile *pf, struct pagepart_place *place, struct snapshot *s);
void pagepart_events(struct pagefile *pf, struct pagepart_place *place, struct snapshot *s);

/* What the page kept of the past: minutes first, then seconds. */
void pagepart_history(struct pagefile *pf, const struct pagepart_map *map,
                      struct pagepart_place *place, struct history *history);
void pagepart_past_sites(struct pagefile *pf, struct pagepart_place *place, source_site_fn *fn,
                         void *arg);

/* The task groups that the target counted itself, for when its table is gone. */
bool pagepart_groups(struct pagefile *pf, struct task_groups *groups);

/* Adds to GROUPS, counted from the table, who holds what they wait for, as the target tells. */
void pagepart_holders(struct pagefile *pf, struct task_groups *groups);

#endif
