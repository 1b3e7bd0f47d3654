/* SPDX-License-Identifier: MIT */
/* recorder_rows.h - the rows that one sample becomes.
 * A row of `samples` and one a proc each time, collections and events as they come, what is counted
 * by group (tasks, size classes, sites, waits) every 10 s, a row of `minutes` each minute. What has
 * been written is a value of its own, so that the recorder can go back to it when a transaction
 * fails.
 * Who: recorder.c. Threads: one. */
#ifndef MON_RECORDER_ROWS_H
#define MON_RECORDER_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/recfile.h"
#include "mon/recorder.h"

struct recorder_rows {
    const struct metric_table *table;
    struct sqlite3_stmt *sample;
    struct sqlite3_stmt *minute;
    struct sqlite3_stmt *code;
    int64_t past_ns; /* how much of what was before is wanted; 0: all */
    bool has_past;   /* what was before the first sample is in */
    int64_t sample_ns;
    int64_t next_groups_ns;
    int64_t minute_number; /* up to this one they are in */
    uint64_t next_cycle;
    uint64_t next_event;
    uint64_t alerts_sum; /* of what was last written of alerts */
    uint32_t nmarks;     /* that are in */
    int64_t baseline_ns; /* that is in; 0: none */
};

/* After recfile_make_tables. T is borrowed. */
bool recorder_rows_init(struct recorder_rows *w, struct recfile *f, const struct metric_table *t);
void recorder_rows_fini(struct recorder_rows *w);

/* Within a transaction. False: the file failed, and it has to be undone. */
bool recorder_rows_write(struct recorder_rows *w, struct recfile *f,
                         const struct recorder_input *in);

/* What has been set since the last time. */
bool recorder_rows_marks(struct recorder_rows *w, struct recfile *f,
                         const struct recorder_marks *set);

/* The text of these addresses. */
bool recorder_rows_code(struct recorder_rows *w, struct code_lines code);

#endif
