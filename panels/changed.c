/* SPDX-License-Identifier: MIT */
/* changed.c - what has changed: all figures and groups of tasks, those first that moved furthest
 * from what they usually were; and one of them as a plot. The reckoning is in mon/changed.c. */
#include "config.h"

#include "mon/changed.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mon/spark.h"
#include "panels/changed.h"
#include "panels/changedplot.h"
#include "panels/panels.h"
#include "panels/parts.h"

enum { NAME, SCORE, BEFORE, AFTER, COURSE, COLUMNS };

#define HEAD_ROWS  2
#define NAME_BYTES CHANGEDPLOT_NAME_BYTES
#define MOST_CELLS 32 /* of each half of a course */
#define MOST_SCORE 999.0

static const struct draw_column columns[COLUMNS] = {
    [NAME] = {.title = "WHAT", .width = 20, .stretch = 3, .rank = 0},
    [SCORE] = {.title = "SCORE", .width = 6, .align = DRAW_RIGHT, .rank = 1},
    [BEFORE] = {.title = "BEFORE", .width = 10, .align = DRAW_RIGHT, .rank = 3},
    [AFTER] = {.title = "NOW", .width = 10, .align = DRAW_RIGHT, .rank = 2},
    [COURSE] = {.title = "COURSE", .width = 21, .stretch = 1, .rank = 4},
};

static void rank_all(const struct model *model, const struct panel_state *state,
                     struct changed *changed)
{
    struct changed_ask ask = {.model = model,
                              .now_ns = model->view.past ? model->mono_ns : parts_end_ns(model),
                              .window_ns = state->view->window_ns};

    changed_rank(&ask, changed);
}

/* ---- Which rows there are ---- */

static bool is_shown(const struct model *model, const struct panel_state *state,
                     const struct changed_row *row)
{
    char name[NAME_BYTES];

    return draw_text_holds(changedplot_name(model, row, NAME_BYTES, name), state->filter) ||
           (!row->is_group &&
            draw_text_holds(model->metrics->info[row->metric].help, state->filter));
}

static void leave_shown(const struct model *model, const struct panel_state *state,
                        struct changed *changed)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < changed->n; i++)
        if (state->filter[0] == '\0' || is_shown(model, state, &changed->row[i]))
            changed->row[n++] = changed->row[i];
    changed->n = n;
}

/* The rows that the filter shows. */
static void rank(const struct model *model, const struct panel_state *state,
                 struct changed *changed)
{
    rank_all(model, state, changed);
    leave_shown(model, state, changed);
}

static int count(const struct model *model, const struct panel_state *state)
{
    struct changed changed;

    rank(model, state, &changed);
    return (int)changed.n;
}

static int list_rows(const struct model *model, const struct panel_state *state)
{
    (void)model;
    return state->view->rows - HEAD_ROWS;
}

/* All rows are ranked once, not for each that is looked at. */
static int find(const struct model *model, const struct panel_state *state, int from, int by)
{
    struct changed changed;
    char name[NAME_BYTES];

    rank(model, state, &changed);
    for (int n = (int)changed.n, tried = 1; tried <= n; tried++) {
        int at = (from + by * tried + n) % n;

        if (draw_text_holds(changedplot_name(model, &changed.row[at], NAME_BYTES, name),
                            state->find))
            return at;
    }
    return -1;
}

/* ---- The cursor ---- */

/* A number for a row that stays the same while it changes places; never 0. */
static unsigned id_of(const struct changed_row *row)
{
    const struct grouppast_key *key = &row->key;
    uint64_t mixed = (key->spawn_pc ^ (uint64_t)key->reason << 40 ^ (uint64_t)key->state << 48) *
                     UINT64_C(0x9e3779b97f4a7c15);

    return row->is_group ? 0x80000000u | (unsigned)(mixed >> 33) : row->metric + 1;
}

