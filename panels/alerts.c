/* SPDX-License-Identifier: MIT */
/* alerts.c - panel 6: what the lints found, and the numbers that it rests on. */
#include "config.h"

#include "panels/panels.h"

#include <stdio.h>

#include "mon/incident_note.h"
#include "mon/layout.h"
#include "panels/parts.h"

enum { RAISED, LASTED, STATE, LINT, TEXT, COLUMNS };

static const struct draw_column columns[COLUMNS] = {
    [RAISED] = {.title = "RAISED", .width = 8, .rank = 2},
    [LASTED] = {.title = "FOR", .width = 7, .align = DRAW_RIGHT, .rank = 4},
    [STATE] = {.title = "STATE", .width = 8, .rank = 3},
    [LINT] = {.title = "LINT", .width = 14, .rank = 1},
    [TEXT] = {.title = "WHAT", .width = 20, .stretch = 1},
};

static enum role role_of(const struct alert *alert)
{
    if (alert->cleared_ns != 0 || alert->silenced)
        return ROLE_DIM;
    switch (alert->severity) {
    case ALERT_NOTE:
        return ROLE_TEXT;
    case ALERT_WARNING:
        return ROLE_WARN;
    case ALERT_CRITICAL:
        return ROLE_BAD;
    }
    return ROLE_TEXT;
}

static const char *state_of(const struct alert *alert)
{
    return alert->cleared_ns != 0 ? "cleared" : alert->silenced ? "silenced" : "open";
}

static int count(const struct model *model, const struct panel_state *state)
{
    (void)state;
    return (int)model->alerts->n;
}

static bool holds(const struct model *model, const struct panel_state *state, int item,
                  const char *text)
{
    const struct alert *alert = &model->alerts->alert[item];
    char code[CODE_LINE_BYTES];

    (void)state;
    return draw_text_holds(alert->text, text) ||
           draw_text_holds(alert_lint_name(alert->lint), text) ||
           draw_text_holds(parts_code(model, alert->pc, code), text);
}

static void draw_alert(const struct draw_table *table, const struct model *model,
                       const struct alert *alert, int row, struct canvas *canvas)
{
    char text[FIGURE_BYTES];
    char line[PARTS_ALERT_BYTES];
    enum role role = role_of(alert);

    fmt_clock(text, sizeof text, alert->raised_real_ns);
    draw_table_cell(table, canvas, row, RAISED, ROLE_DIM, text);
    parts_span(text, parts_between(alert->raised_ns,
                                   alert->cleared_ns == 0 ? model->mono_ns : alert->cleared_ns));
    draw_table_cell(table, canvas, row, LASTED, alert->cleared_ns == 0 ? ROLE_TEXT : ROLE_DIM,
                    text);
    draw_table_cell(table, canvas, row, STATE, role, state_of(alert));
    draw_table_cell(table, canvas, row, LINT, role, alert_lint_name(alert->lint));
    draw_table_cell(table, canvas, row, TEXT, role,
                    parts_alert(model, alert, table->width[TEXT], line));
}

static void draw_list(const struct model *model, const struct panel_state *state,
                      struct canvas *canvas)
{
    struct scroll_window window = scroll_window(&state->scroll, count(model, state),
                                                canvas->rows - 1);
    struct draw_table table;

