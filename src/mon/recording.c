/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/recording.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/recfile.h"
#include "mon/recording_parts.h"

#define MOST_BACK 32              /* samples in which nothing new was published */
#define FRESH_NS  (10 * NS_PER_S) /* a sample tells of no more than what is so near */
#define MINUTE_NS (60 * NS_PER_S)
#define GROUPS_NS (10 * NS_PER_S) /* how often they are written */

/* ---- columns ---- */

static int metric_of_column(const struct metric_table *t, const char *column)
{
    char of[RECFILE_COLUMN_BYTES];

    for (unsigned i = 0; i < t->n; i++)
        if (t->info[i].present && strcmp(recfile_column(t->info[i].name, of), column) == 0)
            return (int)i;
    return -1;
}

static void learn_column(struct wide *w, const struct metric_table *t, int i)
{
    const char *name = sqlite3_column_name(w->at, i);
    const struct {
        const char *name;
        int *column;
    } fixed[] = {{"mono_ns", &w->mono},           {"real_ns", &w->real},   {"state", &w->state},
                 {"published_ns", &w->published}, {"since_ns", &w->since}, {"stale", &w->stale}};

    w->metric[i] = -1;
    for (size_t k = 0; name != NULL && k < ARRAY_COUNT(fixed); k++) {
        if (strcmp(fixed[k].name, name) == 0) {
            *fixed[k].column = i;
            return;
        }
    }
    if (name != NULL)
        w->metric[i] = (int16_t)metric_of_column(t, name);
}

static void prepare(struct recording *r, struct wide *w, const char *table)
{
    char sql[128];

    snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE mono_ns<=? ORDER BY mono_ns DESC", table);
    w->at = recfile_prepare(r->f, sql);
    snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE mono_ns>=? AND mono_ns<? ORDER BY mono_ns",
             table);
    w->range = recfile_prepare(r->f, sql);
    w->mono = w->real = w->published = w->state = w->since = w->stale = -1;
    w->ncolumns = w->at != NULL ? sqlite3_column_count(w->at) : 0;
    if (w->ncolumns > RECORDING_COLUMNS)
        w->ncolumns = RECORDING_COLUMNS;
    for (int i = 0; i < w->ncolumns; i++)
        learn_column(w, r->t, i);
}

static void unprepare(struct wide *w)
{
    sqlite3_finalize(w->at);
    sqlite3_finalize(w->range);
}

/* ---- opening ---- */

static void enter_metric(struct recording *r, struct metric_table *t, struct sqlite3_stmt *s)
{
    struct metric_info info = {0};
    char column[RECFILE_COLUMN_BYTES];
    int at;

    recording_text(s, 0, info.name, sizeof info.name);
    recording_text(s, 1, column, sizeof column);
    recording_text(s, 6, info.help, sizeof info.help);
    info.kind = sqlite3_column_int64(s, 2) == KIND_COUNTER ? KIND_COUNTER : KIND_GAUGE;
    int64_t unit = sqlite3_column_int64(s, 3);
    int64_t level = sqlite3_column_int64(s, 4);
    info.unit = unit >= 0 && unit < FMT_UNITS ? (enum fmt_unit)unit : FMT_COUNT;
    info.level = level >= 0 && level <= LEVEL_DEBUG ? (enum metric_level)level : LEVEL_DEBUG;
    info.kept = sqlite3_column_int64(s, 5) != 0;
    if (info.name[0] == '\0' || !recfile_has_column(r->f, "samples", column))
        return;
    at = metric_find(t, info.name);
    if (at < 0)
        at = metric_add(t, &info);
    if (at >= 0)
        t->info[at].present = true;
}

static void enter_metrics(struct recording *r, struct metric_table *t)
{
    struct sqlite3_stmt *s = recfile_prepare(
        r->f, "SELECT name,column_name,kind,unit,level,kept,help FROM metrics ORDER BY name");

    while (s != NULL && sqlite3_step(s) == SQLITE_ROW)
        enter_metric(r, t, s);
    sqlite3_finalize(s);
}

struct recording *recording_within(struct recfile *f, const struct metric_table *t)
{
    struct recording *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->f = f;
    r->t = t;
    prepare(r, &r->samples, "samples");
    prepare(r, &r->minutes, "minutes");
    return r;
}

struct recording *recording_open(const char *path, struct metric_table *t,
                                 struct source_failure *failure)
{
    struct recording *r = calloc(1, sizeof *r);
    struct recording_moment m;

    failure->status = EXIT_FAILED;
    snprintf(failure->why, sizeof failure->why, "out of memory");
    if (r == NULL)
        return NULL;
    failure->status = EXIT_BAD_PAGE;
    if (!recfile_open(&r->own, path, RECFILE_READ, failure->why)) {
        free(r);
        return NULL;
    }
    r->f = &r->own;
    r->t = t;
    enter_metrics(r, t);
    prepare(r, &r->samples, "samples");
    prepare(r, &r->minutes, "minutes");
    if (!recording_last(r, &m)) {
        snprintf(failure->why, sizeof failure->why, "%.150s holds no sample%s", path,
                 r->samples.at == NULL ? ": it is damaged" : "");
        recording_free(r);
        return NULL;
    }
    return r;
}

