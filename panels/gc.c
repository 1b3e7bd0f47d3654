/* SPDX-License-Identifier: MIT */
/* gc.c - panel 3: how often the collector runs, and how long it holds the program up. */
#include "config.h"

#include "panels/panels.h"

#include <math.h>
#include <stdio.h>

#include "mon/layout.h"
#include "panels/cycle.h"
#include "panels/parts.h"

#define FACT_WIDTH 7

static const char *trigger_text(enum gc_trigger trigger)
{
    switch (trigger) {
    case GC_BY_HEAP:
        return "heap";
    case GC_BY_TIME:
        return "time";
    case GC_BY_CALL:
        return "call";
    case GC_BY_LIMIT:
        return "limit";
    }
    return "?";
}

static const char *mode_text(const struct model *model)
{
    uint64_t mode;

    if (!snapshot_value(model->snapshot, MON_GC_MODE, &mode))
        return DRAW_MISSING;
    return mode == GC_MODE_CONCURRENT ? "concurrent" : "stop the world";
}

/* ---- Facts ---- */

static struct fact setting(const struct model *model, const char *label, unsigned metric)
{
    struct figure figure = parts_value(model, metric);
    struct fact fact = draw_fact(label, figure);

    if (parts_is_off(model, metric))
        snprintf(fact.text, sizeof fact.text, "off");
    else if (figure.known && metric == MON_GC_PERCENT)
        snprintf(fact.text, sizeof fact.text, "%.0f%%", figure.value);
    return fact;
}

static void draw_settings(const struct model *model, struct canvas *canvas)
{
    struct fact fact[7] = {
        {.label = "mode", .role = ROLE_STRONG},
        setting(model, "GORT_GC", MON_GC_PERCENT),
        setting(model, "memory limit", MON_GC_MEMORY_LIMIT),
        parts_exact(model, "NumGC", MON_GC_COUNT),
        draw_fact("cpu", parts_value(model, MON_GC_CPU)),
    };
    int n = 5;

    snprintf(fact[0].text, sizeof fact[0].text, "%s", mode_text(model));
    if (parts_value(model, MON_GC_LIMITER_LAST).value > 0)
        fact[n++] = parts_exact(model, "gave way in GC", MON_GC_LIMITER_LAST);
    fact[n++] = parts_exact(model, "forced", MON_GC_FORCED);
    draw_facts(canvas, 0, "GC    ", fact, n, 5);
}

static void draw_pauses(const struct model *model, struct canvas *canvas)
{
    const struct pause_summary *pauses = &model->snapshot->pauses;
    bool known = pauses->n > 0;
    char of[FIGURE_BYTES];
    struct fact fact[] = {
        draw_fact("p50",
                  (struct figure){.known = known, .value = (double)pauses->p50_ns, .unit = FMT_NS}),
        draw_fact("p90",
                  (struct figure){.known = known, .value = (double)pauses->p90_ns, .unit = FMT_NS}),
        draw_fact("p99",
                  (struct figure){.known = known, .value = (double)pauses->p99_ns, .unit = FMT_NS}),
        draw_fact("max",
                  (struct figure){.known = known, .value = (double)pauses->max_ns, .unit = FMT_NS}),
        draw_fact("all since start", parts_value(model, MON_GC_PAUSE_TOTAL)),
        {.label = "of the last", .role = ROLE_DIM},
    };

    snprintf(of, sizeof of, "%u", pauses->n);
    snprintf(fact[5].text, sizeof fact[5].text, "%s", of);
    draw_facts(canvas, 0, "PAUSES", fact, 6, FACT_WIDTH);
}

/* ---- Plots ---- */

static void take_pause(struct plot_bucket *bucket, float pause)
{
    float sum = bucket->mean * bucket->n + pause;

    bucket->min = bucket->n == 0 ? pause : fminf(bucket->min, pause);
    bucket->max = bucket->n == 0 ? pause : fmaxf(bucket->max, pause);
    bucket->n++;
    bucket->mean = sum / bucket->n;
}

/* Each cycle that is known by itself; of older ones only the mean pause of a time is left. */
static void read_pauses(struct parts_plot *parts, const struct model *model,
                        struct plot_bucket *bucket)
{
    struct plot_bucket total[PLOT_MAX_BUCKETS];
    const struct plot_time *time = &parts->plot.time;
    const struct snapshot *snapshot = model->snapshot;
    int64_t oldest = snapshot->ncycles > 0 ? snapshot->cycle[0].start_mono_ns : model->mono_ns;

