/* SPDX-License-Identifier: MIT */
/* fleet.c - the table of several targets, a row each. */
#include "config.h"

#include "panels/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "panels/panels.h"
#include "panels/parts.h"

enum {
    PID,
    COMMAND,
    UP,
    STATE,
    INUSE, /* the figures, in the order of enum fleet_figure */
    GOAL,
    ALLOC,
    GCS,
    PAUSE,
    GC_CPU,
    TASKS,
    RUNNABLE,
    PROCS,
    ALERTS,
    SPARK,
    COLUMNS
};

static const struct draw_column columns[COLUMNS] = {
    [PID] = {.title = "PID", .width = 7, .align = DRAW_RIGHT},
    [COMMAND] = {.title = "COMMAND", .width = 9, .stretch = 1},
    [UP] = {.title = "UP", .width = 6, .align = DRAW_RIGHT, .rank = 7},
    [STATE] = {.title = "STATE", .width = 11, .rank = 1},
    [INUSE] = {.title = "INUSE", .width = 7, .align = DRAW_RIGHT, .rank = 3},
    [GOAL] = {.title = "GOAL", .width = 7, .align = DRAW_RIGHT, .rank = 9},
    [ALLOC] = {.title = "ALLOC", .width = 8, .align = DRAW_RIGHT, .rank = 4},
    [GCS] = {.title = "GCS", .width = 6, .align = DRAW_RIGHT, .rank = 10},
    [PAUSE] = {.title = "PAUSE", .width = 7, .align = DRAW_RIGHT, .rank = 8},
    [GC_CPU] = {.title = "GC%", .width = 5, .align = DRAW_RIGHT, .rank = 6},
    [TASKS] = {.title = "TASKS", .width = 6, .align = DRAW_RIGHT, .rank = 5},
    [RUNNABLE] = {.title = "READY", .width = 5, .align = DRAW_RIGHT, .rank = 11},
    [PROCS] = {.title = "PROCS", .width = 5, .align = DRAW_RIGHT, .rank = 12},
    [ALERTS] = {.title = "ALERTS", .width = 6, .align = DRAW_RIGHT, .rank = 2},
    [SPARK] = {.title = "INUSE 2m", .width = 10, .stretch = 1, .rank = 6},
};

#define WAITING_WIDTH 17 /* of STATE: "CRASHED 12m waits" */
#define WAITING_COLS  60 /* of a screen that has room for it */

_Static_assert(PROCS - INUSE + 1 == FLEET_FIGURES, "a column for each figure");

static bool is_figure(int column)
{
    return column >= INUSE && column <= PROCS;
}

static const char *state_text(const struct fleet_row *row)
{
    static const char *const text[] = {
        [TARGET_LIVE] = "live",     [TARGET_STALLED] = "STALLED", [TARGET_STOPPED] = "STOPPED",
        [TARGET_EXITED] = "exited", [TARGET_CRASHED] = "CRASHED", [TARGET_KILLED] = "KILLED",
        [TARGET_REPLACED] = "exec",
    };

    if (row->why[0] == '\0')
        return text[row->state];
    return fleet_row_waits(row) ? "waits" : "unread";
}

/* Beside the state: that there is more to come. */
static const char *more_text(const struct fleet_row *row)
{
    return fleet_row_awaits_next(row) ? "waits" : "";
}

static enum role state_role(const struct fleet_row *row)
{
    if (fleet_row_waits(row))
        return ROLE_WARN;
    if (row->why[0] != '\0' || row->state == TARGET_CRASHED || row->state == TARGET_KILLED)
        return ROLE_BAD;
    if (row->state == TARGET_STALLED || row->state == TARGET_STOPPED)
        return ROLE_WARN;
    return row->state == TARGET_LIVE ? ROLE_GOOD : ROLE_DIM;
}

static enum role alert_role(const struct fleet_row *row)
{
    return row->worst == ALERT_NOTE ? ROLE_WARN : ROLE_BAD;
}

/* ---- Order ---- */

static int badness(const struct fleet_row *row)
{
    static const int rank[] = {
        [TARGET_LIVE] = 0,    [TARGET_EXITED] = 1, [TARGET_REPLACED] = 2, [TARGET_STOPPED] = 3,
        [TARGET_STALLED] = 4, [TARGET_KILLED] = 5, [TARGET_CRASHED] = 6,
    };

    if (row->why[0] == '\0')
        return rank[row->state];
    return fleet_row_waits(row) ? 7 : 8;
}

static int alarm_of(const struct fleet_row *row)
{
    return row->nalerts == 0 ? 0 : ((int)row->worst + 1) * 1000 + (int)row->nalerts;
}

