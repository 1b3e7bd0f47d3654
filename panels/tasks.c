/* SPDX-License-Identifier: MIT */
/* tasks.c - panel 5: what the tasks do, and which line started them. */
#include "config.h"

#include "panels/panels.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mon/layout.h"
#include "panels/parts.h"

static void draw_states(const struct model *model, const struct panel_state *state,
                        struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "TASKS", FMT_COUNT);
    parts_plot_no_marks(&parts);
    parts_plot_add(&parts, model, MON_TASKS_WAITING, "waiting", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_TASKS_RUNNABLE, "runnable", PLOT_LINE, 1);
    parts_plot_add(&parts, model, MON_TASKS_RUNNING, "running", PLOT_LINE, 1);
    parts_plot_add(&parts, model, MON_TASKS_BLOCKING, "blocking", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

static void draw_totals(const struct model *model, struct canvas *canvas)
{
    struct fact fact[] = {
        draw_fact("tasks", parts_value(model, MON_TASKS)),
        draw_fact("spawned", parts_rate(model, MON_TASKS_CREATED)),
        draw_fact("parked", parts_rate(model, MON_PARKS)),
        draw_fact("stacks", parts_value(model, MON_STACK_INUSE)),
        draw_fact("waiting for I/O", parts_value(model, MON_NETPOLL_WAITERS)),
        draw_fact("leaked", parts_value(model, MON_TASKS_LEAKED)),
    };

    draw_facts(canvas, 0, "TOTAL", fact, 6, 6);
}

/* ---- Groups ---- */

enum { COUNT, LEAKED, STATE, LONGEST, SPAWNED_AT, STARTS, COLUMNS };

static const struct draw_column columns[COLUMNS] = {
    [COUNT] = {.title = "TASKS", .width = 8, .align = DRAW_RIGHT},
    [LEAKED] = {.title = "LEAKED", .width = 7, .align = DRAW_RIGHT, .rank = 2},
    [STATE] = {.title = "STATE", .width = 13, .stretch = 1, .rank = 1},
    [LONGEST] = {.title = "LONGEST", .width = 8, .align = DRAW_RIGHT, .rank = 3},
    [SPAWNED_AT] = {.title = "SPAWNED AT", .width = 14, .stretch = 4, .rank = 2},
    [STARTS] = {.title = "RUNS", .width = 12, .stretch = 2, .rank = 4},
};

static const char *state_text(enum task_state state, uint32_t reason)
{
    const char *name = task_reason_name(reason);

    return state == TASK_WAITING && name[0] != '\0' ? name : task_state_name(state);
}

/* The name of the function alone, of a code line "function file:line". */
static const char *function_text(const struct model *model, uint64_t pc, char text[CODE_LINE_BYTES])
{
    parts_code(model, pc, text);
    text[strcspn(text, " ")] = '\0';
    return text;
}

/* ---- Who holds what a group waits for ---- */

#define HOLDER_BYTES (CODE_LINE_BYTES + 160)

/* "held by task 7 "keeper" (sleep) at keep shop.c:40", in COLS columns if that can be done; "" if
 * it is not known. */
static const char *holder_text(const struct model *model, const struct task_group *group, int cols,
                               char text[HOLDER_BYTES])
{
    const struct task_holder *h = task_group_holder(model->tasks, group);
    char code[CODE_LINE_BYTES];
    int used = 0;

    text[0] = '\0';
    if (h == NULL)
        return text;
    if (h->nwaiters < group->count)
        used = snprintf(text, HOLDER_BYTES, "%" PRIu64 " of them ", h->nwaiters);
    if (h->id == 0)
        snprintf(text + used, (size_t)(HOLDER_BYTES - used), "held by %" PRIu64 " %s", h->readers,
                 h->readers == 1 ? "reader" : "readers");
    if (h->id == 0)
        return text;
    used += snprintf(text + used, (size_t)(HOLDER_BYTES - used), "held by task %" PRIu64, h->id);
    if (h->name[0] != '\0')
        used += snprintf(text + used, (size_t)(HOLDER_BYTES - used), " \"%s\"", h->name);
    if (h->state != TASK_DEAD)
        used += snprintf(text + used, (size_t)(HOLDER_BYTES - used), " (%s)",
                         state_text(h->state, h->reason));
    if (h->pc != 0)
        snprintf(text + used, (size_t)(HOLDER_BYTES - used), " at %s",
                 parts_code_in(model, h->pc, cols - canvas_text_width(text) - 4, code));
    return text;
}

static bool row_holds(const struct model *model, const struct task_group *group, const char *what)
{
    char text[CODE_LINE_BYTES];

    return draw_text_holds(state_text(group->state, group->reason), what) ||
           draw_text_holds(parts_code(model, group->spawn_pc, text), what) ||
           draw_text_holds(parts_code(model, group->start_fn, text), what) ||
           (group->leaked > 0 && draw_text_holds("leaked", what));
}

static bool group_holds(const struct model *model, const struct task_group *group, const char *what)
{
    char text[HOLDER_BYTES];

    return row_holds(model, group, what) ||
           draw_text_holds(holder_text(model, group, HOLDER_BYTES, text), what);
}

/* Whether A comes before B when the most, the first in the alphabet or the oldest is wanted
 * first. */
static int compare(const struct model *model, const struct task_group *a,
                   const struct task_group *b, int by)
{
    char text[2][CODE_LINE_BYTES];

    switch (by) {
    case LEAKED:
        return (a->leaked < b->leaked) - (a->leaked > b->leaked);
    case STATE:
        return strcmp(state_text(a->state, a->reason), state_text(b->state, b->reason));
    case LONGEST:
        return (a->oldest_since_ns > b->oldest_since_ns) -
               (a->oldest_since_ns < b->oldest_since_ns);
    case SPAWNED_AT:
        return strcmp(parts_code(model, a->spawn_pc, text[0]),
                      parts_code(model, b->spawn_pc, text[1]));
    case STARTS:
        return strcmp(parts_code(model, a->start_fn, text[0]),
                      parts_code(model, b->start_fn, text[1]));
    default:
        return (a->count < b->count) - (a->count > b->count);
    }
}

/* Numbers of the groups that are shown, in their order; returns how many. Insertion into a list
 * that is mostly in order already, as the model's is by count. */
static int order_groups(const struct model *model, const struct panel_state *state,
                        int index[TASK_GROUPS_MAX])
{
    const struct task_group *group = model->tasks->group;
    int sign = state->inverted ? -1 : 1;
    int n = 0;

    for (int i = 0; i < (int)model->tasks->n && i < TASK_GROUPS_MAX; i++) {
        int at = n;
        if (!group_holds(model, &group[i], state->filter))
            continue;
        for (; at > 0; at--) {
            if (sign * compare(model, &group[index[at - 1]], &group[i], state->sort) <= 0)
                break;
            index[at] = index[at - 1];
        }
        index[at] = i;
        n++;
    }
    return n;
}

/* ---- Lines: a group has one, and another if it is known who keeps it waiting ---- */

struct line {
    int group;
    bool is_holder; /* the second one */
};
#define LINES_MAX (2 * TASK_GROUPS_MAX)

static int order_lines(const struct model *model, const struct panel_state *state,
                       struct line line[LINES_MAX])
{
    int index[TASK_GROUPS_MAX];
    int ngroups = order_groups(model, state, index);
    int n = 0;

    for (int i = 0; i < ngroups; i++) {
        line[n++] = (struct line){.group = index[i]};
        if (task_group_holder(model->tasks, &model->tasks->group[index[i]]) != NULL)
            line[n++] = (struct line){.group = index[i], .is_holder = true};
    }
    return n;
}

static int count(const struct model *model, const struct panel_state *state)
{
    struct line line[LINES_MAX];

    return order_lines(model, state, line);
}

static bool holds(const struct model *model, const struct panel_state *state, int item,
                  const char *what)
{
    struct line line[LINES_MAX];
    char text[HOLDER_BYTES];
    int n = order_lines(model, state, line);

    if (item >= n)
        return false;
    const struct task_group *group = &model->tasks->group[line[item].group];
    if (line[item].is_holder)
        return draw_text_holds(holder_text(model, group, HOLDER_BYTES, text), what);
    return row_holds(model, group, what);
}

static void draw_group(const struct draw_table *table, const struct model *model,
                       const struct task_group *group, int row, struct canvas *canvas)
{
    char text[CODE_LINE_BYTES];
    int64_t age_ns = parts_between(group->oldest_since_ns, model->tasks->mono_ns);

    draw_table_cell(table, canvas, row, COUNT, ROLE_STRONG,
                    fmt_count(text, sizeof text, (double)group->count));
    if (group->leaked > 0)
        draw_table_cell(table, canvas, row, LEAKED, ROLE_BAD,
                        fmt_count(text, sizeof text, (double)group->leaked));
    draw_table_cell(table, canvas, row, STATE, ROLE_TEXT, state_text(group->state, group->reason));
    draw_table_cell(table, canvas, row, LONGEST, ROLE_TEXT,
                    fmt_duration(text, sizeof text, (double)age_ns));
    draw_table_cell(table, canvas, row, SPAWNED_AT, ROLE_TEXT,
                    parts_code_in(model, group->spawn_pc, table->width[SPAWNED_AT], text));
    draw_table_cell(table, canvas, row, STARTS, ROLE_DIM,
                    function_text(model, group->start_fn, text));
}

static void draw_holder(const struct draw_table *table, const struct model *model,
                        const struct task_group *group, int row, struct canvas *canvas)
{
    int col = table->width[STATE] > 0 ? table->left[STATE] : 2;
    char text[HOLDER_BYTES];

    canvas_text_in(canvas, row, col, canvas->cols - col, ROLE_WARN,
                   holder_text(model, group, canvas->cols - col, text));
}

static void draw_line(const struct draw_table *table, const struct model *model, struct line line,
                      int row, struct canvas *canvas)
{
    const struct task_group *group = &model->tasks->group[line.group];

    if (line.is_holder)
        draw_holder(table, model, group, row, canvas);
    else
        draw_group(table, model, group, row, canvas);
}

static void draw_groups(const struct model *model, const struct panel_state *state,
                        struct canvas *canvas)
{
    struct line line[LINES_MAX];
    int n = order_lines(model, state, line);
    struct scroll_window window = scroll_window(&state->scroll, n, canvas->rows - 1);
    struct draw_table table;

    draw_table_fit(&table, columns, COLUMNS, canvas->cols);
    bool numbers = state->sort == COUNT || state->sort == LEAKED ||
                   state->sort == LONGEST; /* the greatest come first */
    draw_table_head(&table, canvas, 0, state->sort,
                    state->inverted == numbers ? DRAW_ASCENDING : DRAW_DESCENDING);
    if (n == 0)
        draw_nothing(canvas, "no group holds the text");
    for (int i = window.first; i < window.end; i++) {
        int row = 1 + i - window.first;
        draw_line(&table, model, line[i], row, canvas);
        if (i == window.cursor)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

static void draw_table_of(const struct model *model, const struct panel_state *state,
                          struct canvas *canvas)
{
    if (canvas->rows == 0)
        return;
    if (!model->tasks->valid)
        draw_nothing(canvas, "the task table cannot be read");
    else if (model->tasks->n == 0)
        draw_nothing(canvas, "no tasks");
    else
        draw_groups(model, state, canvas);
}

static const struct layout_part parts[] = {
    {.least = 3, .weight = 2, .most = 16, .rank = 2},
    {.least = 1, .rank = 1},
    {.least = 3, .weight = 3, .rank = 0},
};

static int list_rows(const struct model *model, const struct panel_state *state)
{
    int size[3];

    (void)model;
    layout_divide(state->view->rows, parts, 3, size);
    return size[2] - 1;
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    struct canvas view[3];

    layout_rows(canvas, parts, 3, view);
    if (view[0].rows > 0)
        draw_states(model, state, &view[0]);
    draw_totals(model, &view[1]);
    draw_table_of(model, state, &view[2]);
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    (void)model;
    if (command == COMMAND_FILTER)
        return INTENT_ASK_FILTER;
    if (command == COMMAND_SORT_LEFT && state->sort > 0)
        state->sort--;
    if (command == COMMAND_SORT_RIGHT && state->sort < COLUMNS - 1)
        state->sort++;
    if (command == COMMAND_SORT_INVERT)
        state->inverted = !state->inverted;
    return INTENT_NONE;
}

const struct panel panel_tasks = {
    .title = "Tasks",
    .help = "Tasks by what they do over time, and grouped by the line that spawned them and what "
            "they wait for. Below those that wait for a lock it says who holds the one that most "
            "of them wait for, and where that task is. LEAKED is how many the collector has proven "
            "to wait in vain: nothing that it searches reaches what they wait for. A group that "
            "only grows is likely a leak: its line is where to look. D shows the stacks "
            "themselves.",
    .hints = "< > sort  & filter  / search",
    .scopes = SCOPE_LIST | SCOPE_FILTER | SCOPE_SORT,
    .draw = draw,
    .command = command,
    .count = count,
    .list_rows = list_rows,
    .holds = holds,
};
