/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/recorder_rows.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define GROUPS_NS       (10 * NS_PER_S)
#define FIRST_GROUPS_NS (2 * NS_PER_S) /* by then the code has names */
#define MINUTE_NS       (60 * NS_PER_S)
#define GROUPS_KEPT     64
#define SITES_KEPT      32 /* of those with most live bytes, and of those that have grown most */
#define PROCS_KEPT      64
#define FIXED_SAMPLE    6 /* columns before those of metrics */
#define FIXED_MINUTE    2
#define MINUTE_COLUMNS  4
#define MINUTES_PAST    12

/* ---- statements ---- */

/* "INSERT ... (fixed, metrics) VALUES (?, ...)". */
static struct sqlite3_stmt *prepare_wide(struct recfile *f, const char *head, int nfixed,
                                         const struct metric_table *t, bool minutes)
{
    static const char *const suffix[MINUTE_COLUMNS] = {"", "_min", "_max", "_mean"};
    int each = minutes ? MINUTE_COLUMNS : 1;
    int n = nfixed;
    char *sql = NULL;
    size_t bytes;
    FILE *out = open_memstream(&sql, &bytes);
    struct sqlite3_stmt *s;

    if (out == NULL)
        return NULL;
    fputs(head, out);
    for (unsigned i = 0; i < t->n; i++) {
        char column[RECFILE_COLUMN_BYTES];

        if (!t->info[i].present || (minutes && !t->info[i].kept))
            continue;
        for (int k = 0; k < each; k++, n++)
            fprintf(out, ",%s%s", recfile_column(t->info[i].name, column), suffix[k]);
    }
    fputs(") VALUES (?", out);
    for (; n > 1; n--)
        fputs(",?", out);
    fputs(")", out);
    fclose(out);
    s = recfile_prepare(f, sql);
    free(sql);
    return s;
}

bool recorder_rows_init(struct recorder_rows *w, struct recfile *f, const struct metric_table *t)
{
    w->table = t;
    w->sample = prepare_wide(f,
                             "INSERT OR REPLACE INTO samples (mono_ns,real_ns,published_ns,state,"
                             "since_ns,stale",
                             FIXED_SAMPLE, t, false);
    w->minute = prepare_wide(f, "INSERT OR REPLACE INTO minutes (mono_ns,real_ns", FIXED_MINUTE, t,
                             true);
    w->code = recfile_prepare(f, "INSERT INTO code (pc,text) VALUES (?,?) ON CONFLICT (pc) DO "
                                 "UPDATE SET text=excluded.text WHERE text<>excluded.text");
    return w->sample != NULL && w->minute != NULL && w->code != NULL;
}

void recorder_rows_fini(struct recorder_rows *w)
{
    sqlite3_finalize(w->sample);
    sqlite3_finalize(w->minute);
    sqlite3_finalize(w->code);
}

static bool write_proc(struct recfile *f, const struct proc_sample *p, int64_t mono_ns)
{
    return recfile_put(f, RECFILE_PROCS, "iiiiiiiiiiiiiiiiid", mono_ns, (int64_t)p->id,
                       (int64_t)p->state, (int64_t)p->runq, (int64_t)p->tid, (int64_t)p->task,
                       p->task_since_ns, (int64_t)p->share_ppm[PROC_IDLE],
                       (int64_t)p->share_ppm[PROC_RUNNING], (int64_t)p->share_ppm[PROC_BLOCKING],
                       (int64_t)p->share_ppm[PROC_STOPPED], (int64_t)p->share_ppm[PROC_SPINNING],
                       (int64_t)p->switches, (int64_t)p->steals, (int64_t)p->detaches,
                       (int64_t)p->mallocs, (int64_t)p->alloc_bytes, p->switches_per_s);
}

/* ---- what was known from before ---- */

/* A value that went through a double, as the row has it. */
static int64_t whole(double value)
{
    return value < 18446744073709549568.0 ? (int64_t)(uint64_t)(value > 0 ? value : 0) : -1;
}