    draw_table_fit(&table, columns, COLUMNS, canvas->cols);
    draw_table_head(&table, canvas, 0, -1, DRAW_DESCENDING);
    for (int i = window.first; i < window.end; i++) {
        int row = 1 + i - window.first;
        draw_alert(&table, model, &model->alerts->alert[i], row, canvas);
        if (i == window.cursor)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

/* ---- The evidence of the one under the cursor ---- */

static int draw_trend(const struct alert_trend *trend, int row, struct canvas *canvas)
{
    char value[2][FMT_BYTES_MAX];
    char rate[FMT_BYTES_MAX];
    char span[FIGURE_BYTES];
    char line[256];

    fmt_value(value[0], sizeof value[0], trend->unit, trend->from_value);
    fmt_value(value[1], sizeof value[1], trend->unit, trend->to_value);
    fmt_rate(rate, sizeof rate, trend->unit, trend->per_second);
    snprintf(line, sizeof line,
             "from %s to %s within %s, %s (Theil-Sen slope of %u samples); chance of that without "
             "a trend %.2g (Mann-Kendall)",
             value[0], value[1], parts_span(span, parts_between(trend->from_ns, trend->to_ns)),
             rate, trend->samples, trend->p);
    return draw_words(canvas, row, 2, ROLE_TEXT, line);
}

/* "warning, raised 2026-11-23 03:09:12, cleared 03:14:00". */
static int draw_times(const struct model *model, const struct alert *alert, int row,
                      struct canvas *canvas)
{
    static const char *const severity[] = {"note", "warning", "critical"};
    char raised[FMT_BYTES_MAX];
    char cleared[FMT_BYTES_MAX];
    char line[128];

    fmt_date(raised, sizeof raised, alert->raised_real_ns);
    fmt_clock(cleared, sizeof cleared, model_real_ns(model, alert->cleared_ns));
    snprintf(line, sizeof line, "%s, raised %s%s%s%s", severity[alert->severity], raised,
             alert->cleared_ns != 0 ? ", cleared " : "", alert->cleared_ns != 0 ? cleared : "",
             alert->silenced ? ", silenced: x lets it be heard again" : "");
    return draw_words(canvas, row, 2, ROLE_DIM, line);
}

/* Where it is recorded, or why not. */
static int draw_incident(const struct model *model, const struct alert *alert, int row,
                         struct canvas *canvas)
{
    char words[INCIDENT_WORDS_BYTES];

    if (!incident_notes_words(model->incidents, alert, words))
        return 0;
    return draw_words(canvas, row, 2, ROLE_TEXT, words);
}

static void draw_evidence(const struct model *model, const struct panel_state *state,
                          struct canvas *canvas)
{
    struct scroll_window window = scroll_window(&state->scroll, count(model, state), 1);
    char code[CODE_LINE_BYTES];
    int row = 1;

    if (window.cursor < 0)
        return;
    const struct alert *alert = &model->alerts->alert[window.cursor];
    canvas_text(canvas, row++, 0, ROLE_TITLE, "EVIDENCE");
    row += draw_words(canvas, row, 2, role_of(alert), alert->text);
    if (alert->pc != 0)
        row += draw_words(canvas, row, 2, ROLE_STRONG, parts_code(model, alert->pc, code));
    if (alert->wait_pc != 0) {
        row += draw_words(canvas, row, 2, ROLE_DIM, "waiting at");
        row += draw_words(canvas, row, 2, ROLE_STRONG, parts_code(model, alert->wait_pc, code));
    }
    if (alert->has_trend)
        row += draw_trend(&alert->trend, row, canvas);
    row += draw_times(model, alert, row, canvas);
    row += draw_incident(model, alert, row, canvas);
    draw_words(canvas, row, 2, ROLE_DIM, alert_lint_help(alert->lint));
}

/* What is looked for, when nothing was found. */
static void draw_lints(struct canvas *canvas)
{
    int row = canvas_text(canvas, 0, 0, ROLE_GOOD, "No alerts.") > 0 ? 2 : 0;

    canvas_text(canvas, row++, 0, ROLE_DIM, "What is looked for:");
    for (int lint = 0; lint < LINTS && row < canvas->rows; lint++) {
        canvas_text(canvas, row, 2, ROLE_STRONG, alert_lint_name((enum alert_lint)lint));
        row += draw_words(canvas, row, 18, ROLE_TEXT, alert_lint_help((enum alert_lint)lint));
    }
}

/* The list, then the evidence. */
static struct layout_part list_part(const struct model *model)
{
    int rows = (int)model->alerts->n + 1;

    return (struct layout_part){.least = rows < 3 ? rows : 3, .weight = 1, .most = rows};
}

static const struct layout_part evidence_part = {.least = 8, .weight = 1, .rank = 1};

static int list_rows(const struct model *model, const struct panel_state *state)
{
    struct layout_part part[] = {list_part(model), evidence_part};
    int size[2];

    layout_divide(state->view->rows, part, 2, size);
    return size[0] - 1;
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    struct layout_part part[] = {list_part(model), evidence_part};
    struct canvas view[2];

    if (model->alerts->n == 0) {
        draw_lints(canvas);
        return;
    }
    layout_rows(canvas, part, 2, view);
    draw_list(model, state, &view[0]);
    if (view[1].rows > 0)
        draw_evidence(model, state, &view[1]);
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    return command == COMMAND_SILENCE && count(model, state) > 0 ? INTENT_SILENCE : INTENT_NONE;
}

const struct panel panel_alerts = {
    .title = "Alerts",
    .help = "A lint looks for one kind of trouble, and names the numbers and the line that it "
            "rests on. An alert that is over stays in the list, dim; one that is silenced goes on "
            "being judged, but counts no more and nobody is told. Choose one to see its evidence.",
    .scopes = SCOPE_LIST | SCOPE_ALERTS,
    .draw = draw,
    .command = command,
    .count = count,
    .list_rows = list_rows,
    .holds = holds,
};
