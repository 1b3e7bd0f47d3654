/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/changedplot.h"

#include <stdio.h>

#include "panels/parts.h"

#define WORDS_ROWS 3 /* below the plot */

/* What the tasks of a group do. */
static const char *state_text(const struct grouppast_key *key)
{
    const char *reason = task_reason_name(key->reason);

    return key->state == TASK_WAITING && reason[0] != '\0' ? reason : task_state_name(key->state);
}

const char *changedplot_name(const struct model *model, const struct changed_row *row, int cols,
                             char text[CHANGEDPLOT_NAME_BYTES])
{
    char code[CODE_LINE_BYTES];
    int used;

    if (!row->is_group) {
        snprintf(text, CHANGEDPLOT_NAME_BYTES, "%s", model->metrics->info[row->metric].name);
        return text;
    }
    used = snprintf(text, CHANGEDPLOT_NAME_BYTES, "%s  ", state_text(&row->key));
    parts_code_in(model, row->key.spawn_pc, cols - used, code);
    snprintf(text + used, CHANGEDPLOT_NAME_BYTES - (size_t)used, "%s", code);
    return text;
}

struct figure changedplot_figure(const struct model *model, const struct changed_row *row,
                                 double value)
{
    struct figure figure = parts_known(FMT_COUNT, value);

    if (row->is_group)
        return figure;
    figure.unit = model->metrics->info[row->metric].unit;
    if (model->metrics->info[row->metric].kind == KIND_COUNTER)
        figure.per = FIGURE_PER_SECOND;
    return figure;
}

/* The tasks of a group over the time of the plot. */
static void add_group(struct parts_plot *parts, const struct model *model,
                      const struct changed_row *row)
{
    const struct plot_time *time = &parts->plot.time;
    struct plot_bucket *bucket = parts_plot_add_own(parts, "tasks", PLOT_AREA);
    uint32_t number = grouppast_find(model->groups, &row->key);
    struct plot_bucket last = {0};
    int64_t last_ns = 0;

    for (int i = 0; i < time->nknown; i++) {
        int64_t from_ns = time->begin_ns + i * time->step_ns;
        double mean;

        if (grouppast_mean(model->groups, number, from_ns, from_ns + time->step_ns, &mean)) {
            last = (struct plot_bucket){(float)mean, (float)mean, (float)mean, 1, GAP_NONE};
            last_ns = from_ns;
        }
        if (from_ns - last_ns < 3 * GROUPPAST_SLOT_NS) /* what lies between two counts */
            bucket[i] = last;
    }
    parts->plot.series[0].has_now = last.n > 0;
    parts->plot.series[0].now = (double)last.mean;
}

static void draw_words_below(const struct model *model, const struct changed_row *row,
                             struct canvas *canvas)
{
    char before[FIGURE_BYTES], after[FIGURE_BYTES], text[METRIC_HELP_BYTES + 160];

    draw_figure_text(before, changedplot_figure(model, row, row->before));
    draw_figure_text(after, changedplot_figure(model, row, row->after));
    snprintf(text, sizeof text, "%s before, %s now: moved by %.1f of its usual deviations", before,
             after, row->score);
    canvas_text_in(canvas, 0, 0, canvas->cols, ROLE_TEXT, text);
    if (row->is_group)
        draw_words(canvas, 1, 0, ROLE_DIM, "tasks of this spawn site in this state");
    else
        draw_words(canvas, 1, 0, ROLE_DIM, model->metrics->info[row->metric].help);
}

void changedplot_draw(const struct model *model, const struct panel_state *state,
                      const struct changed_row *row, struct canvas *canvas)
{
    int below = canvas->rows > 3 * WORDS_ROWS ? WORDS_ROWS : 0;
    struct canvas upper = canvas_view(canvas,
                                      (struct rect){0, 0, canvas->rows - below, canvas->cols});
    struct canvas lower = canvas_view(canvas,
                                      (struct rect){canvas->rows - below, 0, below, canvas->cols});
    struct figure figure = changedplot_figure(model, row, row->after);
    char name[CHANGEDPLOT_NAME_BYTES];
    struct parts_plot parts;

    changedplot_name(model, row, canvas->cols / 2, name);
    parts_plot_begin(&parts, model, state, &upper, name, figure.unit);
    parts.plot.per_second = figure.per == FIGURE_PER_SECOND;
    if (row->is_group && model->groups != NULL)
        add_group(&parts, model, row);
    else if (!row->is_group)
        parts_plot_add(&parts, model, row->metric, "value", PLOT_AREA, 1);
    plot_draw(&parts.plot, &upper);
    if (below > 0)
        draw_words_below(model, row, &lower);
}