static bool write_past_second(struct recorder_rows *w, const struct recorder_input *in, int64_t at)
{
    bool known = false;
    int column = FIXED_SAMPLE;

    for (unsigned i = 0; i < w->table->n; i++) {
        struct history_bucket b;

        if (!w->table->info[i].present)
            continue;
        column++;
        if (history_range(in->history, i, at, at + NS_PER_S, &b)) {
            sqlite3_bind_int64(w->sample, column, whole(b.last));
            known |= !metric_is_measured((int)i); /* else nothing was published then */
        } else {
            sqlite3_bind_null(w->sample, column);
        }
    }
    return !known || recfile_step(w->sample, 1, "iiitii", at, in->real_ns - (in->mono_ns - at), at,
                                  target_state_name(TARGET_LIVE), INT64_C(0), INT64_C(0));
}

static bool write_minute(struct recorder_rows *w, const struct recorder_input *in, int64_t number)
{
    int64_t at = number * MINUTE_NS;
    bool known = false;
    int column = FIXED_MINUTE;

    for (unsigned i = 0; i < w->table->n; i++) {
        struct history_bucket b;
        bool has;

        if (!w->table->info[i].present || !w->table->info[i].kept)
            continue;
        has = history_range(in->history, i, at, at + MINUTE_NS, &b);
        const double value[MINUTE_COLUMNS] = {b.last, (double)b.min, (double)b.max,
                                              history_mean(&b)};
        for (int k = 0; k < MINUTE_COLUMNS; k++) {
            column++;
            if (!has)
                sqlite3_bind_null(w->minute, column);
            else if (k == 0)
                sqlite3_bind_int64(w->minute, column, whole(value[k]));
            else
                sqlite3_bind_double(w->minute, column, value[k]);
        }
        known |= has;
    }
    return !known || recfile_step(w->minute, 1, "ii", at, in->real_ns - (in->mono_ns - at));
}

/* Of what the procs did only the shares are known. */
static bool write_past_procs(struct recfile *f, const struct recorder_input *in, int64_t at)
{
    bool good = true;

    for (uint32_t i = 0; i < in->snapshot->nprocs && i < PROCS_KEPT && good; i++) {
        struct proc_sample p = {.id = in->snapshot->proc[i].id};
        struct proc_shares s;

        if (!proc_history_range(in->procs, i, at, at + NS_PER_S, &s))
            continue;
        for (int k = 0; k < PROC_STATES; k++)
            p.share_ppm[k] = (uint32_t)(s.share[k] * 1e6F);
        good = write_proc(f, &p, at);
    }
    return good;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool write_past(struct recorder_rows *w, struct recfile *f, const struct recorder_input *in)
{
    int64_t oldest_ns = history_oldest_ns(in->history);
    int64_t wanted_ns = w->past_ns > 0 ? in->mono_ns - w->past_ns : 0;
    int64_t wanted_minutes_ns = w->past_ns > 0 ? in->mono_ns - MINUTES_PAST * w->past_ns : 0;
    int64_t first = most(in->mono_ns / NS_PER_S - HISTORY_SECONDS_KEPT,
                         most(oldest_ns, wanted_ns) / NS_PER_S);
    bool good = true;

    w->minute_number = most(in->mono_ns / MINUTE_NS - HISTORY_MINUTES_KEPT,
                            most(oldest_ns, wanted_minutes_ns) / MINUTE_NS - 1);
    for (int64_t k = first; k < in->snapshot->published_ns / NS_PER_S && good; k++)
        if (history_has_seconds(in->history, k * NS_PER_S, (k + 1) * NS_PER_S))
            good = write_past_second(w, in, k * NS_PER_S) &&
                   (in->procs == NULL || write_past_procs(f, in, k * NS_PER_S));
    return good;
}

/* ---- the sample ---- */

static bool write_sample(struct recorder_rows *w, const struct recorder_input *in)
{
    const struct snapshot *s = in->snapshot;
    int column = FIXED_SAMPLE;

    for (unsigned i = 0; i < w->table->n; i++) {
        if (!w->table->info[i].present)
            continue;
        column++;
        if (s->has_value[i])
            sqlite3_bind_int64(w->sample, column, (int64_t)s->value[i]);
        else
            sqlite3_bind_null(w->sample, column);
    }
    return recfile_step(w->sample, 1, "iiitii", s->mono_ns, s->real_ns, s->published_ns,
                        target_state_name(in->status->state), in->status->since_ns,
                        (int64_t)s->stale);
}

static bool write_procs(struct recfile *f, const struct snapshot *s)
{
    bool good = true;

    for (uint32_t i = 0; i < s->nprocs && i < PROCS_KEPT && good; i++)
        good = write_proc(f, &s->proc[i], s->mono_ns);
    return good;
}

/* "0x401010 0x402020", innermost first. */
static const char *stack_text(const struct gc_last *last, char text[static RECFILE_STACK_BYTES])
{
    int n = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < last->nframes; i++)
        n += snprintf(text + n, RECFILE_STACK_BYTES - (size_t)n, "%s0x%" PRIx64, i > 0 ? " " : "",
                      last->pc[i]);
    return text;
}