static int by_number(double a, double b)
{
    return (a < b) - (a > b);
}

static double figure_value_of(const struct fleet_row *row, int column)
{
    const struct figure *figure = &row->figure[column - INUSE];

    return row->why[0] == '\0' && figure->known ? figure->value : -1.0;
}

/* Whether A comes before B: the least pid, the first name, else the most or the worst. */
static int compare(const struct fleet_row *a, const struct fleet_row *b, int column)
{
    if (is_figure(column))
        return by_number(figure_value_of(a, column), figure_value_of(b, column));
    switch (column) {
    case PID:
        return -by_number(a->pid, b->pid);
    case COMMAND:
        return strcmp(a->name, b->name);
    case UP:
        return by_number((double)a->up_ns, (double)b->up_ns);
    case STATE:
        return by_number(badness(a), badness(b));
    case SPARK:
        return by_number(figure_value_of(a, INUSE), figure_value_of(b, INUSE));
    default:
        return by_number(alarm_of(a), alarm_of(b));
    }
}

static bool row_holds(const struct fleet_row *row, const char *what)
{
    char pid[16];

    snprintf(pid, sizeof pid, "%d", (int)row->pid);
    return draw_text_holds(row->name, what) || draw_text_holds(pid, what) ||
           draw_text_holds(state_text(row), what) || draw_text_holds(row->why, what) ||
           draw_text_holds(more_text(row), what);
}

/* The column that the state asks for: 0, as it begins, is that of the alerts. */
static int sort_column(const struct panel_state *state)
{
    return (state->sort + ALERTS) % COLUMNS;
}

/* Insertion: equal ones stay in the order of the command line. */
int fleet_order(const struct panel_state *state, int index[PIDLIST_MAX])
{
    const struct fleet_rows *rows = state->view->fleet;
    int sign = state->inverted ? -1 : 1;
    int column = sort_column(state);
    int n = 0;

    for (int i = 0; rows != NULL && i < (int)rows->n; i++) {
        int at = n;

        if (!row_holds(&rows->row[i], state->filter))
            continue;
        for (; at > 0; at--) {
            if (sign * compare(&rows->row[index[at - 1]], &rows->row[i], column) <= 0)
                break;
            index[at] = index[at - 1];
        }
        index[at] = i;
        n++;
    }
    return n;
}

/* ---- The cursor ---- */

const struct fleet_row *fleet_choice(const struct panel_state *state)
{
    int index[PIDLIST_MAX];
    int n = fleet_order(state, index);
    struct scroll_window window = scroll_window(&state->scroll, n, state->view->rows - 1);

    return window.cursor < 0 ? NULL : &state->view->fleet->row[index[window.cursor]];
}

void fleet_note_cursor(struct panel_state *state)
{
    const struct fleet_row *row = fleet_choice(state);

    state->chosen = row != NULL ? row->id : 0;
}

void fleet_keep_cursor(struct panel_state *state)
{
    int index[PIDLIST_MAX];
    int n = fleet_order(state, index);

    for (int i = 0; i < n; i++)
        if (state->view->fleet->row[index[i]].id == state->chosen)
            scroll_to(&state->scroll, i, n, state->view->rows - 1);
}

static int count(const struct model *model, const struct panel_state *state)
{
    int index[PIDLIST_MAX];

    (void)model;
    return fleet_order(state, index);
}

static bool holds(const struct model *model, const struct panel_state *state, int item,
                  const char *what)
{
    int index[PIDLIST_MAX];

    (void)model;
    return item < fleet_order(state, index) &&
           row_holds(&state->view->fleet->row[index[item]], what);
}

/* ---- Drawing ---- */

/* In one unit: "12s", "3m", "5h", "2d". */
static const char *age_text(char text[FIGURE_BYTES], int64_t ns)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    int64_t seconds = ns / INT64_C(1000000000);
    size_t i = 0;

    while (i < 3 && seconds < units[i].seconds)
        i++;
    snprintf(text, FIGURE_BYTES, "%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
    return text;
}

/* With the time since then: "KILLED 12s", and what is waited for: "KILLED 12s waits". Where there
 * is no room, the colour alone says how it ended. */
static void draw_state(const struct draw_table *table, const struct fleet_row *row, int at,
                       struct canvas *canvas)
{
    const char *more = more_text(row);
    bool has_room = *more == '\0' || table->width[STATE] >= WAITING_WIDTH;
    char text[FIGURE_BYTES + 32];
    char span[FIGURE_BYTES];