void recording_free(struct recording *r)
{
    if (r == NULL)
        return;
    unprepare(&r->samples);
    unprepare(&r->minutes);
    if (r->f == &r->own)
        recfile_close(&r->own);
    free(r);
}

/* Time that can be reckoned with, or 0. */
static int64_t time_in(const char *text)
{
    long long t = strtoll(text, NULL, 10);

    return t > 0 && t <= INT64_MAX / 4 ? t : 0;
}

bool recording_target(struct recording *r, struct model_target *target)
{
    char number[24];

    *target = (struct model_target){.post_mortem = true};
    if (recfile_get_meta(r->f, "pid", number, sizeof number))
        target->pid = (pid_t)strtol(number, NULL, 10);
    if (recfile_get_meta(r->f, "start_real_ns", number, sizeof number))
        target->start_real_ns = time_in(number);
    recfile_get_meta(r->f, "page_version", target->page_version, sizeof target->page_version);
    return recfile_get_meta(r->f, "name", target->name, sizeof target->name);
}

/* ---- moments ---- */

static struct recording_moment moment_in(const struct wide *w, struct sqlite3_stmt *s)
{
    return (struct recording_moment){
        .mono_ns = recording_time(s, w->mono, 0),
        .real_ns = recording_time(s, w->real, 0),
        .status = {.state = recording_state(w, s), .since_ns = recording_time(s, w->since, 0)}};
}

/* The first row of a statement over samples. */
static bool moment_of(struct recording *r, const char *order, struct recording_moment *m)
{
    char sql[96];
    struct sqlite3_stmt *s;
    bool found;

    snprintf(sql, sizeof sql, "SELECT * FROM samples ORDER BY mono_ns %s LIMIT 1", order);
    s = recfile_prepare(r->f, sql);
    found = s != NULL && sqlite3_step(s) == SQLITE_ROW;
    if (found)
        *m = moment_in(&r->samples, s);
    sqlite3_finalize(s);
    return found;
}

bool recording_first(struct recording *r, struct recording_moment *m)
{
    return moment_of(r, "ASC", m);
}

bool recording_last(struct recording *r, struct recording_moment *m)
{
    return moment_of(r, "DESC", m);
}

static bool time_of(struct recording *r, const char *sql, int64_t from, int64_t *to)
{
    struct sqlite3_stmt *s = recfile_prepare(r->f, sql);
    bool found = false;

    if (s != NULL) {
        sqlite3_bind_int64(s, 1, from);
        found = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) == SQLITE_INTEGER;
        if (found)
            *to = sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    return found && *to >= 0 && *to < INT64_MAX / 4;
}

bool recording_next(struct recording *r, int64_t mono_ns, int64_t *next_ns)
{
    return time_of(r, "SELECT min(mono_ns) FROM samples WHERE mono_ns>?", mono_ns, next_ns);
}

bool recording_previous(struct recording *r, int64_t mono_ns, int64_t *previous_ns)
{
    return time_of(r, "SELECT max(mono_ns) FROM samples WHERE mono_ns<?", mono_ns, previous_ns);
}

bool recording_mono(struct recording *r, int64_t real_ns, int64_t *mono_ns)
{
    struct recording_moment first;

    real_ns = real_ns < 0 ? 0 : real_ns > INT64_MAX / 4 ? INT64_MAX / 4 : real_ns;
    if (time_of(r,
                "SELECT mono_ns + (?1 - real_ns) FROM samples WHERE real_ns<=?1 "
                "ORDER BY real_ns DESC LIMIT 1",
                real_ns, mono_ns))
        return true;
    if (!recording_first(r, &first))
        return false;
    *mono_ns = first.mono_ns - (first.real_ns - real_ns);
    return true;
}

/* ---- values ---- */

/* A row as a snapshot, without what follows from two. */
static void take_row(const struct wide *w, struct sqlite3_stmt *s, struct snapshot *to)
{
    memset(to->has_value, 0, sizeof to->has_value);
    memset(to->has_rate, 0, sizeof to->has_rate);
    to->mono_ns = recording_time(s, w->mono, 0);
    to->real_ns = recording_time(s, w->real, 0);
    to->published_ns = recording_time(s, w->published, to->mono_ns);
    to->stale = recording_number(s, w->stale, 0) != 0;
    to->nprocs = to->ncycles = to->nevents = to->nclasses = to->nsites = 0;
    to->latency.n = 0;
    for (int i = 0; i < w->ncolumns; i++)
        if (w->metric[i] >= 0 && sqlite3_column_type(s, i) != SQLITE_NULL)
            snapshot_set(to, (unsigned)w->metric[i], (uint64_t)sqlite3_column_int64(s, i));
}

