/* SPDX-License-Identifier: MIT */
/* metrics.c - panel 7: every metric that the target describes, known to this gomon or not. */
#include "config.h"

#include "panels/panels.h"

#include <inttypes.h>
#include <stdio.h>

#include "panels/parts.h"

enum { NAME, VALUE, RATE, EXACT, HELP, COLUMNS };

static const struct draw_column columns[COLUMNS] = {
    [NAME] = {.title = "METRIC", .width = 22, .rank = 0},
    [VALUE] = {.title = "VALUE", .width = 8, .align = DRAW_RIGHT},
    [RATE] = {.title = "CHANGE", .width = 10, .align = DRAW_RIGHT, .rank = 2},
    [EXACT] = {.title = "EXACT", .width = 26, .align = DRAW_RIGHT, .rank = 3},
    [HELP] = {.title = "WHAT IT IS", .width = 20, .stretch = 1, .rank = 1},
};

/* The same while there is something to compare with. */
static const struct draw_column compared[COLUMNS] = {
    [NAME] = {.title = "METRIC", .width = 22, .rank = 0},
    [VALUE] = {.title = "VALUE", .width = 8, .align = DRAW_RIGHT},
    [RATE] = {.title = "CHANGE", .width = 10, .align = DRAW_RIGHT, .rank = 3},
    [EXACT] = {.title = "SINCE THE BASELINE", .width = 26, .align = DRAW_RIGHT, .rank = 2},
    [HELP] = {.title = "WHAT IT IS", .width = 20, .stretch = 1, .rank = 1},
};

static bool is_shown(const struct metric_info *info, const struct panel_state *state)
{
    return info->present && (int)info->level <= state->level &&
           (draw_text_holds(info->name, state->filter) ||
            draw_text_holds(info->help, state->filter));
}

static int count(const struct model *model, const struct panel_state *state)
{
    int n = 0;

    for (unsigned i = 0; i < model->metrics->n; i++)
        n += is_shown(&model->metrics->info[i], state);
    return n;
}

/* The metric shown in row ITEM of the list, or -1. */
static int metric_at(const struct model *model, const struct panel_state *state, int item)
{
    for (unsigned i = 0; i < model->metrics->n; i++) {
        if (is_shown(&model->metrics->info[i], state) && item-- == 0)
            return (int)i;
    }
    return -1;
}

static bool holds(const struct model *model, const struct panel_state *state, int item,
                  const char *text)
{
    int metric = metric_at(model, state, item);

    return metric >= 0 && (draw_text_holds(model->metrics->info[metric].name, text) ||
                           draw_text_holds(model->metrics->info[metric].help, text));
}

/* With every digit, in the place of the exact value. */
static void draw_difference(const struct draw_table *table, const struct model *model,
                            unsigned metric, int row, struct canvas *canvas)
{
    char text[FIGURE_BYTES] = "+";
    uint64_t value;
    uint64_t base;

    if (!snapshot_value(model->snapshot, metric, &value) ||
        !snapshot_value(model->baseline, metric, &base))
        return;
    text[0] = value < base ? '-' : '+';
    fmt_grouped(text + 1, sizeof text - 1, value < base ? base - value : value - base);
    draw_table_cell(table, canvas, row, EXACT, value == base ? ROLE_DIM : ROLE_STRONG, text);
}