    snprintf(text, sizeof text, "%s %s", has_room ? state_text(row) : more,
             age_text(span, row->since_ns));
    if (has_room && *more != '\0')
        snprintf(text + strlen(text), sizeof text - strlen(text), " %s", more);
    draw_table_cell(table, canvas, at, STATE, state_role(row),
                    row->state == TARGET_LIVE ? state_text(row) : text);
}

/* One cell for each moment, all of them in the scale of their row. */
static void draw_sparks(const struct draw_table *table, const struct fleet_row *row, int at,
                        enum plot_tier tier, struct canvas *canvas)
{
    static const char ascii[] = "_.:-=+*#";
    int width = table->width[SPARK] < FLEET_SPARKS ? table->width[SPARK] : FLEET_SPARKS;
    float most = 0.0f;

    for (int i = FLEET_SPARKS - width; i < FLEET_SPARKS; i++)
        most = row->spark[i] > most ? row->spark[i] : most;
    for (int i = 0; i < width; i++) {
        float value = row->spark[FLEET_SPARKS - width + i];
        int level = most > 0.0f ? (int)(value / most * 7.0f + 0.5f) : 0;
        uint32_t rune = tier >= PLOT_LINES ? (uint32_t)ascii[level & 7]
                                           : (uint32_t)(0x2581 + (level & 7));

        if (value >= 0.0f)
            canvas_put(canvas, at, table->left[SPARK] + i, rune, ROLE_SERIES_0);
    }
}

static const char *figure_text_of(const struct fleet_row *row, int column, char text[FIGURE_BYTES])
{
    return draw_figure_text(text, row->figure[column - INUSE]);
}

static void draw_unreadable(const struct draw_table *table, const struct fleet_row *row, int at,
                            struct canvas *canvas)
{
    static const char *const waits[] = {
        [FLEET_WAITS_NOT] = "",
        [FLEET_WAITS_PROGRAM] = "waits for it to start: ",
        [FLEET_WAITS_PAGE] = "waits for its page: ",
        [FLEET_WAITS_RIGHT] = "waits for the right to read it: ",
        [FLEET_WAITS_GOOD_PAGE] = "waits for a good page: ",
        [FLEET_WAITS_NEXT] = "",
    };
    char text[FLEET_WHY_BYTES + 40];
    int col = table->left[COMMAND];

    snprintf(text, sizeof text, "%s%s", waits[row->wait], row->why);
    canvas_text_in(canvas, at, col, canvas->cols - col, state_role(row), text);
}

static void draw_alerts(const struct draw_table *table, const struct fleet_row *row, int at,
                        struct canvas *canvas)
{
    char text[16];

    snprintf(text, sizeof text, "! %u", row->nalerts);
    draw_table_cell(table, canvas, at, ALERTS, row->nalerts > 0 ? alert_role(row) : ROLE_DIM,
                    row->nalerts > 0 ? text : DRAW_MISSING);
}

static void draw_row(const struct draw_table *table, const struct fleet_row *row, int at,
                     enum plot_tier tier, struct canvas *canvas)
{
    enum role role = target_has_ended(row->state) ? ROLE_DIM : ROLE_TEXT;
    char text[FIGURE_BYTES];

    snprintf(text, sizeof text, "%d", (int)row->pid);
    draw_table_cell(table, canvas, at, PID, role, row->pid != 0 ? text : DRAW_MISSING);
    if (row->why[0] != '\0') {
        draw_unreadable(table, row, at, canvas);
        return;
    }
    draw_table_cell(table, canvas, at, COMMAND, role == ROLE_TEXT ? ROLE_STRONG : role, row->name);
    draw_table_cell(table, canvas, at, UP, role,
                    row->up_ns < 0 ? DRAW_MISSING : parts_span(text, row->up_ns));
    draw_state(table, row, at, canvas);
    for (int column = INUSE; column <= PROCS; column++)
        draw_table_cell(table, canvas, at, column, role, figure_text_of(row, column, text));
    draw_alerts(table, row, at, canvas);
    if (table->width[SPARK] > 0)
        draw_sparks(table, row, at, tier, canvas);
}

