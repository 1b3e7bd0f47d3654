/* SPDX-License-Identifier: MIT */
/* recording_parts.h - what a recording that is read consists of: the two wide tables, samples and
 * minutes, and the others.
 * Who: recording.c, recording_course.c, recording_parts.c. Threads: one. */
#ifndef MON_RECORDING_PARTS_H
#define MON_RECORDING_PARTS_H

#include "mon/recfile.h"
#include "mon/recording.h"

#define RECORDING_COLUMNS 1024                 /* of a table; further ones are not looked at */
#define RECORDING_RATE_NS INT64_C(11000000000) /* no rate refers to a sample that is older */

/* Where a SELECT * has what. */
struct wide {
    struct sqlite3_stmt *at;                        /* at or before a time, going back */
    struct sqlite3_stmt *range;                     /* from a time until another, going on */
    int mono, real, published, state, since, stale; /* columns, -1: none */
    int ncolumns;
    int16_t metric[RECORDING_COLUMNS]; /* of each column, -1: of none */
};

struct recording {
    struct recfile *f;
    struct recfile own; /* f is this, or another's */
    const struct metric_table *t;
    struct wide samples;
    struct wide minutes;
    struct snapshot prev; /* room */
};

/* A column as a number; NONE if it is missing, and for a time also if it can't be one. */
int64_t recording_number(struct sqlite3_stmt *s, int column, int64_t none);
int64_t recording_time(struct sqlite3_stmt *s, int column, int64_t none);

/* What a row of samples says of the target. */
enum target_state recording_state(const struct wide *w, struct sqlite3_stmt *s);

/* What the other tables hold for a sample at MONO_NS; all but the procs before the rates are
 * derived, the procs after. */
void recording_read_past(struct recfile *f, int64_t mono_ns, struct snapshot *s);
/* The sites, and the last collections. */
void recording_read_lately(struct recfile *f, int64_t mono_ns, struct snapshot *s);
void recording_read_procs(struct recfile *f, int64_t mono_ns, struct snapshot *s);

/* As recording_tasks and recording_alerts. */
void recording_read_tasks(struct recfile *f, int64_t mono_ns, struct task_groups *g);
void recording_read_alerts(struct recfile *f, int64_t mono_ns, struct alerts *a);

/* One proc from a row of procs, or of its columns from FIRST on. */
struct proc_sample recording_proc_of(struct sqlite3_stmt *s);

/* One group of tasks, without its holder, from a row of task_groups. */
struct task_group recording_group_of(struct sqlite3_stmt *s);

/* A column as text without control characters; "" for none. */
void recording_text(struct sqlite3_stmt *s, int column, char *text, size_t bytes);

/* The last dump at or before MONO_NS; else as recording_dump. */
struct dump *recording_read_dump(struct recfile *f, int64_t mono_ns);

#endif
