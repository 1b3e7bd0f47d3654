/* SPDX-License-Identifier: MIT */
/* export.h - a model as text or JSON, for pipes, files and scripts.
 * A sample is one line: figures in fixed columns, or one JSON object. The object's keys are only
 * ever added to; `schema` grows if one is taken away. Its figures are bytes, nanoseconds and
 * counts, never scaled.
 * Threads: pure but for the stream. */
#ifndef MON_EXPORT_H
#define MON_EXPORT_H

#include <stdio.h>

#include "mon/model.h"
#include "mon/target.h"

#define EXPORT_SCHEMA 1
#define EXPORT_SITES  16 /* in JSON, of each order */
#define EXPORT_CODES  (SNAPSHOT_FRAMES + 2 * EXPORT_SITES)

/* The titles of the columns. */
void export_titles(FILE *out);

/* One sample. */
void export_row(FILE *out, const struct model *m);

/* One short line for the status line of a terminal multiplexer. */
void export_status(FILE *out, const struct model *m);

/* A line for each alert that was raised or cleared after since_ns, monotonic. */
struct export_alerts_how {
    int64_t since_ns;
    bool with_pid; /* each line begins with it */
};
void export_alerts(FILE *out, const struct model *m, const struct export_alerts_how *how);

/* Every metric that there is, a line each: name, exact figure, figure for people. */
void export_metrics(FILE *out, const struct model *m);

/* CSV: the line of titles for the metrics of M, and one sample. */
void export_csv_titles(FILE *out, const struct model *m);
void export_csv_row(FILE *out, const struct model *m);

/* The figures that a target with the metrics of T has: name, type, unit, help. */
void export_figures(FILE *out, const struct metric_table *t);

/* A table of targets. */
void export_targets(FILE *out, const struct target_list *list);

/* The same as JSON, an object a line. False: gomon was built without JSON. */
bool export_json(FILE *out, const struct model *m);
/* The addresses of code that export_json names if the model has their lines, apart from those of
 * alerts; returns how many there are. */
uint32_t export_codes(const struct model *m, uint64_t pc[EXPORT_CODES]);

bool export_targets_json(FILE *out, const struct target_list *list);
bool export_figures_json(FILE *out, const struct metric_table *t);

#endif
