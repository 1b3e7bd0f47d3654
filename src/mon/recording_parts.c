/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/recording_parts.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/text.h"

#define GROUPS_AGE_NS (60 * NS_PER_S) /* what is counted by group is that old at most */

/* ---- columns ---- */

void recording_text(struct sqlite3_stmt *s, int column, char *text, size_t bytes)
{
    const unsigned char *from = sqlite3_column_text(s, column);

    text[0] = '\0';
    if (from != NULL)
        text_clean(text, bytes, from, (size_t)sqlite3_column_bytes(s, column));
}

int64_t recording_number(struct sqlite3_stmt *s, int column, int64_t none)
{
    return column >= 0 && sqlite3_column_type(s, column) != SQLITE_NULL
               ? sqlite3_column_int64(s, column)
               : none;
}

/* Time that can be reckoned with. */
int64_t recording_time(struct sqlite3_stmt *s, int column, int64_t none)
{
    int64_t t = recording_number(s, column, none);

    return t < 0 || t > INT64_MAX / 4 ? none : t;
}

enum target_state recording_state(const struct wide *w, struct sqlite3_stmt *s)
{
    char word[16] = "";

    if (w->state >= 0)
        recording_text(s, w->state, word, sizeof word);
    for (int i = TARGET_LIVE; i < TARGET_STATES; i++)
        if (strcmp(target_state_name((enum target_state)i), word) == 0)
            return (enum target_state)i;
    return TARGET_LIVE;
}

static uint64_t u64(struct sqlite3_stmt *s, int column)
{
    return (uint64_t)sqlite3_column_int64(s, column);
}

