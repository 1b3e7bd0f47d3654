/* SPDX-License-Identifier: MIT */
/* metric.h - what gomon knows of each metric: a number to ask by, a name, a unit.
 * The metrics of metrics.def and process.def have fixed numbers, MON_HEAP_LIVE and so on, whatever
 * slot a page keeps them in: a source finds them by name when it attaches. Metrics that only a
 * newer page has get the numbers from MON_KNOWN on; they are shown, not understood. One that a
 * source lacks has `present` false and never a value.
 * Threads: the table is filled at attach and then const. */
#ifndef MON_METRIC_H
#define MON_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fmt.h"

enum mon_metric {
#define METRIC(id, name, kind, unit, level, keep, help) MON_##id,
#include "metrics.def"
#include "mon/process.def"
#undef METRIC
    MON_KNOWN
};

#define METRIC_TABLE_MAX 192
#define METRIC_NAME_BYTES 40
#define METRIC_HELP_BYTES 120

enum metric_kind { KIND_COUNTER = 0, KIND_GAUGE = 1 };
enum metric_level { LEVEL_INFO = 0, LEVEL_DIAG = 1, LEVEL_DEBUG = 2 };

struct metric_info {
    char name[METRIC_NAME_BYTES];
    char help[METRIC_HELP_BYTES];
    enum metric_kind kind;
    enum fmt_unit unit;
    enum metric_level level;
    bool present; /* the source has it */
    bool kept;    /* gomon keeps a history of it */
};

struct metric_table {
    unsigned n; /* MON_KNOWN or more */
    struct metric_info info[METRIC_TABLE_MAX];
};

/* Fills the table with what is known; nothing is present yet. */
void metric_table_init(struct metric_table *t);

/* Whether gomon measures this metric itself, from outside the target: those of process.def. */
static inline bool metric_is_measured(int metric)
{
    return metric >= MON_PROCESS_RSS && metric < MON_KNOWN;
}

/* The number of the metric with this name, or -1. */
int metric_find(const struct metric_table *t, const char *name);

/* Adds a metric that was not known and returns its number, or -1 if the table is full. Its name
 * must be new. */
int metric_add(struct metric_table *t, const struct metric_info *info);

#endif
