/* SPDX-License-Identifier: MIT */
/* overview.c - panel 1: is it well, and if not, where to look. */
#include "config.h"

#include "panels/panels.h"

#include <stdio.h>
#include <string.h>

#include "mon/layout.h"
#include "panels/parts.h"
#include "panels/ribbon.h"

#define FACT_WIDTH 7
#define WIDE_COLS  120 /* from here on two plots stand side by side */

/* Whether a plot shows its times, or the one below it does so for both. */
enum times { TIMES_HERE, TIMES_BELOW };
typedef void plot_function(const struct model *model, const struct panel_state *state,
                           enum times times, struct canvas *canvas);

static void draw_heap(const struct model *model, const struct panel_state *state, enum times times,
                      struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "HEAP", FMT_BYTES);
    parts.plot.no_times = times == TIMES_BELOW;
    parts_plot_add(&parts, model, MON_HEAP_ALLOC, "alloc", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_GC_GOAL, "goal", PLOT_LINE, 1);
    parts_plot_add(&parts, model, MON_HEAP_LIVE, "live", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

static void draw_rate(const struct model *model, const struct panel_state *state, enum times times,
                      struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "ALLOCATED", FMT_BYTES);
    parts.plot.no_times = times == TIMES_BELOW;
    parts.plot.per_second = true;
    parts_plot_add(&parts, model, MON_HEAP_TOTAL_ALLOC, "total", PLOT_AREA, 1);
    plot_draw(&parts.plot, canvas);
}

