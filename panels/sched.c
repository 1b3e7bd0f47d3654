/* SPDX-License-Identifier: MIT */
/* sched.c - panel 4: run queues, and what each proc does. */
#include "config.h"

#include "panels/panels.h"

#include <inttypes.h>
#include <stdio.h>

#include "mon/histogram.h"
#include "mon/layout.h"
#include "panels/parts.h"
#include "panels/ribbon.h"

#define LONG_RUN_NS 10000000 /* a task that has its proc for longer holds others up */

static void draw_facts_of(const struct model *model, struct canvas *canvas)
{
    struct fact fact[] = {
        draw_fact("procs", parts_value(model, MON_PROCS)),
        draw_fact("idle", parts_value(model, MON_PROCS_IDLE)),
        draw_fact("threads", parts_value(model, MON_THREADS)),
        draw_fact("switches", parts_rate(model, MON_SWITCHES)),
        draw_fact("steals", parts_rate(model, MON_STEALS)),
        draw_fact("detached", parts_rate(model, MON_DETACHES)),
        draw_fact("timers", parts_value(model, MON_TIMERS)),
        draw_fact("waiting for I/O", parts_value(model, MON_NETPOLL_WAITERS)),
    };

    draw_facts(canvas, 0, "SCHED", fact, 8, 6);
}

/* How long tasks wait for a proc, and how procs are left. */
static void draw_waits(const struct model *model, struct canvas *canvas)
{
    struct fact fact[] = {
        draw_fact("p50", parts_value(model, MON_LATENCY_P50)),
        draw_fact("p99", parts_value(model, MON_LATENCY_P99)),
        draw_fact("max", parts_value(model, MON_LATENCY_MAX)),
        draw_fact("blocking", parts_rate(model, MON_BLOCKING_ENTERED)),
        draw_fact("taken", parts_rate(model, MON_BLOCKING_TAKEN)),
    };

    draw_facts(canvas, 0, "LATENCY", fact, 5, 6);
}

/* The same waits by their length. Of an image nothing else is known than all since the start. */
static void draw_histogram(const struct model *model, const struct panel_state *state,
                           struct canvas *canvas)
{
    const struct latency_sample *l = &model->snapshot->latency;
    struct histogram histogram = {
        .tier = state->view->tier, .n = l->n, .from_ns = l->from_ns, .count = l->lately};
    char span[FIGURE_BYTES];
    char note[FIGURE_BYTES + 16];

    snprintf(note, sizeof note, "last %s", parts_span(span, l->lately_ns));
    histogram.note = l->lately_ns > 0 ? note : "since the start";
    histogram_draw(&histogram, canvas);
}

