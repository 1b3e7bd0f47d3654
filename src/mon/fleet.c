/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/fail.h"
#include "mon/fleetwait.h"
#include "mon/follow.h"
#include "mon/monitor.h"

/* A target, of the row of the same number. */
struct member {
    const char *word;        /* of the command line */
    struct watched watched;  /* without a monitor: it cannot be watched */
    enum exit_status status; /* why */
    struct fleetwait wait;   /* for it, meanwhile */
};

/* A model without a target, for what is around the table. */
struct nothing {
    struct metric_table metrics;
    struct snapshot snapshot;
    struct procinfo process;
    struct task_groups tasks;
    struct alerts alerts;
    struct history *history;
    struct model model;
};

struct fleet {
    const struct options *options;
    struct fleet_rows rows;
    struct member *member[PIDLIST_MAX];
    struct pidlist taken;    /* processes of rows that are not over: they succeed no other */
    struct target_list list; /* room to search in */
    struct nothing nothing;
};

static void *zeros(size_t bytes)
{
    void *memory = calloc(1, bytes);

    CHECK(memory != NULL);
    return memory;
}

static void init_nothing(struct nothing *n)
{
    metric_table_init(&n->metrics);
    for (unsigned i = 0; i < n->metrics.n; i++)
        n->metrics.info[i].kept = i == MON_HEAP_INUSE; /* a history of one, always empty */
    n->history = history_new(&n->metrics);
    CHECK(n->history != NULL);
    n->model = (struct model){.metrics = &n->metrics,
                              .snapshot = &n->snapshot,
                              .process = &n->process,
                              .tasks = &n->tasks,
                              .history = n->history,
                              .alerts = &n->alerts};
}

/* ---- targets ---- */

static void note_taken(struct fleet *f)
{
    f->taken.n = 0;
    for (unsigned i = 0; i < f->rows.n; i++)
        if (!fleet_row_is_over(&f->rows.row[i]))
            f->taken.pid[f->taken.n++] = f->rows.row[i].pid;
}

static struct monitor_options how_to_watch(const struct fleet *f)
{
    return (struct monitor_options){.lint_window_ns = f->options->lint_window_ns,
                                    .lints = &f->options->lints,
                                    .sparing = true,
                                    .taken = &f->taken};
}

/* What was found for row I becomes its monitor, or the reason why there is none. */
static void take(struct fleet *f, unsigned i, const struct several_one *one)
{
    struct fleet_row *row = &f->rows.row[i];
    struct member *member = f->member[i];
    struct monitor_options how = how_to_watch(f);
    struct monitor_failure failure = {.status = one->status};
    struct monitor *monitor = NULL;

    snprintf(failure.text, sizeof failure.text, "%s", one->error);
    if (one->status == EXIT_OK)
        monitor = monitor_new(&one->target, &how, &failure);
    if (monitor != NULL) {
        watched_init(&member->watched, f->options, monitor);
        row->pid = one->pid;
        row->why[0] = '\0';
        row->wait = FLEET_WAITS_NOT;
        return;
    }
    member->status = failure.status;
    row->wait = fleetwait_for(&member->wait, f->options, failure.status);
    snprintf(row->why, sizeof row->why, "%s", failure.text);
}

static void add(struct fleet *f, const struct several_one *one)
{
    struct fleet_row *row = &f->rows.row[f->rows.n];

    f->member[f->rows.n] = zeros(sizeof *f->member[0]);
    f->member[f->rows.n]->word = one->word;
    fleetwait_init(&f->member[f->rows.n]->wait, one->pid);
    row->pid = one->pid;
    take(f, f->rows.n++, one);
    row->id = f->rows.n;
}

/* What has the pid of a process that ended is not what was waited for, nor is what another row
 * watches. */
static bool is_meant(const struct fleet *f, unsigned i, const struct several_one *one)
{
    return fleetwait_is_of(&f->member[i]->wait, one->target.start_ticks) &&
           (one->pid == f->rows.row[i].pid || !pidlist_has(&f->taken, one->pid));
}

static void try_again(struct fleet *f, unsigned i, int64_t mono_ns)
{
    struct fleetwait *wait = &f->member[i]->wait;
    struct several_one one = {.word = f->member[i]->word};

    if (!fleet_row_waits(&f->rows.row[i]) || !fleetwait_is_due(wait, mono_ns))
        return;
    fleetwait_tried(wait, mono_ns);
    several_find_one(f->options, &f->list, &one);
    if (one.status == EXIT_OK && !is_meant(f, i, &one)) {
        one.status = EXIT_NO_TARGET;
        snprintf(one.error, sizeof one.error, "process %d is watched already", (int)one.pid);
    }
    take(f, i, &one);
    if (f->member[i]->watched.monitor == NULL && f->rows.row[i].wait == FLEET_WAITS_NOT)
        snprintf(f->rows.row[i].why, FLEET_WHY_BYTES, "process %d ended before it could be watched",
                 (int)one.pid);
    note_taken(f);
}

struct fleet *fleet_new(const struct options *options, const struct several *targets)
{
    struct fleet *f = zeros(sizeof *f);

    f->options = options;
    init_nothing(&f->nothing);
    for (unsigned i = 0; i < targets->n; i++)
        add(f, &targets->one[i]);
    return f;
}

static void member_free(struct member *member)
{
    watched_fini(&member->watched);
    free(member);
}

void fleet_free(struct fleet *f)
{
    if (f == NULL)
        return;
    for (unsigned i = 0; i < f->rows.n; i++)
        member_free(f->member[i]);
    history_free(f->nothing.history);
    free(f);
}