static void draw_tasks(const struct model *model, const struct panel_state *state, enum times times,
                       struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "TASKS", FMT_COUNT);
    parts_plot_no_marks(&parts);
    parts.plot.no_times = times == TIMES_BELOW;
    parts_plot_add(&parts, model, MON_TASKS, "all", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_TASKS_RUNNABLE, "runnable", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

static void draw_process(const struct model *model, const struct panel_state *state,
                         enum times times, struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "PROCESS", FMT_BYTES);
    parts_plot_no_marks(&parts);
    parts.plot.no_times = times == TIMES_BELOW;
    parts_plot_add(&parts, model, MON_PROCESS_RSS, "rss", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_PROCESS_OUTSIDE, "outside the runtime", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

/* ---- Lines of facts ---- */

static void draw_gc_facts(const struct model *model, struct canvas *canvas)
{
    const struct pause_summary *pauses = &model->snapshot->pauses;
    bool known = pauses->n > 0;
    struct figure p50 = {.known = known, .value = (double)pauses->p50_ns, .unit = FMT_NS};
    struct figure p99 = {.known = known, .value = (double)pauses->p99_ns, .unit = FMT_NS};
    struct figure max = {.known = known, .value = (double)pauses->max_ns, .unit = FMT_NS};
    struct fact fact[] = {
        draw_fact("pause p99", p99),
        draw_fact("max", max),
        parts_exact(model, "NumGC", MON_GC_COUNT),
        draw_fact("allocated", parts_rate(model, MON_HEAP_TOTAL_ALLOC)),
        draw_fact("p50", p50),
        draw_fact("cpu", parts_value(model, MON_GC_CPU)),
    };

    draw_facts(canvas, 0, "GC      ", fact, 6, FACT_WIDTH);
}

static void draw_sched_facts(const struct model *model, struct canvas *canvas)
{
    struct fact fact[] = {
        draw_fact("running", parts_value(model, MON_TASKS_RUNNING)),
        draw_fact("runnable", parts_value(model, MON_TASKS_RUNNABLE)),
        draw_fact("waiting", parts_value(model, MON_TASKS_WAITING)),
        draw_fact("blocking", parts_value(model, MON_TASKS_BLOCKING)),
        draw_fact("idle procs", parts_value(model, MON_PROCS_IDLE)),
        draw_fact("switches", parts_rate(model, MON_SWITCHES)),
    };

    draw_facts(canvas, 0, "SCHED   ", fact, 6, 6);
}

/* A figure and the limit that it has: "1.40G of 2.00G". */
static struct fact limited(const char *label, struct figure figure, struct figure limit)
{
    struct fact fact = draw_fact(label, figure);
    char text[2][FIGURE_BYTES];

    if (!figure.known || !limit.known || limit.value <= 0)
        return fact;
    snprintf(fact.text, sizeof fact.text, "%.16s of %.16s", draw_figure_text(text[0], figure),
             draw_figure_text(text[1], limit));
    if (figure.value > 0.85 * limit.value)
        fact.role = ROLE_WARN;
    return fact;
}

/* "memory limit in 3h10m, +-25m": when what grows reaches its limit. False: that is not known. */
static bool limit_fact(const struct model *model, struct fact *fact)
{
    static const char *const label[USAGES] = {[USAGE_MEMORY] = "MEMORY LIMIT IN",
                                              [USAGE_HEAP] = "HEAP LIMIT IN",
                                              [USAGE_FILES] = "FILES LIMIT IN"};
    const struct forecast *f = model->forecast;
    char left[FMT_BYTES_MAX];
    char error[FMT_BYTES_MAX];

    if (f == NULL || f->state != FORECAST_KNOWN)
        return false;
    *fact = (struct fact){.label = label[f->of], .role = ROLE_WARN};
    fmt_duration(left, sizeof left, (double)f->left_ns);
    fmt_duration(error, sizeof error, (double)(f->left_ns - f->soonest_ns));
    snprintf(fact->text, sizeof fact->text, "%.10s +-%.10s", left, error);
    return true;
}

static void draw_process_facts(const struct model *model, struct canvas *canvas)
{
    struct figure files = parts_value(model, MON_PROCESS_FILES);
    struct figure cgroup = parts_value(model, MON_CGROUP_MEMORY);
    struct fact fact[8] = {
        draw_fact("rss", parts_value(model, MON_PROCESS_RSS)),
        draw_fact("outside the runtime", parts_value(model, MON_PROCESS_OUTSIDE)),
        draw_fact("cpu", parts_cores(parts_rate(model, MON_PROCESS_CPU))),
        draw_fact("threads", parts_value(model, MON_PROCESS_THREADS)),
        limited("files", files, parts_value(model, MON_PROCESS_FILES_LIMIT)),
        limited("cgroup", cgroup, parts_value(model, MON_CGROUP_LIMIT)),
        draw_fact("sys of the runtime", parts_value(model, MON_MEM_SYS)),
    };

    int n = limit_fact(model, &fact[7]) ? 8 : 7;

    if (n == 8) { /* before all others */
        struct fact limit = fact[7];

        memmove(&fact[1], &fact[0], 7 * sizeof fact[0]);
        fact[0] = limit;
    }
    int drawn = draw_facts(canvas, 0, "PROCESS ", fact, n, 6);
    draw_facts(canvas, 1, "        ", fact + drawn, n - drawn, 6);
}

static void draw_alert(const struct model *model, const struct alert *alert, int row,
                       struct canvas *canvas)
{
    char time[FMT_BYTES_MAX];
    char line[PARTS_ALERT_BYTES];
    enum role role = alert->severity == ALERT_NOTE ? ROLE_WARN : ROLE_BAD;

    int col = canvas_text(canvas, row, 0, role, "! ");
    col += canvas_text(canvas, row, col, ROLE_DIM,
                       fmt_clock(time, sizeof time, alert->raised_real_ns));
    int room = canvas->cols - col - 2;
    canvas_text_in(canvas, row, col + 2, room, role, parts_alert(model, alert, room, line));
}

static void draw_alerts(const struct model *model, struct canvas *canvas)
{
    uint32_t standing = model->alerts->nstanding;

    for (uint32_t i = 0; i < standing && (int)i < canvas->rows; i++)
        draw_alert(model, &model->alerts->alert[i], (int)i, canvas);
}

/* ---- The whole ---- */

enum part {
    PART_UPPER,
    PART_GC,
    PART_LOWER,
    PART_RIBBON,
    PART_SCHED,
    PART_PROCESS,
    PART_ALERTS,
    PARTS
};

/* Both side by side, or the first alone. */
static void draw_pair(const struct model *model, const struct panel_state *state,
                      plot_function *const draw[2], enum times times, struct canvas *canvas)
{
    static const struct layout_part half = {.least = 1, .weight = 1};
    struct layout_part part[] = {half, half};
    struct canvas view[2] = {*canvas, {0}};

    if (canvas->cols >= WIDE_COLS)
        layout_columns(canvas, part, 2, view);
    for (int i = 0; i < 2; i++) {
        if (view[i].rows > 0 && view[i].cols > 0)
            draw[i](model, state, times, &view[i]);
    }
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    static plot_function *const upper[2] = {draw_heap, draw_rate};
    static plot_function *const lower[2] = {draw_tasks, draw_process};
    int alerts = (int)model->alerts->nstanding;
    int ribbon = ribbon_rows(model);
    struct layout_part part[PARTS] = {
        [PART_UPPER] = {.least = canvas->rows < 8 ? 3 : 5, .weight = 3, .rank = 1},
        [PART_GC] = {.least = 1, .rank = 2},
        [PART_LOWER] = {.least = 3, .weight = 2, .rank = 5},
        [PART_RIBBON] = {.least = canvas->rows < 34 ? 0
                                  : ribbon > 9      ? 9
                                                    : ribbon,
                         .rank = 6},
        [PART_SCHED] = {.least = 1, .rank = 3},
        [PART_PROCESS] = {.least = canvas->cols < 150 ? 2 : 1, .rank = 4},
        [PART_ALERTS] = {.least = alerts > 3 ? 3 : alerts, .rank = 0},
    };
    struct canvas view[PARTS];

    layout_rows(canvas, part, PARTS, view);
    draw_pair(model, state, upper, view[PART_LOWER].rows >= 5 ? TIMES_BELOW : TIMES_HERE,
              &view[PART_UPPER]);
    draw_gc_facts(model, &view[PART_GC]);
    draw_pair(model, state, lower, TIMES_HERE, &view[PART_LOWER]);
    ribbon_draw(model, state, &view[PART_RIBBON]);
    draw_sched_facts(model, &view[PART_SCHED]);
    draw_process_facts(model, &view[PART_PROCESS]);
    draw_alerts(model, &view[PART_ALERTS]);
}

const struct panel panel_overview = {
    .title = "Overview",
    .help =
        "The heap between two collections, what the tasks do, and the process as the system sees "
        "it. \"Outside the runtime\" is resident memory that the runtime does not account "
        "for: malloc, mappings, code. Standing alerts are below.",
    .draw = draw,
};