    plot_read_history(model->history, MON_GC_PAUSE_TOTAL, time, 0, total);
    for (int i = 0; i < time->nknown; i++) {
        const struct plot_bucket *count = &parts->collections[i];
        bool older = time->begin_ns + (i + 1) * time->step_ns <= oldest;
        if (older && count->n > 0 && count->mean > 0 && total[i].n > 0)
            take_pause(&bucket[i], total[i].mean / count->mean);
    }
    for (uint32_t i = 0; i < snapshot->ncycles; i++) {
        int at = parts_plot_bucket(parts, snapshot->cycle[i].start_mono_ns);
        if (at >= 0)
            take_pause(&bucket[at], (float)snapshot->cycle[i].pause_ns);
    }
}

static void draw_pause_plot(const struct model *model, const struct panel_state *state,
                            struct canvas *canvas)
{
    struct parts_plot parts;
    const struct gc_cycle *last = snapshot_last_cycle(model->snapshot);

    parts_plot_begin(&parts, model, state, canvas, "PAUSE", FMT_NS);
    struct plot_bucket *bucket = parts_plot_add_own(&parts, "last", PLOT_BARS);
    if (parts.plot.collections != NULL)
        read_pauses(&parts, model, bucket);
    parts.plot.series[0].has_now = last != NULL;
    parts.plot.series[0].now = last == NULL ? 0 : (double)last->pause_ns;
    plot_draw(&parts.plot, canvas);
}

static void draw_heap_plot(const struct model *model, const struct panel_state *state,
                           struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "LIVE HEAP", FMT_BYTES);
    parts_plot_no_marks(&parts);
    parts_plot_add(&parts, model, MON_HEAP_LIVE, "after collection", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_GC_GOAL, "goal", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

static void draw_count_plot(const struct model *model, const struct panel_state *state,
                            struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "NUMGC", FMT_COUNT);
    parts_plot_no_marks(&parts);
    parts_plot_add(&parts, model, MON_GC_COUNT, "collections a minute", PLOT_AREA, 60);
    parts_plot_flatten(&parts);
    plot_draw(&parts.plot, canvas);
}

/* ---- Cycles, newest first ---- */

enum {
    NUMBER,
    ENDED,
    WHY,
    PAUSE,
    STOP,
    MARK,
    RESTART,
    BEFORE,
    LIVE,
    GOAL,
    ROUNDS,
    WRITTEN,
    ASSIST,
    TASKS,
    COLUMNS
};

static const struct draw_column columns[COLUMNS] = {
    [NUMBER] = {.title = "NUMGC", .width = 9, .align = DRAW_RIGHT, .rank = 2},
    [ENDED] = {.title = "ENDED", .width = 8, .rank = 1},
    [WHY] = {.title = "WHY", .width = 5, .rank = 6},
    [PAUSE] = {.title = "PAUSE", .width = 7, .align = DRAW_RIGHT, .rank = 0},
    [STOP] = {.title = "STOP", .width = 7, .align = DRAW_RIGHT, .rank = 4},
    [MARK] = {.title = "MARK", .width = 7, .align = DRAW_RIGHT, .rank = 5},
    [RESTART] = {.title = "RESTART", .width = 7, .align = DRAW_RIGHT, .rank = 8},
    [BEFORE] = {.title = "BEFORE", .width = 7, .align = DRAW_RIGHT, .rank = 3},
    [LIVE] = {.title = "LIVE", .width = 7, .align = DRAW_RIGHT, .rank = 1},
    [GOAL] = {.title = "GOAL", .width = 7, .align = DRAW_RIGHT, .rank = 7},
    [ROUNDS] = {.title = "ROUNDS", .width = 6, .align = DRAW_RIGHT, .rank = 11},
    [WRITTEN] = {.title = "WRITTEN", .width = 7, .align = DRAW_RIGHT, .rank = 10},
    [ASSIST] = {.title = "ASSIST", .width = 7, .align = DRAW_RIGHT, .rank = 9},
    [TASKS] = {.title = "TASKS", .width = 7, .align = DRAW_RIGHT, .rank = 12},
};

static int count(const struct model *model, const struct panel_state *state)
{
    (void)state;
    return (int)model->snapshot->ncycles;
}

/* Cycles are listed newest first. */
static const struct gc_cycle *cycle_at(const struct model *model, int item)
{
    return &model->snapshot->cycle[(int)model->snapshot->ncycles - 1 - item];
}

