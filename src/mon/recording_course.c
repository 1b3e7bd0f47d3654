/* SPDX-License-Identifier: MIT */
/* recording_course.c - the course of things in a recording: what plots and ribbons show. Interface:
 * recording.h. */
#include "config.h"

#include <sqlite3.h>

#include "base/clock.h"
#include "mon/grouppast.h"
#include "mon/recording_parts.h"

static enum gap_cause cause_of(enum target_state state)
{
    switch (state) {
    case TARGET_LIVE:
        return GAP_NOT_WATCHED;
    case TARGET_STALLED:
        return GAP_STALLED;
    case TARGET_STOPPED:
        return GAP_STOPPED;
    case TARGET_EXITED:
    case TARGET_CRASHED:
    case TARGET_KILLED:
    case TARGET_REPLACED:
        return GAP_TARGET_GONE;
    }
    return GAP_NOT_WATCHED;
}

static void add_to_stretch(const struct wide *w, struct sqlite3_stmt *s, struct history *h)
{
    int64_t mono_ns = recording_time(s, w->mono, 0);
    int64_t published_ns = recording_time(s, w->published, mono_ns);

    for (int i = 0; i < w->ncolumns; i++) {
        int metric = w->metric[i];

        if (metric < 0 || !history_has(h, (unsigned)metric) ||
            sqlite3_column_type(s, i) == SQLITE_NULL)
            continue;
        history_stretch_add(h, (unsigned)metric,
                            metric_is_measured(metric) ? mono_ns : published_ns,
                            (uint64_t)sqlite3_column_int64(s, i));
    }
    history_stretch_gap(h, mono_ns, cause_of(recording_state(w, s)));
}

void recording_stretch(struct recording *r, int64_t from_ns, int64_t to_ns, struct history *h)
{
    struct sqlite3_stmt *s = r->samples.range;

    history_stretch(h, from_ns, to_ns);
    if (s == NULL)
        return;
    sqlite3_bind_int64(s, 1, from_ns - RECORDING_RATE_NS);
    sqlite3_bind_int64(s, 2, to_ns);
    while (sqlite3_step(s) == SQLITE_ROW)
        add_to_stretch(&r->samples, s, h);
    sqlite3_reset(s);
}

/* The buckets of a minute; a metric's columns are its last value and, after it, what it reached. */
static void add_minute(struct recording *r, struct sqlite3_stmt *s, int64_t mono_ns,
                       struct history *h)
{
    const struct wide *w = &r->minutes;

    for (int i = 0; i + 3 < w->ncolumns; i++) {
        if (w->metric[i] < 0 || sqlite3_column_type(s, i) == SQLITE_NULL ||
            sqlite3_column_type(s, i + 3) == SQLITE_NULL)
            continue;
        history_put_minute(
            h, (unsigned)w->metric[i], mono_ns,
            &(struct history_bucket){.min = (float)sqlite3_column_double(s, i + 1),
                                     .max = (float)sqlite3_column_double(s, i + 2),
                                     .sum = (float)sqlite3_column_double(s, i + 3),
                                     .n = 1,
                                     .last = (double)(uint64_t)sqlite3_column_int64(s, i)});
    }
}

void recording_minutes(struct recording *r, int64_t *after_ns, struct history *h)
{
    struct sqlite3_stmt *s = r->minutes.range;

    if (s == NULL)
        return;
    sqlite3_bind_int64(s, 1, *after_ns == INT64_MIN ? *after_ns : *after_ns + 1);
    sqlite3_bind_int64(s, 2, INT64_MAX / 4);
    while (sqlite3_step(s) == SQLITE_ROW) {
        int64_t mono_ns = recording_time(s, r->minutes.mono, 0);

        add_minute(r, s, mono_ns, h);
        *after_ns = mono_ns;
    }
    sqlite3_reset(s);
}

void recording_procs(struct recording *r, int64_t from_ns, int64_t to_ns, struct proc_history *h)
{
    struct sqlite3_stmt *s = recfile_select(r->f, RECFILE_PROCS,
                                            "WHERE mono_ns>=? AND mono_ns<? ORDER BY mono_ns,proc");
    struct snapshot *now = &r->prev;

    proc_history_clear(h);
    if (s == NULL)
        return;
    now->nprocs = 0;
    sqlite3_bind_int64(s, 1, from_ns);
    sqlite3_bind_int64(s, 2, to_ns);
    while (sqlite3_step(s) == SQLITE_ROW) {
        int64_t mono_ns = recording_time(s, 0, 0);

        if (now->nprocs > 0 && mono_ns != now->mono_ns) {
            proc_history_add(h, now);
            now->nprocs = 0;
        }
        now->mono_ns = mono_ns;
        if (now->nprocs < SNAPSHOT_MAX_PROCS)
            now->proc[now->nprocs++] = recording_proc_of(s);
    }
    if (now->nprocs > 0)
        proc_history_add(h, now);
    sqlite3_finalize(s);
}

void recording_groups(struct recording *r, int64_t from_ns, int64_t to_ns, struct grouppast *p)
{
    struct sqlite3_stmt *s = recfile_select(r->f, RECFILE_GROUPS,
                                            "WHERE mono_ns>=? AND mono_ns<? ORDER BY mono_ns,rank");
    int64_t last_ns = INT64_MIN;
    bool taken = false; /* what was counted at last_ns */

    grouppast_clear(p);
    if (s == NULL)
        return;
    sqlite3_bind_int64(s, 1, from_ns);
    sqlite3_bind_int64(s, 2, to_ns);
    while (sqlite3_step(s) == SQLITE_ROW) {
        int64_t mono_ns = recording_time(s, 0, 0);
        struct task_group group = recording_group_of(s);

        if (mono_ns != last_ns)
            taken = grouppast_begin(p, mono_ns);
        last_ns = mono_ns;
        if (taken)
            grouppast_count(p, &group);
    }
    sqlite3_finalize(s);
}