static bool write_cycle(struct recfile *f, const struct gc_cycle *c)
{
    const struct gc_last *last = &c->last_stopped;
    char stack[RECFILE_STACK_BYTES];

    return recfile_put(
        f, RECFILE_CYCLES, "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiititii", c->start_mono_ns,
        (int64_t)c->number, c->end_real_ns, (int64_t)c->pause_ns, (int64_t)c->stop_ns,
        (int64_t)c->mark_ns, (int64_t)c->restart_ns, (int64_t)c->heap_before, (int64_t)c->heap_live,
        (int64_t)c->heap_goal, (int64_t)c->stacks_bytes, (int64_t)c->globals_bytes,
        (int64_t)last->task, (int64_t)c->trigger, (int64_t)c->mode, (int64_t)c->procs,
        (int64_t)c->tasks, (int64_t)c->first.stop_ns, (int64_t)c->first.work_ns,
        (int64_t)c->first.restart_ns, (int64_t)c->last.stop_ns, (int64_t)c->last.work_ns,
        (int64_t)c->last.restart_ns, (int64_t)c->clean_ns, (int64_t)c->beside_ns,
        (int64_t)c->marker_ns, (int64_t)c->assist_ns, (int64_t)c->rounds, (int64_t)c->written_pages,
        (int64_t)c->last_pages, (int64_t)c->heap_end, last->name, (int64_t)last->how,
        stack_text(last, stack), (int64_t)c->first.off_cpu_ns, (int64_t)c->last.off_cpu_ns);
}

static bool write_news(struct recorder_rows *w, struct recfile *f, const struct snapshot *s)
{
    bool good = true;

    for (uint32_t i = 0; i < s->ncycles && good; i++) {
        if (s->cycle[i].number < w->next_cycle)
            continue;
        good = write_cycle(f, &s->cycle[i]);
        w->next_cycle = s->cycle[i].number + 1;
    }
    for (uint32_t i = 0; i < s->nevents && good; i++) {
        const struct event_sample *e = &s->event[i];

        if (e->number < w->next_event)
            continue;
        good = recfile_put(f, RECFILE_EVENTS, "iiiiit", e->mono_ns, (int64_t)e->number,
                           (int64_t)e->kind, (int64_t)e->arg[0], (int64_t)e->arg[1], e->text);
        w->next_event = e->number + 1;
    }
    return good;
}

/* ---- alerts ---- */

static uint64_t sum_of(const struct alerts *a)
{
    uint64_t sum = a->n;

    for (uint32_t i = 0; i < a->n; i++)
        sum = sum * 31 + (uint64_t)a->alert[i].raised_ns * 7 + (uint64_t)a->alert[i].cleared_ns +
              a->alert[i].lint + (uint64_t)a->alert[i].severity * 1009;
    return sum;
}