static const char *cell_text(const struct gc_cycle *cycle, int column, char text[FMT_BYTES_MAX])
{
    switch (column) {
    case NUMBER:
        return fmt_grouped(text, FMT_BYTES_MAX, cycle->number);
    case ENDED:
        return fmt_clock(text, FMT_BYTES_MAX, cycle->end_real_ns);
    case WHY:
        return trigger_text(cycle->trigger);
    case PAUSE:
        return fmt_duration(text, FMT_BYTES_MAX, (double)cycle->pause_ns);
    case STOP:
        return fmt_duration(text, FMT_BYTES_MAX, (double)cycle->stop_ns);
    case MARK:
        return fmt_duration(text, FMT_BYTES_MAX, (double)cycle->mark_ns);
    case RESTART:
        return fmt_duration(text, FMT_BYTES_MAX, (double)cycle->restart_ns);
    case BEFORE:
        return fmt_bytes(text, FMT_BYTES_MAX, (double)cycle->heap_before);
    case LIVE:
        return fmt_bytes(text, FMT_BYTES_MAX, (double)cycle->heap_live);
    case GOAL:
        return fmt_bytes(text, FMT_BYTES_MAX, (double)cycle->heap_goal);
    case ROUNDS:
        return fmt_count(text, FMT_BYTES_MAX, (double)cycle->rounds);
    case WRITTEN:
        return fmt_count(text, FMT_BYTES_MAX, (double)cycle->written_pages);
    case ASSIST:
        return fmt_duration(text, FMT_BYTES_MAX, (double)cycle->assist_ns);
    case TASKS:
        return fmt_count(text, FMT_BYTES_MAX, (double)cycle->tasks);
    }
    return "";
}

static bool holds(const struct model *model, const struct panel_state *state, int item,
                  const char *text)
{
    char cell[FMT_BYTES_MAX];

    (void)state;
    for (int column = 0; column < COLUMNS; column++) {
        if (draw_text_holds(cell_text(cycle_at(model, item), column, cell), text))
            return true;
    }
    return false;
}

static void draw_cycle(const struct draw_table *table, const struct gc_cycle *cycle, int row,
                       struct canvas *canvas)
{
    char text[FMT_BYTES_MAX];

    for (int column = 0; column < COLUMNS; column++) {
        enum role role = column == PAUSE ? ROLE_STRONG : column == ENDED ? ROLE_DIM : ROLE_TEXT;
        draw_table_cell(table, canvas, row, column, role, cell_text(cycle, column, text));
    }
}

static void draw_cycles(const struct model *model, const struct panel_state *state,
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
        draw_cycle(&table, cycle_at(model, i), row, canvas);
        if (i == window.cursor && (window.first > 0 || state->scroll.cursor > 0))
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

#define PARTS 7

static const struct layout_part parts[PARTS] = {
    {.least = 1, .rank = 2},
    {.least = 1, .rank = 1},
    {.least = 3, .weight = 3, .rank = 0},
    {.least = 3, .weight = 2, .rank = 4},
    {.least = 3, .weight = 2, .rank = 6},
    {.least = 4, .weight = 4, .rank = 3},
    {.least = CYCLE_LEAST_ROWS, .weight = 2, .most = 20, .rank = 5},
};

static int list_rows(const struct model *model, const struct panel_state *state)
{
    int size[PARTS];

    (void)model;
    layout_divide(state->view->rows, parts, PARTS, size);
    return size[5] - 1;
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    struct canvas view[PARTS];
    int n = count(model, state);

    layout_rows(canvas, parts, PARTS, view);
    draw_settings(model, &view[0]);
    draw_pauses(model, &view[1]);
    draw_pause_plot(model, state, &view[2]);
    if (view[3].rows > 0)
        draw_heap_plot(model, state, &view[3]);
    if (view[4].rows > 0)
        draw_count_plot(model, state, &view[4]);
    if (n == 0 && view[5].rows > 0)
        draw_nothing(&view[5], "no collection yet");
    if (n == 0)
        return;
    draw_cycles(model, state, &view[5]);
    if (view[6].rows > 0)
        cycle_draw(model, cycle_at(model, state->scroll.cursor < n ? state->scroll.cursor : n - 1),
                   &view[6]);
}

const struct panel panel_gc = {
    .title = "GC",
    .help =
        "Each mark in the pause plot is a collection: for so long the whole program stood still. "
        "A pause is the time until the last thread had stopped, then the marking, then the "
        "restart; the table has the parts of each. Below it are those of both stops of the "
        "selected collection, what it did beside the program (rounds: looks at the pages that the "
        "program wrote meanwhile, each at the price of a fault; assists: time of tasks that had to "
        "help), and the task that was last to stop, which all others waited for, with its stack. "
        "The live heap is what a collection found in use; the goal is the size at which the next "
        "one comes.",
    .scopes = SCOPE_LIST,
    .draw = draw,
    .count = count,
    .list_rows = list_rows,
    .holds = holds,
};