bool fleet_has_any(const struct fleet *f, enum exit_status *status)
{
    bool waits = f->options->wait || f->options->follow;

    *status = EXIT_OK;
    for (unsigned i = 0; i < f->rows.n; i++)
        if (f->member[i]->watched.monitor != NULL || (waits && fleet_row_waits(&f->rows.row[i])))
            return true;
    for (unsigned i = 0; i < f->rows.n; i++) {
        fail(f->member[i]->status, "%s", f->rows.row[i].why);
        if (*status == EXIT_OK)
            *status = f->member[i]->status;
    }
    return false;
}

/* ---- time ---- */

static void fill_row(struct fleet *f, unsigned i)
{
    struct fleet_row *row = &f->rows.row[i];

    fleet_row_fill(row, watched_model(&f->member[i]->watched));
    if (f->options->follow && target_has_ended(row->state))
        row->wait = FLEET_WAITS_NEXT;
}

bool fleet_tick(struct fleet *f, int64_t mono_ns, int64_t real_ns)
{
    bool raised = false;

    note_taken(f);
    for (unsigned i = 0; i < f->rows.n; i++) {
        struct watched *w = &f->member[i]->watched;

        try_again(f, i, mono_ns);
        if (w->monitor == NULL)
            continue;
        raised |= watched_tick(w, mono_ns, real_ns);
        if (!watched_model(w)->view.past && !watched_model(w)->view.frozen)
            fill_row(f, i);
    }
    f->rows.real_ns = real_ns;
    f->nothing.model.mono_ns = mono_ns;
    f->nothing.model.real_ns = real_ns;
    return raised;
}

const struct watched *fleet_news(const struct fleet *f)
{
    for (unsigned i = 0; i < f->rows.n; i++)
        if (f->member[i]->watched.monitor != NULL && f->member[i]->watched.news != INCIDENT_NO_NEWS)
            return &f->member[i]->watched;
    return NULL;
}

bool fleet_check(struct fleet *f, int64_t mono_ns, int64_t real_ns)
{
    bool changed = false;

    for (unsigned i = 0; i < f->rows.n; i++) {
        struct member *member = f->member[i];

        if (member->watched.monitor != NULL)
            changed |= monitor_check(member->watched.monitor, mono_ns, real_ns);
        else
            changed |= fleet_row_waits(&f->rows.row[i]) && fleetwait_is_due(&member->wait, mono_ns);
    }
    f->rows.real_ns = real_ns;
    f->nothing.model.mono_ns = mono_ns;
    f->nothing.model.real_ns = real_ns;
    return changed;
}

unsigned fleet_pidfds(const struct fleet *f, int fd[PIDLIST_MAX])
{
    for (unsigned i = 0; i < f->rows.n; i++)
        fd[i] = f->rows.row[i].why[0] != '\0' || fleet_row_is_over(&f->rows.row[i])
                    ? -1
                    : monitor_pidfd(f->member[i]->watched.monitor);
    return f->rows.n;
}

/* Without a recording there is less to go back to, no more. */
static void record_past(const struct fleet *f, struct watched *w)
{
    struct monitor_options how = monitor_options_of(f->options, MONITOR_RECORDS_PAST);
    char why[RECORDER_WHY_BYTES];

    monitor_record(w->monitor, &how, why);
}

/* The successor of row I, unless another row has taken it since it was found. */
static struct monitor *next_of(struct fleet *f, unsigned i)
{
    const struct watched *w = &f->member[i]->watched;
    struct monitor_options how = how_to_watch(f);
    pid_t pid;

    if (w->monitor == NULL || watched_model(w)->view.past || watched_model(w)->view.frozen ||
        pidlist_has(&f->taken, watched_model(w)->status.successor))
        return NULL;
    return follow_next(w->monitor, &how, &pid);
}

struct watched *fleet_follow(struct fleet *f)
{
    for (unsigned i = 0; i < f->rows.n; i++) {
        struct watched *w = &f->member[i]->watched;
        struct monitor *next = next_of(f, i);

        if (next == NULL)
            continue;
        bool was_opened = w->symbols != NULL;
        watched_replace(w, next);
        if (was_opened)
            record_past(f, w);
        fill_row(f, i);
        note_taken(f);
        return w;
    }
    return NULL;
}

/* ---- rows ---- */

const struct fleet_rows *fleet_rows(const struct fleet *f)
{
    return &f->rows;
}

const struct model *fleet_model(const struct fleet *f)
{
    return &f->nothing.model;
}

/* Its number, or -1: there is none any more. */
static int find(const struct fleet *f, unsigned id)
{
    for (unsigned i = 0; i < f->rows.n; i++)
        if (f->rows.row[i].id == id)
            return (int)i;
    return -1;
}

struct watched *fleet_open(struct fleet *f, unsigned id)
{
    int i = find(f, id);

    if (i < 0 || f->member[i]->watched.monitor == NULL)
        return NULL;
    struct watched *w = &f->member[i]->watched;
    watched_name_code(w);
    record_past(f, w);
    return w;
}

void fleet_close(struct fleet *f, struct watched *w)
{
    watched_stop_dump(w);
    monitor_move(w->monitor, MOVE_LIVE, 0, NS_PER_S);
    for (unsigned i = 0; i < f->rows.n; i++)
        if (&f->member[i]->watched == w)
            fill_row(f, i);
}

bool fleet_remove(struct fleet *f, unsigned id)
{
    int i = find(f, id);
    unsigned behind;

    if (i < 0 || (!fleet_row_is_over(&f->rows.row[i]) && !fleet_row_waits(&f->rows.row[i])))
        return false;
    behind = --f->rows.n - (unsigned)i;
    member_free(f->member[i]);
    memmove(&f->member[i], &f->member[i + 1], behind * sizeof f->member[0]);
    memmove(&f->rows.row[i], &f->rows.row[i + 1], behind * sizeof f->rows.row[0]);
    return true;
}