/* The row at MONO_NS into TO; then, further back, the first that had been published before it into
 * PREV, which else has no time. */
static bool take_two(struct wide *w, int64_t mono_ns, struct snapshot *to,
                     struct recording_moment *m, struct snapshot *prev)
{
    bool found;

    if (w->at == NULL)
        return false;
    prev->published_ns = 0;
    sqlite3_bind_int64(w->at, 1, mono_ns);
    found = sqlite3_step(w->at) == SQLITE_ROW;
    if (found) {
        take_row(w, w->at, to);
        *m = moment_in(w, w->at);
    }
    for (int i = 0; found && i < MOST_BACK && sqlite3_step(w->at) == SQLITE_ROW; i++) {
        take_row(w, w->at, prev);
        if (prev->published_ns < to->published_ns)
            break;
        prev->published_ns = 0;
    }
    sqlite3_reset(w->at);
    return found;
}

static void derive(struct recording *r, struct snapshot *s, int64_t most_ns)
{
    bool near = r->prev.published_ns > 0 && s->published_ns - r->prev.published_ns <= most_ns;

    snapshot_derive(s, near ? &r->prev : NULL, r->t);
    if (near)
        snapshot_derive_measured(s, &r->prev);
}

bool recording_at(struct recording *r, int64_t mono_ns, struct snapshot *s,
                  struct recording_moment *m)
{
    if (take_two(&r->samples, mono_ns, s, m, &r->prev)) {
        recording_read_past(r->f, s->mono_ns, s);
        derive(r, s, RECORDING_RATE_NS);
        recording_read_procs(r->f, s->mono_ns, s);
        s->stale |= mono_ns - s->mono_ns > FRESH_NS;
        return true;
    }
    /* From before the recording there are minutes, which bear the time of their beginning. */
    if (!take_two(&r->minutes, mono_ns - MINUTE_NS, s, m, &r->prev))
        return false;
    recording_read_past(r->f, s->mono_ns, s);
    derive(r, s, 2 * MINUTE_NS);
    s->stale |= mono_ns - s->mono_ns > 3 * MINUTE_NS;
    return true;
}

bool recording_step(struct recording *r, int64_t after_ns, int64_t until_ns, struct snapshot *s,
                    struct task_groups *tasks, struct recording_moment *m)
{
    struct sqlite3_stmt *row = r->samples.range;
    uint32_t ncycles = s->ncycles;
    uint32_t nsites = s->nsites;
    uint32_t nleaks = s->nleaks;
    bool found;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, after_ns + 1);
    sqlite3_bind_int64(row, 2, until_ns + 1);
    found = sqlite3_step(row) == SQLITE_ROW;
    if (found) {
        take_row(&r->samples, row, s);
        *m = moment_in(&r->samples, row);
    }
    sqlite3_reset(row);
    if (!found || m->mono_ns <= after_ns)
        return false;
    s->ncycles = ncycles;
    s->nsites = nsites;
    s->nleaks = nleaks;
    if (m->mono_ns / GROUPS_NS != after_ns / GROUPS_NS) {
        recording_read_lately(r->f, m->mono_ns, s);
        recording_read_tasks(r->f, m->mono_ns, tasks);
    }
    return true;
}

void recording_tasks(struct recording *r, int64_t mono_ns, struct task_groups *g)
{
    recording_read_tasks(r->f, mono_ns, g);
}

void recording_alerts(struct recording *r, int64_t mono_ns, struct alerts *a)
{
    recording_read_alerts(r->f, mono_ns, a);
}

struct dump *recording_dump(struct recording *r)
{
    return recording_read_dump(r->f, INT64_MAX);
}

bool recording_dump_time(struct recording *r, int64_t mono_ns, int64_t *at_ns)
{
    return time_of(r, "SELECT max(mono_ns) FROM dumps WHERE mono_ns<=?", mono_ns, at_ns) ||
           time_of(r, "SELECT min(mono_ns) FROM dumps WHERE mono_ns>?", mono_ns, at_ns);
}

bool recording_dump_before(struct recording *r, int64_t mono_ns, int64_t *before_ns)
{
    return time_of(r, "SELECT max(mono_ns) FROM dumps WHERE mono_ns<?", mono_ns, before_ns);
}

struct dump *recording_dump_of(struct recording *r, int64_t at_ns)
{
    return recording_read_dump(r->f, at_ns);
}

uint32_t recording_code(struct recording *r, struct code_line *line, uint32_t most)
{
    struct sqlite3_stmt *s = recfile_prepare(r->f, "SELECT pc,text FROM code");
    uint32_t n = 0;

    for (; s != NULL && n < most && sqlite3_step(s) == SQLITE_ROW; n++) {
        line[n].pc = (uint64_t)sqlite3_column_int64(s, 0);
        recording_text(s, 1, line[n].text, sizeof line[n].text);
    }
    sqlite3_finalize(s);
    return n;
}