static bool write_alerts(struct recorder_rows *w, struct recfile *f, const struct alerts *a,
                         bool due)
{
    bool good = true;

    if (!due && sum_of(a) == w->alerts_sum)
        return true;
    for (uint32_t i = 0; i < a->n && good; i++) {
        const struct alert *x = &a->alert[i];
        const struct alert_trend *t = &x->trend;

        if (due && x->cleared_ns != 0 && sum_of(a) == w->alerts_sum)
            continue; /* it changes no more */
        good = recfile_put(f, RECFILE_ALERTS, "itiiiiitiiiddddi", x->raised_ns,
                           alert_lint_name(x->lint), (int64_t)x->key, (int64_t)x->severity,
                           x->raised_real_ns, x->cleared_ns, (int64_t)x->pc, x->text,
                           x->has_trend ? (int64_t)t->samples : INT64_C(0), t->from_ns, t->to_ns,
                           t->from_value, t->to_value, t->per_second, t->p, (int64_t)t->unit);
    }
    w->alerts_sum = sum_of(a);
    return good;
}

/* ---- what the user has set ---- */

static bool write_mark(struct recfile *f, const struct recorder_marks *set, int64_t at_ns,
                       const char *kind)
{
    return recfile_put(f, RECFILE_MARKS, "iti", at_ns, kind, at_ns + set->ahead_ns);
}

/* There is one at a time. */
static bool write_baseline(struct recfile *f, const struct recorder_marks *set)
{
    return recfile_run(f, "DELETE FROM marks WHERE kind='baseline'") &&
           (set->baseline_ns == 0 || write_mark(f, set, set->baseline_ns, "baseline"));
}

bool recorder_rows_marks(struct recorder_rows *w, struct recfile *f,
                         const struct recorder_marks *set)
{
    uint32_t n = set->marks != NULL ? set->marks->n : 0;
    bool good = true;

    for (uint32_t i = 0; n != w->nmarks && i < n && good; i++)
        good = write_mark(f, set, set->marks->at_ns[i], "mark");
    if (set->baseline_ns != w->baseline_ns)
        good = good && write_baseline(f, set);
    w->nmarks = n;
    w->baseline_ns = set->baseline_ns;
    return good;
}

/* ---- what is counted by group ---- */

static bool write_task_groups(struct recfile *f, const struct task_groups *g, int64_t mono_ns)
{
    bool good = true;

    for (uint32_t i = 0; g->valid && i < g->n && i < GROUPS_KEPT && good; i++) {
        const struct task_group *x = &g->group[i];
        const struct task_holder *h = task_group_holder(g, x);

        good = recfile_put(f, RECFILE_GROUPS, "iiiittiitii", mono_ns, (int64_t)i,
                           (int64_t)x->spawn_pc, (int64_t)x->start_fn, task_state_name(x->state),
                           task_reason_name(x->reason), (int64_t)x->count, x->oldest_since_ns,
                           h != NULL ? h->name : NULL, h != NULL ? (int64_t)h->id : INT64_C(0),
                           h != NULL ? (int64_t)h->pc : INT64_C(0));
        if (good && h != NULL && h->circle > 0)
            good = recfile_put(f, RECFILE_CIRCLES, "iii", mono_ns, (int64_t)i, (int64_t)h->circle);
    }
    return good;
}

static bool write_classes(struct recfile *f, const struct snapshot *s)
{
    bool good = true;

    for (uint32_t i = 0; i < s->nclasses && good; i++) {
        const struct class_sample *c = &s->size_class[i];

        if (c->mallocs > 0)
            good = recfile_put(f, RECFILE_CLASSES, "iiiiiii", s->mono_ns, (int64_t)c->object_bytes,
                               (int64_t)c->mallocs, (int64_t)c->frees, (int64_t)c->spans,
                               (int64_t)c->span_bytes, (int64_t)c->live_bytes);
    }
    return good;
}