static void draw_queues(const struct model *model, const struct panel_state *state,
                        struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "RUN QUEUES", FMT_COUNT);
    parts_plot_add(&parts, model, MON_RUNQ, "tasks ready in all", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_RUNQ_GLOBAL, "in the global one", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

/* ---- The procs ---- */

enum {
    ID,
    STATE,
    QUEUE,
    TASK,
    RUNS,
    RUNNING,
    BLOCKING,
    STOPPED,
    SEEKING,
    SWITCHES,
    DETACHED,
    THREAD,
    COLUMNS
};

static const struct draw_column columns[COLUMNS] = {
    [ID] = {.title = "PROC", .width = 5},
    [STATE] = {.title = "STATE", .width = 8, .rank = 1},
    [QUEUE] = {.title = "QUEUE", .width = 5, .align = DRAW_RIGHT, .rank = 2},
    [TASK] = {.title = "TASK", .width = 9, .align = DRAW_RIGHT, .rank = 3},
    [RUNS] = {.title = "RUNS FOR", .width = 8, .align = DRAW_RIGHT, .rank = 4},
    [RUNNING] = {.title = "RUN", .width = 5, .align = DRAW_RIGHT, .rank = 5},
    [BLOCKING] = {.title = "BLOCK", .width = 5, .align = DRAW_RIGHT, .rank = 7},
    [STOPPED] = {.title = "GC", .width = 5, .align = DRAW_RIGHT, .rank = 8},
    [SEEKING] = {.title = "SEEK", .width = 5, .align = DRAW_RIGHT, .rank = 9},
    [SWITCHES] = {.title = "SWITCHES", .width = 8, .align = DRAW_RIGHT, .rank = 6},
    [DETACHED] = {.title = "DETACHED", .width = 8, .align = DRAW_RIGHT, .rank = 11},
    [THREAD] = {.title = "THREAD", .width = 7, .align = DRAW_RIGHT, .rank = 10},
};

static const char *state_text(enum proc_state state)
{
    switch (state) {
    case PROC_IDLE:
        return "idle";
    case PROC_RUNNING:
        return "running";
    case PROC_BLOCKING:
        return "blocking";
    case PROC_STOPPED:
        return "stopped";
    case PROC_SPINNING:
        return "seeking";
    }
    return "?";
}

static int count(const struct model *model, const struct panel_state *state)
{
    (void)state;
    return (int)model->snapshot->nprocs;
}

static const char *share_text(const struct proc_sample *proc, enum proc_state state,
                              char text[FMT_BYTES_MAX])
{
    bool known = false;

    for (int i = 0; i < PROC_STATES; i++)
        known = known || proc->share_ppm[i] > 0;
    if (!known)
        return DRAW_MISSING;
    snprintf(text, FMT_BYTES_MAX, "%u%%", (proc->share_ppm[state] + 5000) / 10000);
    return text;
}

static int64_t runs_ns(const struct model *model, const struct proc_sample *proc)
{
    return parts_between(proc->task_since_ns, model->snapshot->published_ns);
}

static const char *cell_text(const struct model *model, const struct proc_sample *proc, int column,
                             char text[FMT_BYTES_MAX])
{
    switch (column) {
    case ID:
        snprintf(text, FMT_BYTES_MAX, "P%u", proc->id);
        return text;
    case STATE:
        return state_text(proc->state);
    case QUEUE:
        return fmt_count(text, FMT_BYTES_MAX, proc->runq);
    case TASK:
        snprintf(text, FMT_BYTES_MAX, "%" PRIu64, proc->task);
        return proc->task != 0 ? text : DRAW_MISSING;
    case RUNS:
        fmt_duration(text, FMT_BYTES_MAX, (double)runs_ns(model, proc));
        return proc->task != 0 ? text : DRAW_MISSING;
    case RUNNING:
        return share_text(proc, PROC_RUNNING, text);
    case BLOCKING:
        return share_text(proc, PROC_BLOCKING, text);
    case STOPPED:
        return share_text(proc, PROC_STOPPED, text);
    case SEEKING:
        return share_text(proc, PROC_SPINNING, text);
    case SWITCHES:
        fmt_count(text, FMT_BYTES_MAX, proc->switches_per_s);
        return model->snapshot->interval_ns > 0 ? text : DRAW_MISSING;
    case DETACHED:
        return fmt_count(text, FMT_BYTES_MAX, (double)proc->detaches);
    case THREAD:
        snprintf(text, FMT_BYTES_MAX, "%d", proc->tid);
        return proc->tid != 0 ? text : DRAW_MISSING;
    }
    return "";
}

static bool holds(const struct model *model, const struct panel_state *state, int item,
                  const char *text)
{
    char cell[FMT_BYTES_MAX];

    (void)state;
    for (int column = 0; column < COLUMNS; column++) {
        if (draw_text_holds(cell_text(model, &model->snapshot->proc[item], column, cell), text))
            return true;
    }
    return false;
}

static enum role cell_role(const struct model *model, const struct proc_sample *proc, int column)
{
    if (column == RUNS && proc->task != 0 && runs_ns(model, proc) > LONG_RUN_NS)
        return ROLE_WARN;
    return column == ID || column == RUNNING ? ROLE_STRONG : ROLE_TEXT;
}

static void draw_proc(const struct draw_table *table, const struct model *model,
                      const struct proc_sample *proc, int row, struct canvas *canvas)
{
    char text[FMT_BYTES_MAX];

    for (int column = 0; column < COLUMNS; column++)
        draw_table_cell(table, canvas, row, column, cell_role(model, proc, column),
                        cell_text(model, proc, column, text));
}

static void draw_procs(const struct model *model, const struct panel_state *state,
                       struct canvas *canvas)
{
    int n = count(model, state);
    struct scroll_window window = scroll_window(&state->scroll, n, canvas->rows - 1);
    struct draw_table table;

    if (canvas->rows == 0)
        return;
    draw_table_fit(&table, columns, COLUMNS, canvas->cols);
    draw_table_head(&table, canvas, 0, -1, DRAW_DESCENDING);
    for (int i = window.first; i < window.end; i++) {
        int row = 1 + i - window.first;
        draw_proc(&table, model, &model->snapshot->proc[i], row, canvas);
        if (i == window.cursor && state->scroll.cursor > 0)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

#define PARTS 6

struct parts {
    struct layout_part part[PARTS];
};

/* Rows of the histogram; 0 if no wait was measured. */
static int histogram_rows(const struct model *model)
{
    const struct latency_sample *l = &model->snapshot->latency;

    for (uint32_t i = 0; i < l->n; i++)
        if (l->lately[i] > 0)
            return 2;
    return 0;
}

static struct parts parts_of(const struct model *model)
{
    int nprocs = (int)model->snapshot->nprocs;
    int ribbon = ribbon_rows(model);
    int histogram = histogram_rows(model);

    return (struct parts){{
        {.least = 1, .rank = 1},
        {.least = 1, .rank = 4},
        {.least = histogram, .most = 3 * histogram, .weight = 1, .rank = 5},
        {.least = 3, .weight = 8, .rank = 0},
        {.least = ribbon > 9 ? 9 : ribbon, .most = ribbon, .weight = 1, .rank = 2},
        {.least = nprocs > 3 ? 4 : nprocs + 1, .most = nprocs + 1, .weight = 2, .rank = 3},
    }};
}

static int list_rows(const struct model *model, const struct panel_state *state)
{
    struct parts parts = parts_of(model);
    int size[PARTS];

    layout_divide(state->view->rows, parts.part, PARTS, size);
    return size[PARTS - 1] - 1;
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    struct parts parts = parts_of(model);
    struct canvas view[PARTS];

    layout_rows(canvas, parts.part, PARTS, view);
    draw_facts_of(model, &view[0]);
    draw_waits(model, &view[1]);
    draw_histogram(model, state, &view[2]);
    draw_queues(model, state, &view[3]);
    ribbon_draw(model, state, &view[4]);
    draw_procs(model, state, &view[5]);
}

const struct panel panel_sched = {
    .title = "Sched",
    .help =
        "A proc runs one task at a time; tasks that are ready wait in its queue or in the global "
        "one. Long queues with idle procs, or one proc that always runs the same task, are "
        "worth a look. In the ribbon each column is a moment of the plot above: how much of it "
        "the proc ran, s when a task was in a blocking call, g when it stood still for the "
        "collector. A task that runs for more than 10 ms loses its proc: detached; one that is "
        "in a blocking section while others could run, too: taken. The latency is how long tasks "
        "that were ready waited for a proc: the figures are of the last second, the histogram of "
        "the last minute. Its columns are times, each step on the axis ten times longer, their "
        "height is how many of the waits took so long.",
    .scopes = SCOPE_LIST,
    .draw = draw,
    .count = count,
    .list_rows = list_rows,
    .holds = holds,
};