/* The state of one that has ended and waits takes more room; not all of a narrow screen. */
static void fit_columns(const struct fleet_rows *rows, int cols, struct draw_column wanted[COLUMNS])
{
    bool any = false;

    for (unsigned i = 0; rows != NULL && i < rows->n; i++)
        any = any || fleet_row_awaits_next(&rows->row[i]);
    memcpy(wanted, columns, sizeof columns);
    if (any && cols >= WAITING_COLS)
        wanted[STATE].width = WAITING_WIDTH;
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    int index[PIDLIST_MAX];
    int n = fleet_order(state, index);
    int sorted = sort_column(state);
    struct scroll_window window = scroll_window(&state->scroll, n, canvas->rows - 1);
    bool rising = sorted == PID || sorted == COMMAND;
    struct draw_column wanted[COLUMNS];
    struct draw_table table;

    (void)model;
    fit_columns(state->view->fleet, canvas->cols, wanted);
    draw_table_fit(&table, wanted, COLUMNS, canvas->cols);
    draw_table_head(&table, canvas, 0, sorted,
                    state->inverted == rising ? DRAW_DESCENDING : DRAW_ASCENDING);
    if (n == 0)
        draw_nothing(canvas, state->filter[0] != '\0' ? "no target holds the text"
                                                      : "every row has been removed");
    for (int i = window.first; i < window.end; i++) {
        int at = 1 + i - window.first;

        draw_row(&table, &state->view->fleet->row[index[i]], at, state->view->tier, canvas);
        if (i == window.cursor)
            canvas_tint(canvas, at, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, at, state->find);
    }
}

void fleet_draw_header(const struct panel_state *state, struct canvas *canvas)
{
    const struct fleet_rows *rows = state->view->fleet;
    unsigned over = 0;
    unsigned waiting = 0;
    unsigned alerts = 0;
    bool waits;
    enum role role = ROLE_BAR_WARN;
    char clock[FMT_BYTES_MAX];
    char text[64];

    for (unsigned i = 0; i < rows->n; i++) {
        waits = fleet_row_waits(&rows->row[i]) || fleet_row_awaits_next(&rows->row[i]);
        waiting += waits;
        over += !waits && fleet_row_is_over(&rows->row[i]);
        alerts += rows->row[i].nalerts;
        if (rows->row[i].nalerts > 0 && rows->row[i].worst > ALERT_NOTE)
            role = ROLE_BAR_BAD;
    }
    canvas_fill(canvas, 0, 0, canvas->cols, ' ', ROLE_BAR);
    snprintf(text, sizeof text, "%u targets", rows->n);
    int col = 1 + canvas_text(canvas, 0, 1, ROLE_BAR, text);
    snprintf(text, sizeof text, "  %u live", rows->n - over - waiting);
    col += canvas_text(canvas, 0, col, ROLE_BAR_GOOD, text);
    snprintf(text, sizeof text, "  %u waited for", waiting);
    col += waiting > 0 ? canvas_text(canvas, 0, col, ROLE_BAR_WARN, text) : 0;
    snprintf(text, sizeof text, "  %u over", over);
    col += over > 0 ? canvas_text(canvas, 0, col, ROLE_BAR_BAD, text) : 0;
    snprintf(text, sizeof text, "  ! %u alert%s", alerts, alerts == 1 ? "" : "s");
    col += alerts > 0 ? canvas_text(canvas, 0, col, role, text) : 0;
    fmt_clock(clock, sizeof clock, rows->real_ns);
    if (col + 2 + canvas_text_width(clock) < canvas->cols)
        canvas_text_right(canvas, 0, canvas->cols - 1, ROLE_BAR_DIM, clock);
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    (void)model;
    if (command == COMMAND_FILTER)
        return INTENT_ASK_FILTER;
    if (command == COMMAND_OPEN)
        return INTENT_OPEN;
    if (command == COMMAND_REMOVE)
        return INTENT_REMOVE;
    if (command == COMMAND_SORT_LEFT)
        state->sort = (state->sort + COLUMNS - (sort_column(state) > 0)) % COLUMNS;
    if (command == COMMAND_SORT_RIGHT)
        state->sort = (state->sort + (sort_column(state) < COLUMNS - 1)) % COLUMNS;
    if (command == COMMAND_SORT_INVERT)
        state->inverted = !state->inverted;
    return INTENT_NONE;
}

const struct panel panel_fleet = {
    .title = "Targets",
    .help =
        "The targets that are watched, a row each. Enter opens one in the panels, a digit in the "
        "panel of that number; Esc or Backspace comes back. One that has ended stays, with its "
        "last figures, until x removes it or, with --follow, the next of its name comes, for "
        "which it waits. INUSE is HeapInuse, beside it over two minutes; "
        "PAUSE is the last one; GC% the share of the collector; READY are tasks that could run.",
    .hints = "Enter open  < > sort  & filter  / search  x remove",
    .scopes = SCOPE_LIST | SCOPE_FILTER | SCOPE_SORT | SCOPE_FLEET,
    .draw = draw,
    .command = command,
    .count = count,
    .holds = holds,
};