static int find_chosen(const struct changed *changed, const struct panel_state *state)
{
    for (uint32_t i = 0; i < changed->n && state->chosen != 0; i++)
        if (id_of(&changed->row[i]) == state->chosen)
            return (int)i;
    return -1;
}

void changed_note_cursor(const struct model *model, struct panel_state *state)
{
    struct changed changed;
    uint32_t at = (uint32_t)state->scroll.cursor;

    if (state->opened)
        return;
    rank(model, state, &changed);
    state->chosen = at > 0 && at < changed.n ? id_of(&changed.row[at]) : 0;
}

void changed_keep_cursor(const struct model *model, struct panel_state *state)
{
    struct changed changed;
    int at;

    if (state->chosen == 0 || state->opened)
        return;
    rank(model, state, &changed);
    at = find_chosen(&changed, state);
    if (at >= 0)
        scroll_to(&state->scroll, at, (int)changed.n, list_rows(model, state));
}

/* ---- The list ---- */

static void draw_score(const struct draw_table *table, struct canvas *canvas, int row,
                       const struct changed_row *it)
{
    enum role role = changed_has_moved(it) ? ROLE_STRONG : ROLE_DIM;
    double score = it->score;
    char text[FIGURE_BYTES];

    if (fabs(score) < 0.05)
        score = 0; /* and not -0.0 */
    if (fabs(score) > MOST_SCORE)
        snprintf(text, sizeof text, score > 0 ? ">%.0f" : "<-%.0f", MOST_SCORE);
    else
        snprintf(text, sizeof text, "%+.1f", score);
    draw_table_cell(table, canvas, row, SCORE, role, text);
}

/* The course before and now, with the same scale, in the two halves of the column. */
static void draw_course(const struct model *model, const struct changed *changed,
                        const struct changed_row *row, struct canvas *canvas, struct rect where,
                        enum plot_tier tier)
{
    const struct changed_times *times = &changed->times;
    struct spark_scale scale = spark_nothing;
    double before[MOST_CELLS], after[MOST_CELLS];
    int n = (where.cols - 1) / 2;

    if (n > MOST_CELLS)
        n = MOST_CELLS;
    if (n < 1)
        return;
    changed_course(model, row, CHANGED_BEFORE, times, before, n);
    changed_course(model, row, CHANGED_AFTER, times, after, n);
    spark_widen(&scale, before, n);
    spark_widen(&scale, after, n);
    spark_draw(canvas, where.row, where.col, tier, &scale, before, n, ROLE_DIM);
    canvas_put(canvas, where.row, where.col + n, 0x2502, ROLE_DIM);
    spark_draw(canvas, where.row, where.col + n + 1, tier, &scale, after, n, ROLE_TEXT);
}

static void draw_row(const struct model *model, const struct panel_state *state,
                     const struct draw_table *table, const struct changed *changed, int item,
                     struct canvas *canvas)
{
    const struct changed_row *it = &changed->row[item];
    enum role role = changed_has_moved(it) ? ROLE_TEXT : ROLE_DIM;
    char name[NAME_BYTES], text[FIGURE_BYTES];
    int row = canvas->rows - 1;

    draw_table_cell(table, canvas, row, NAME, role,
                    changedplot_name(model, it, table->width[NAME], name));
    draw_score(table, canvas, row, it);
    draw_figure_text(text, changedplot_figure(model, it, it->before));
    draw_table_cell(table, canvas, row, BEFORE, role, text);
    draw_figure_text(text, changedplot_figure(model, it, it->after));
    draw_table_cell(table, canvas, row, AFTER, role, text);
    if (table->width[COURSE] > 0)
        draw_course(model, changed, it, canvas,
                    (struct rect){row, table->left[COURSE], 1, table->width[COURSE]},
                    state->view->tier);
}

static const char *clock_at(const struct model *model, int64_t mono_ns, char text[FMT_BYTES_MAX])
{
    return fmt_clock(text, FMT_BYTES_MAX, model_real_ns(model, mono_ns));
}

