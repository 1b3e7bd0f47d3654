/* SPDX-License-Identifier: MIT */
/* record_none.c - no recordings: this gomon was built without SQLite. Interfaces: recorder.h and
 * recording.h, as far as they are called without an open recording. */
#include "config.h"

#include <stdio.h>

#include "mon/recorder.h"
#include "mon/recording.h"

#define WHY "built without recordings: configure found no SQLite"

struct recorder *recorder_new(const struct recorder_options *options, const struct target *target,
                              const struct model *model, char why[static RECORDER_WHY_BYTES])
{
    (void)options;
    (void)target;
    (void)model;
    snprintf(why, RECORDER_WHY_BYTES, WHY);
    return NULL;
}

void recorder_free(struct recorder *r)
{
    (void)r;
}

void recorder_take(struct recorder *r, const struct recorder_input *in)
{
    (void)r;
    (void)in;
}

bool recorder_put(struct recorder *r, const struct recorder_once *once)
{
    (void)r;
    (void)once;
    return false;
}

void recorder_mark(struct recorder *r, const struct recorder_marks *set, int64_t mono_ns)
{
    (void)r;
    (void)set;
    (void)mono_ns;
}

const struct recorder_status *recorder_status(const struct recorder *r)
{
    (void)r;
    return NULL;
}

struct recording *recorder_past(struct recorder *r)
{
    (void)r;
    return NULL;
}

struct recording *recording_open(const char *path, struct metric_table *t,
                                 struct source_failure *failure)
{
    (void)path;
    (void)t;
    failure->status = EXIT_FAILED;
    snprintf(failure->why, sizeof failure->why, WHY);
    return NULL;
}

void recording_free(struct recording *r)
{
    (void)r;
}

bool recording_target(struct recording *r, struct model_target *target)
{
    (void)r;
    (void)target;
    return false;
}

bool recording_first(struct recording *r, struct recording_moment *m)
{
    (void)r;
    (void)m;
    return false;
}

bool recording_last(struct recording *r, struct recording_moment *m)
{
    (void)r;
    (void)m;
    return false;
}

bool recording_at(struct recording *r, int64_t mono_ns, struct snapshot *s,
                  struct recording_moment *m)
{
    (void)r;
    (void)mono_ns;
    (void)s;
    (void)m;
    return false;
}

bool recording_step(struct recording *r, int64_t after_ns, int64_t until_ns, struct snapshot *s,
                    struct task_groups *tasks, struct recording_moment *m)
{
    (void)r;
    (void)after_ns;
    (void)until_ns;
    (void)s;
    (void)tasks;
    (void)m;
    return false;
}

bool recording_next(struct recording *r, int64_t mono_ns, int64_t *next_ns)
{
    (void)r;
    (void)mono_ns;
    (void)next_ns;
    return false;
}

bool recording_previous(struct recording *r, int64_t mono_ns, int64_t *previous_ns)
{
    (void)r;
    (void)mono_ns;
    (void)previous_ns;
    return false;
}

bool recording_mono(struct recording *r, int64_t real_ns, int64_t *mono_ns)
{
    (void)r;
    (void)real_ns;
    (void)mono_ns;
    return false;
}

void recording_tasks(struct recording *r, int64_t mono_ns, struct task_groups *g)
{
    (void)r;
    (void)mono_ns;
    (void)g;
}

void recording_alerts(struct recording *r, int64_t mono_ns, struct alerts *a)
{
    (void)r;
    (void)mono_ns;
    (void)a;
}

void recording_stretch(struct recording *r, int64_t from_ns, int64_t to_ns, struct history *h)
{
    (void)r;
    (void)from_ns;
    (void)to_ns;
    (void)h;
}

void recording_minutes(struct recording *r, int64_t *after_ns, struct history *h)
{
    (void)r;
    (void)after_ns;
    (void)h;
}

void recording_procs(struct recording *r, int64_t from_ns, int64_t to_ns, struct proc_history *h)
{
    (void)r;
    (void)from_ns;
    (void)to_ns;
    (void)h;
}

void recording_groups(struct recording *r, int64_t from_ns, int64_t to_ns, struct grouppast *p)
{
    (void)r;
    (void)from_ns;
    (void)to_ns;
    (void)p;
}

uint32_t recording_code(struct recording *r, struct code_line *line, uint32_t most)
{
    (void)r;
    (void)line;
    (void)most;
    return 0;
}

struct dump *recording_dump(struct recording *r)
{
    (void)r;
    return NULL;
}

void recording_marks(struct recording *r, struct model_marks *marks)
{
    (void)r;
    *marks = (struct model_marks){0};
}

bool recording_baseline(struct recording *r, int64_t *mono_ns)
{
    (void)r;
    (void)mono_ns;
    return false;
}

bool recording_dump_time(struct recording *r, int64_t mono_ns, int64_t *at_ns)
{
    (void)r;
    (void)mono_ns;
    (void)at_ns;
    return false;
}

bool recording_dump_before(struct recording *r, int64_t mono_ns, int64_t *before_ns)
{
    (void)r;
    (void)mono_ns;
    (void)before_ns;
    return false;
}

struct dump *recording_dump_of(struct recording *r, int64_t at_ns)
{
    (void)r;
    (void)at_ns;
    return NULL;
}