static void draw_metric(const struct draw_table *table, const struct model *model, int metric,
                        int row, struct canvas *canvas)
{
    const struct metric_info *info = &model->metrics->info[metric];
    char text[FIGURE_BYTES];
    uint64_t value;
    double per_s;

    draw_table_cell(table, canvas, row, NAME, ROLE_TEXT, info->name);
    draw_figure_text(text, parts_value(model, (unsigned)metric));
    draw_table_cell(table, canvas, row, VALUE, ROLE_STRONG,
                    parts_is_off(model, (unsigned)metric) ? "off" : text);
    draw_figure_text(text, (struct figure){.known = false});
    if (info->unit != FMT_UNIX_NS && info->unit != FMT_ENUM &&
        snapshot_rate(model->snapshot, (unsigned)metric, &per_s))
        fmt_rate(text, sizeof text, info->unit, per_s);
    draw_table_cell(table, canvas, row, RATE, ROLE_TEXT, text);
    if (model->baseline != NULL) {
        draw_difference(table, model, (unsigned)metric, row, canvas);
        draw_table_cell(table, canvas, row, HELP, ROLE_DIM, info->help);
        return;
    }
    if (snapshot_value(model->snapshot, (unsigned)metric, &value))
        draw_table_cell(table, canvas, row, EXACT, ROLE_DIM, fmt_grouped(text, sizeof text, value));
    draw_table_cell(table, canvas, row, HELP, ROLE_DIM, info->help);
}

/* ---- What the chosen metric is, where the table has no room for it ---- */

#define HELP_ROWS       2
#define LEAST_LIST_ROWS 6 /* what is left for the table then */

/* Rows below the table; the same for each metric, so that nothing moves with the cursor. */
static int help_rows(const struct model *model, const struct panel_state *state)
{
    struct draw_table table;

    draw_table_fit(&table, model->baseline != NULL ? compared : columns, COLUMNS,
                   state->view->cols);
    if (state->view->rows < 1 + LEAST_LIST_ROWS + HELP_ROWS)
        return 0;
    for (unsigned i = 0; i < model->metrics->n; i++) {
        const struct metric_info *info = &model->metrics->info[i];

        if (info->present && canvas_text_width(info->help) > table.width[HELP])
            return HELP_ROWS;
    }
    return 0;
}

static int list_rows(const struct model *model, const struct panel_state *state)
{
    return state->view->rows - 1 - help_rows(model, state);
}

static void draw_help(const struct metric_info *info, int row, struct canvas *canvas)
{
    char text[METRIC_NAME_BYTES + METRIC_HELP_BYTES + 4];
    struct canvas below = canvas_view(canvas,
                                      (struct rect){row, 0, canvas->rows - row, canvas->cols});

    snprintf(text, sizeof text, "%s: %s", info->name, info->help);
    draw_words(&below, 0, 0, ROLE_TEXT, text);
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    int rows = list_rows(model, state);
    struct scroll_window window = scroll_window(&state->scroll, count(model, state), rows);
    struct draw_table table;

    draw_table_fit(&table, model->baseline != NULL ? compared : columns, COLUMNS, canvas->cols);
    draw_table_head(&table, canvas, 0, -1, DRAW_DESCENDING);
    if (window.cursor < 0)
        draw_nothing(canvas, state->filter[0] != '\0' ? "no metric holds the text" : "no metric");
    for (int i = window.first; i < window.end; i++) {
        int row = 1 + i - window.first;
        draw_metric(&table, model, metric_at(model, state, i), row, canvas);
        if (i == window.cursor)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
        if (i == window.cursor && canvas->rows > 1 + rows)
            draw_help(&model->metrics->info[metric_at(model, state, i)], 1 + rows, canvas);
    }
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    (void)model;
    if (command == COMMAND_FILTER)
        return INTENT_ASK_FILTER;
    if (command == COMMAND_MORE && state->level < LEVEL_DEBUG)
        state->level++;
    if (command == COMMAND_LESS && state->level > LEVEL_INFO)
        state->level--;
    return INTENT_NONE;
}

const struct panel panel_metrics = {
    .title = "All metrics",
    .help =
        "Every metric that the target's page describes, those of a newer runtime too, and what the "
        "system tells of the process. v shows those that are only for diagnosis as well.",
    .hints = "v more  & filter  / search",
    .scopes = SCOPE_LIST | SCOPE_FILTER | SCOPE_METRICS,
    .draw = draw,
    .command = command,
    .count = count,
    .list_rows = list_rows,
    .holds = holds,
};