static void draw_title(const struct model *model, const struct changed *changed,
                       struct canvas *canvas)
{
    const struct changed_times *t = &changed->times;
    char text[256], clock[4][FMT_BYTES_MAX];
    uint32_t nmoved = 0;

    while (nmoved < changed->n && changed_has_moved(&changed->row[nmoved]))
        nmoved++;
    snprintf(text, sizeof text, "%" PRIu32 " of %" PRIu32 " moved: %s to %s against %s to %s%s",
             nmoved, changed->n, clock_at(model, t->after_ns, clock[0]),
             clock_at(model, t->after_ns + t->span_ns, clock[1]),
             clock_at(model, t->before_ns, clock[2]),
             clock_at(model, t->before_ns + t->span_ns, clock[3]),
             model->baseline != NULL ? ", the baseline" : "");
    canvas_text_in(canvas, 0, 0, canvas->cols, ROLE_TITLE, text);
}

/* Why there is no row. */
static const char *reason(const struct model *model, const struct panel_state *state,
                          const struct changed *changed)
{
    if (changed->times.span_ns == 0 && model->baseline != NULL)
        return "this is the time of the baseline: there is nothing to compare yet";
    if (changed->times.span_ns > 0 && state->filter[0] != '\0')
        return "no figure holds the text";
    return "too little of the past is known yet";
}

static void draw_list(const struct model *model, const struct panel_state *state,
                      const struct changed *changed, struct canvas *canvas)
{
    int rows = canvas->rows - HEAD_ROWS;
    struct scroll_window window = scroll_window(&state->scroll, (int)changed->n, rows);
    struct draw_table table;

    draw_table_fit(&table, columns, COLUMNS, canvas->cols);
    draw_table_head(&table, canvas, 1, -1, DRAW_DESCENDING);
    for (int i = window.first; i < window.end; i++) {
        int row = HEAD_ROWS + i - window.first;
        struct canvas upto = canvas_view(canvas, (struct rect){0, 0, row + 1, canvas->cols});

        draw_row(model, state, &table, changed, i, &upto);
        if (i == window.cursor)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    struct changed changed;
    int chosen;

    rank_all(model, state, &changed);
    chosen = find_chosen(&changed, state);
    if (state->opened && chosen >= 0) {
        changedplot_draw(model, state, &changed.row[chosen], canvas);
        return;
    }
    leave_shown(model, state, &changed);
    if (changed.n == 0) {
        draw_nothing(canvas, reason(model, state, &changed));
        return;
    }
    draw_title(model, &changed, canvas);
    draw_list(model, state, &changed, canvas);
}

/* ---- Commands ---- */

static void turn_over(const struct model *model, struct panel_state *state)
{
    struct changed changed;
    uint32_t at = (uint32_t)state->scroll.cursor;

    rank(model, state, &changed);
    if (!state->opened && at < changed.n)
        state->chosen = id_of(&changed.row[at]);
    state->opened = !state->opened && at < changed.n;
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    if (command == COMMAND_PLOT)
        turn_over(model, state);
    return command == COMMAND_FILTER ? INTENT_ASK_FILTER : INTENT_NONE;
}

const struct panel panel_changed = {
    .title = "Changed",
    .help =
        "What has changed: every figure, and the tasks of every spawn site and state, those first "
        "that moved furthest from what they usually were. The newer half of the time that plots "
        "show is compared with the older half; with a baseline (a), the time up to the cursor "
        "with that up to the baseline. The score counts in what the figure strayed by before; from "
        "2.5 on it has moved. COURSE shows both times. Enter plots the figure.",
    .hints = "Enter plot  a baseline  & filter  + - time  Esc back",
    .scopes = SCOPE_LIST | SCOPE_FILTER | SCOPE_CHANGED,
    .draw = draw,
    .command = command,
    .count = count,
    .list_rows = list_rows,
    .find = find,
};