static uint32_t u32(struct sqlite3_stmt *s, int column)
{
    int64_t n = sqlite3_column_int64(s, column);

    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* A number of an enum with N values; what is not known is the first. */
static int one_of(struct sqlite3_stmt *s, int column, int n)
{
    int64_t value = sqlite3_column_int64(s, column);

    return value >= 0 && value < n ? (int)value : 0;
}

/* Goes over the rows with parameter 1 bound to MONO_NS. FALSE at the end, and S is finalized. */
static bool next_row(struct sqlite3_stmt **s)
{
    if (*s != NULL && sqlite3_step(*s) == SQLITE_ROW)
        return true;
    sqlite3_finalize(*s);
    *s = NULL;
    return false;
}

static struct sqlite3_stmt *rows_at(struct recfile *f, enum recfile_table table, const char *tail,
                                    int64_t mono_ns)
{
    struct sqlite3_stmt *s = recfile_select(f, table, tail);

    if (s != NULL)
        sqlite3_bind_int64(s, 1, mono_ns);
    return s;
}

/* The rows in TABLE of the last time at or before MONO_NS that TIMES has, at most a minute old. */
static struct sqlite3_stmt *rows_of_time(struct recfile *f, enum recfile_table table,
                                         enum recfile_table times, int64_t mono_ns)
{
    char tail[256];

    snprintf(tail, sizeof tail,
             "WHERE mono_ns=(SELECT max(mono_ns) FROM %s WHERE mono_ns<=?1 AND mono_ns>?1-%" PRId64
             ") ORDER BY 1,2",
             recfile_table_name(times), GROUPS_AGE_NS);
    return rows_at(f, table, tail, mono_ns);
}

static struct sqlite3_stmt *rows_of_group(struct recfile *f, enum recfile_table table,
                                          int64_t mono_ns)
{
    return rows_of_time(f, table, table, mono_ns);
}

/* ---- procs ---- */

struct proc_sample recording_proc_of(struct sqlite3_stmt *s)
{
    struct proc_sample p = {
        .id = u32(s, 1),
        .state = (enum proc_state)one_of(s, 2, PROC_STATES),
        .runq = u32(s, 3),
        .tid = (int32_t)u32(s, 4),
        .task = u64(s, 5),
        .task_since_ns = recording_time(s, 6, 0),
        .switches = u64(s, 12),
        .steals = u64(s, 13),
        .detaches = u64(s, 14),
        .mallocs = u64(s, 15),
        .alloc_bytes = u64(s, 16),
        .switches_per_s = sqlite3_column_double(s, 17),
    };

    for (int i = 0; i < PROC_STATES; i++) /* the columns are in the order of the enum */
        p.share_ppm[i] = u32(s, 7 + i) > 1000000 ? 1000000 : u32(s, 7 + i);
    return p;
}

void recording_read_procs(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    struct sqlite3_stmt *row = rows_at(f, RECFILE_PROCS, "WHERE mono_ns=?1 ORDER BY proc", mono_ns);

    s->nprocs = 0;
    while (next_row(&row))
        if (s->nprocs < SNAPSHOT_MAX_PROCS)
            s->proc[s->nprocs++] = recording_proc_of(row);
}

/* ---- what came ---- */

static struct gc_stop stop_of(struct sqlite3_stmt *s, int column, int off_cpu_column)
{
    return (struct gc_stop){.stop_ns = u64(s, column),
                            .work_ns = u64(s, column + 1),
                            .restart_ns = u64(s, column + 2),
                            .off_cpu_ns = u64(s, off_cpu_column)};
}

/* Column 12 has the task, those from COLUMN on what an early gomon did not tell of it. */
static void take_last(struct sqlite3_stmt *s, int column, struct gc_last *last)
{
    char text[RECFILE_STACK_BYTES];
    char *at = text;

    last->task = u64(s, 12);
    recording_text(s, column, last->name, sizeof last->name);
    last->how = (enum stopped_how)one_of(s, column + 1, STOPPED_BY_BLOCKING + 1);
    recording_text(s, column + 2, text, sizeof text);
    while (*at != '\0' && last->nframes < SNAPSHOT_FRAMES) {
        char *end = at;

        last->pc[last->nframes] = strtoull(at, &end, 16);
        if (end == at)
            return;
        last->nframes++;
        at = end;
    }
}

static struct gc_cycle cycle_of(struct sqlite3_stmt *s)
{
    return (struct gc_cycle){
        .start_mono_ns = recording_time(s, 0, 0),
        .number = u64(s, 1),
        .end_real_ns = recording_time(s, 2, 0),
        .pause_ns = u64(s, 3),
        .stop_ns = u64(s, 4),
        .mark_ns = u64(s, 5),
        .restart_ns = u64(s, 6),
        .heap_before = u64(s, 7),
        .heap_live = u64(s, 8),
        .heap_goal = u64(s, 9),
        .stacks_bytes = u64(s, 10),
        .globals_bytes = u64(s, 11),
        .trigger = (enum gc_trigger)one_of(s, 13, GC_BY_LIMIT + 1),
        .mode = (enum gc_mode)one_of(s, 14, GC_MODE_CONCURRENT + 1),
        .procs = u32(s, 15),
        .tasks = u32(s, 16),
        .first = stop_of(s, 17, 34),
        .last = stop_of(s, 20, 35),
        .clean_ns = u64(s, 23),
        .beside_ns = u64(s, 24),
        .marker_ns = u64(s, 25),
        .assist_ns = u64(s, 26),
        .rounds = u64(s, 27),
        .written_pages = u64(s, 28),
        .last_pages = u64(s, 29),
        .heap_end = u64(s, 30),
    };
}

/* The newest come first; the snapshot has them the other way round. */
/* TAIL takes the newest first, with parameter 1 for the time. */
static void read_cycles(struct recfile *f, const char *tail, int64_t mono_ns, struct snapshot *s)
{
    struct sqlite3_stmt *row = rows_at(f, RECFILE_CYCLES, tail, mono_ns);

    s->ncycles = 0;
    while (next_row(&row)) {
        if (s->ncycles == SNAPSHOT_MAX_CYCLES)
            continue;
        s->cycle[s->ncycles] = cycle_of(row);
        take_last(row, 31, &s->cycle[s->ncycles++].last_stopped);
    }
    for (uint32_t i = 0; i < s->ncycles / 2; i++) {
        struct gc_cycle c = s->cycle[i];

        s->cycle[i] = s->cycle[s->ncycles - 1 - i];
        s->cycle[s->ncycles - 1 - i] = c;
    }
}

static void read_events(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    struct sqlite3_stmt *row = rows_at(f, RECFILE_EVENTS,
                                       "WHERE mono_ns<=?1 ORDER BY mono_ns DESC LIMIT 64", mono_ns);
    uint32_t n = 0;

    while (next_row(&row)) {
        struct event_sample *e = &s->event[SNAPSHOT_MAX_EVENTS - 1 - n];

        if (n == SNAPSHOT_MAX_EVENTS)
            continue;
        n++;
        *e = (struct event_sample){.mono_ns = recording_time(row, 0, 0),
                                   .number = u64(row, 1),
                                   .kind = u32(row, 2),
                                   .arg = {u64(row, 3), u64(row, 4)}};
        recording_text(row, 5, e->text, sizeof e->text);
    }
    memmove(&s->event[0], &s->event[SNAPSHOT_MAX_EVENTS - n], n * sizeof s->event[0]);
    s->nevents = n;
}

/* ---- what was counted ---- */

static int by_live_bytes(const void *a, const void *b)
{
    uint64_t x = ((const struct alloc_site *)a)->live_bytes;
    uint64_t y = ((const struct alloc_site *)b)->live_bytes;

    return (x < y) - (x > y);
}

static void read_classes(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    struct sqlite3_stmt *row = rows_of_group(f, RECFILE_CLASSES, mono_ns);

    s->nclasses = 0;
    while (next_row(&row))
        if (s->nclasses < SNAPSHOT_MAX_CLASSES)
            s->size_class[s->nclasses++] = (struct class_sample){.object_bytes = u32(row, 1),
                                                                 .mallocs = u64(row, 2),
                                                                 .frees = u64(row, 3),
                                                                 .spans = u64(row, 4),
                                                                 .span_bytes = u64(row, 5),
                                                                 .live_bytes = u64(row, 6)};
}

static void read_sites(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    struct sqlite3_stmt *row = rows_of_group(f, RECFILE_SITES, mono_ns);

    s->nsites = 0;
    while (next_row(&row))
        if (s->nsites < SNAPSHOT_MAX_SITES)
            s->site[s->nsites++] = (struct alloc_site){.pc = u64(row, 1),
                                                       .live_objects = u64(row, 2),
                                                       .live_bytes = u64(row, 3),
                                                       .total_objects = u64(row, 4),
                                                       .total_bytes = u64(row, 5),
                                                       .before_bytes = u64(row, 6),
                                                       .before_mono_ns = recording_time(row, 7, 0)};
    qsort(s->site, s->nsites, sizeof s->site[0], by_live_bytes);
}

static void read_waits(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    struct sqlite3_stmt *row = rows_of_group(f, RECFILE_WAITS, mono_ns);
    struct latency_sample *l = &s->latency;

    l->n = 0;
    while (next_row(&row)) {
        uint64_t from_ns = u64(row, 1);

        if (l->n == SNAPSHOT_MAX_LATENCIES || (l->n > 0 && from_ns <= l->from_ns[l->n - 1]))
            continue;
        l->from_ns[l->n] = from_ns;
        l->count[l->n] = l->lately[l->n] = u64(row, 2);
        l->lately_ns = recording_time(row, 3, 0);
        l->n++;
    }
}

/* ---- tasks ---- */

static enum task_state task_state_of(const char *name)
{
    for (int i = 0; i < TASK_STATES; i++)
        if (strcmp(task_state_name((enum task_state)i), name) == 0)
            return (enum task_state)i;
    return TASK_DEAD;
}

static uint32_t reason_of(const char *name)
{
    uint32_t reason = 0;

    while (strcmp(task_reason_name(reason), "unknown") != 0 &&
           strcmp(task_reason_name(reason), name) != 0)
        reason++;
    return reason;
}

/* The leaked tasks at the last time at or before MONO_NS at which tasks were counted: if there were
 * none, there is no row. */
static struct sqlite3_stmt *leaks_at(struct recfile *f, int64_t mono_ns)
{
    return rows_of_time(f, RECFILE_LEAKS, RECFILE_GROUPS, mono_ns);
}

static struct leak_sample leak_of(struct sqlite3_stmt *row)
{
    char word[32];

    recording_text(row, 5, word, sizeof word);
    return (struct leak_sample){.spawn_pc = u64(row, 2),
                                .start_fn = u64(row, 3),
                                .wait_pc = u64(row, 4),
                                .reason = reason_of(word),
                                .count = u64(row, 6),
                                .waits_since_ns = recording_time(row, 7, 0),
                                .proven_ns = recording_time(row, 8, 0)};
}

static void read_leaks(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    struct sqlite3_stmt *row = leaks_at(f, mono_ns);

    s->nleaks = 0;
    while (next_row(&row))
        if (s->nleaks < SNAPSHOT_MAX_LEAKS)
            s->leak[s->nleaks++] = leak_of(row);
}

void recording_read_past(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    read_cycles(f, "WHERE mono_ns<=?1 ORDER BY mono_ns DESC LIMIT 512", mono_ns, s);
    read_events(f, mono_ns, s);
    read_classes(f, mono_ns, s);
    read_sites(f, mono_ns, s);
    read_waits(f, mono_ns, s);
    read_leaks(f, mono_ns, s);
}

void recording_read_lately(struct recfile *f, int64_t mono_ns, struct snapshot *s)
{
    read_cycles(f, "WHERE mono_ns<=?1 ORDER BY mono_ns DESC LIMIT 16", mono_ns, s);
    read_sites(f, mono_ns, s);
    read_leaks(f, mono_ns, s);
}

/* Adds leaked tasks of one wait site to those of their group, which may have several. */
static void add_leaked(struct task_groups *g, const struct leak_sample *l)
{
    for (uint32_t i = 0; i < g->n; i++) {
        struct task_group *x = &g->group[i];

        if (x->state == TASK_WAITING && x->reason == l->reason && x->spawn_pc == l->spawn_pc &&
            x->start_fn == l->start_fn)
            x->leaked = min_size(x->leaked + min_size(l->count, x->count), x->count);
    }
}

static void take_holder(struct sqlite3_stmt *row, struct task_groups *g, struct task_group *x)
{
    struct task_holder *h = &g->holder[g->nholders];

    if (g->nholders == TASK_HOLDERS_MAX || sqlite3_column_type(row, 8) == SQLITE_NULL)
        return;
    *h = (struct task_holder){.id = u64(row, 9), .pc = u64(row, 10), .nwaiters = x->count};
    recording_text(row, 8, h->name, sizeof h->name);
    x->holder = ++g->nholders;
}

struct task_group recording_group_of(struct sqlite3_stmt *s)
{
    struct task_group x = {.spawn_pc = u64(s, 2),
                           .start_fn = u64(s, 3),
                           .count = u64(s, 6),
                           .oldest_since_ns = recording_time(s, 7, 0)};
    char word[32];

    recording_text(s, 4, word, sizeof word);
    x.state = task_state_of(word);
    recording_text(s, 5, word, sizeof word);
    x.reason = reason_of(word);
    return x;
}

static void take_group(struct sqlite3_stmt *row, struct task_groups *g)
{
    struct task_group *x = &g->group[g->n];

    *x = recording_group_of(row);
    take_holder(row, g, x);
    g->ntasks += x->count;
    g->by_state[x->state] += x->count;
    g->n++;
}

/* Which of the holders in G, whose groups bear their ranks, wait in a circle. */
static void read_circles(struct recfile *f, struct task_groups *g)
{
    struct sqlite3_stmt *row = rows_at(f, RECFILE_CIRCLES, "WHERE mono_ns=?1", g->mono_ns);

    while (next_row(&row)) {
        uint32_t rank = u32(row, 1);
        uint32_t holder = rank < g->n ? g->group[rank].holder : 0;

        if (holder > 0 && holder <= g->nholders)
            g->holder[holder - 1].circle = u32(row, 2);
    }
}

void recording_read_tasks(struct recfile *f, int64_t mono_ns, struct task_groups *g)
{
    struct sqlite3_stmt *row = rows_of_group(f, RECFILE_GROUPS, mono_ns);

    *g = (struct task_groups){0};
    while (next_row(&row)) {
        g->mono_ns = recording_time(row, 0, 0);
        g->valid = true;
        if (g->n < TASK_GROUPS_MAX)
            take_group(row, g);
    }
    row = leaks_at(f, mono_ns);
    while (next_row(&row)) {
        struct leak_sample l = leak_of(row);

        add_leaked(g, &l);
    }
    if (g->nholders > 0)
        read_circles(f, g);
}