/* Those that are among the first of both orders are written twice, to the same row. */
static bool write_sites(struct recfile *f, const struct snapshot *s, enum site_order order)
{
    uint16_t index[SNAPSHOT_MAX_SITES];
    uint32_t n = snapshot_order_sites(s, order, index);
    bool good = true;

    for (uint32_t i = 0; i < n && i < SITES_KEPT && good; i++) {
        const struct alloc_site *a = &s->site[index[i]];

        good = recfile_put(f, RECFILE_SITES, "iiiiiiii", s->mono_ns, (int64_t)a->pc,
                           (int64_t)a->live_objects, (int64_t)a->live_bytes,
                           (int64_t)a->total_objects, (int64_t)a->total_bytes,
                           (int64_t)a->before_bytes, a->before_mono_ns);
    }
    return good;
}

/* Those without waits too where a neighbour has some: a bucket ends where the next one begins. */
static bool write_waits(struct recfile *f, const struct snapshot *s)
{
    const struct latency_sample *l = &s->latency;
    bool good = true;

    for (uint32_t i = 0; i < l->n && good; i++) {
        bool wanted = l->lately[i] > 0 || (i > 0 && l->lately[i - 1] > 0);

        if (wanted)
            good = recfile_put(f, RECFILE_WAITS, "iiii", s->mono_ns, (int64_t)l->from_ns[i],
                               (int64_t)l->lately[i], l->lately_ns);
    }
    return good;
}

/* With each writing of the task groups: see leaks_at in recording_parts.c. */
static bool write_leaks(struct recfile *f, const struct snapshot *s)
{
    bool good = true;

    for (uint32_t i = 0; i < s->nleaks && i < GROUPS_KEPT && good; i++) {
        const struct leak_sample *l = &s->leak[i];

        good = recfile_put(f, RECFILE_LEAKS, "iiiiitiii", s->mono_ns, (int64_t)i,
                           (int64_t)l->spawn_pc, (int64_t)l->start_fn, (int64_t)l->wait_pc,
                           task_reason_name(l->reason), (int64_t)l->count, l->waits_since_ns,
                           l->proven_ns);
    }
    return good;
}

bool recorder_rows_code(struct recorder_rows *w, struct code_lines code)
{
    bool good = true;

    for (uint32_t i = 0; i < code.n && good; i++)
        if (code.line[i].text[0] != '\0')
            good = recfile_step(w->code, 1, "it", (int64_t)code.line[i].pc, code.line[i].text);
    return good;
}

static bool write_heap_groups(struct recfile *f, const struct snapshot *s)
{
    return write_classes(f, s) && write_sites(f, s, SITES_BY_LIVE) &&
           write_sites(f, s, SITES_BY_GROWTH);
}

static bool write_groups(struct recorder_rows *w, struct recfile *f,
                         const struct recorder_input *in)
{
    return write_task_groups(f, in->tasks, in->snapshot->mono_ns) &&
           write_heap_groups(f, in->snapshot) && write_waits(f, in->snapshot) &&
           write_leaks(f, in->snapshot) && recorder_rows_code(w, in->code);
}

/* ---- the whole ---- */

/* All minutes that are over. */
static bool write_minutes(struct recorder_rows *w, const struct recorder_input *in)
{
    int64_t last = in->mono_ns / MINUTE_NS - 1;
    bool good = true;

    while (w->minute_number < last && good)
        good = write_minute(w, in, ++w->minute_number);
    return good;
}

bool recorder_rows_write(struct recorder_rows *w, struct recfile *f,
                         const struct recorder_input *in)
{
    bool due = in->mono_ns >= w->next_groups_ns;
    bool good = true;

    if (!w->has_past)
        good = write_past(w, f, in);
    w->has_past = true;
    good = good && write_minutes(w, in) && write_sample(w, in);
    if (in->snapshot->mono_ns > w->sample_ns)
        good = good && write_procs(f, in->snapshot) && write_news(w, f, in->snapshot);
    good = good && write_alerts(w, f, in->alerts, due) && recorder_rows_marks(w, f, &in->set);
    if (due) {
        good = good && write_groups(w, f, in);
        w->next_groups_ns = in->mono_ns + (w->next_groups_ns == 0 ? FIRST_GROUPS_NS : GROUPS_NS);
    }
    w->sample_ns = in->snapshot->mono_ns;
    return good;
}
