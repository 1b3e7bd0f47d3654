/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/picker.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/fmt.h"
#include "mon/draw.h"

#define HEAD_ROWS 2
#define FOOT_ROWS 1

static bool is_shown(const struct picker *picker, const struct target *target)
{
    char pid[16];

    snprintf(pid, sizeof pid, "%d", (int)target->pid);
    return draw_text_holds(target->name, picker->filter) || draw_text_holds(pid, picker->filter);
}

static int count(const struct picker *picker)
{
    int n = 0;

    for (unsigned i = 0; i < picker->list->n; i++)
        n += is_shown(picker, &picker->list->target[i]);
    return n;
}

static const struct target *target_at(const struct picker *picker, int item)
{
    for (unsigned i = 0; i < picker->list->n; i++) {
        if (is_shown(picker, &picker->list->target[i]) && item-- == 0)
            return &picker->list->target[i];
    }
    return NULL;
}

static int rows_of_list(const struct picker *picker)
{
    return picker->rows - HEAD_ROWS - FOOT_ROWS;
}

static struct scroll_window window_of(const struct picker *picker)
{
    return scroll_window(&picker->scroll, count(picker), rows_of_list(picker));
}

const struct target *picker_choice(const struct picker *picker)
{
    return target_at(picker, window_of(picker).cursor);
}

/* ---- What the cursor is on ---- */

static void remember_choice(struct picker *picker)
{
    const struct target *target = picker_choice(picker);

    picker->pid = target != NULL ? target->pid : 0;
    picker->start_ticks = target != NULL ? target->start_ticks : 0;
}

static bool is_remembered(const struct picker *picker, const struct target *target)
{
    return target->pid == picker->pid && target->start_ticks == picker->start_ticks;
}

void picker_list_is_new(struct picker *picker)
{
    int n = count(picker);

    for (int i = 0; picker->pid != 0 && i < n; i++) {
        if (is_remembered(picker, target_at(picker, i))) {
            scroll_to(&picker->scroll, i, n, rows_of_list(picker));
            break;
        }
    }
    remember_choice(picker);
}

/* ---- Keys ---- */

/* Here letters are typed, so only keys that are no characters move the cursor. */
static enum command move_of(uint32_t key)
{
    static const struct {
        uint32_t key;
        enum command command;
    } moves[] = {
        {KEY_CODE_UP, COMMAND_UP},
        {KEY_CODE_DOWN, COMMAND_DOWN},
        {KEY_CODE_PAGE_UP, COMMAND_PAGE_UP},
        {KEY_CODE_PAGE_DOWN, COMMAND_PAGE_DOWN},
        {KEY_CODE_WHEEL_UP, COMMAND_WHEEL_UP},
        {KEY_CODE_WHEEL_DOWN, COMMAND_WHEEL_DOWN},
        {KEY_CODE_HOME, COMMAND_FIRST},
        {KEY_CODE_END, COMMAND_LAST},
    };

    for (size_t i = 0; i < ARRAY_COUNT(moves); i++) {
        if (moves[i].key == key)
            return moves[i].command;
    }
    return COMMAND_NONE;
}

static void type_key(struct picker *picker, uint32_t key)
{
    size_t bytes = strlen(picker->filter);

    picker->message[0] = '\0';
    if ((key == KEY_CODE_BACKSPACE || key == 0x7f || key == '\b') && bytes > 0)
        picker->filter[bytes - 1] = '\0';
    else if (key > ' ' && key < 0x7f && bytes + 1 < sizeof picker->filter) {
        picker->filter[bytes] = (char)key;
        picker->filter[bytes + 1] = '\0';
    }
}

/* On the one that has the cursor already, it chooses. */
static enum picker_wish click(struct picker *picker)
{
    struct scroll_window window = window_of(picker);
    int item = window.first + picker->mouse_row - HEAD_ROWS;

    if (picker->mouse_row < HEAD_ROWS || item >= window.end)
        return PICKER_NONE;
    if (item == window.cursor)
        return PICKER_CHOOSE;
    scroll_to(&picker->scroll, item, count(picker), rows_of_list(picker));
    return PICKER_NONE;
}

static enum picker_wish obey(struct picker *picker, uint32_t key)
{
    if (key == '\r' || key == '\n')
        return picker_choice(picker) != NULL ? PICKER_CHOOSE : PICKER_NONE;
    if (key == KEY_CODE_CLICK)
        return click(picker);
    if (key == 0x1b && picker->filter[0] != '\0') {
        picker->filter[0] = '\0';
        return PICKER_NONE;
    }
    if (key == 0x1b || key == ('C' & 0x1f) || key == KEY_CODE_F0 + 10 ||
        (key == 'q' && picker->filter[0] == '\0'))
        return PICKER_QUIT;
    if (key == ('Z' & 0x1f))
        return PICKER_SUSPEND;
    if (key == ('L' & 0x1f))
        return PICKER_REDRAW;
    if (!scroll_command(&picker->scroll, move_of(key), count(picker), rows_of_list(picker)))
        type_key(picker, key);
    return PICKER_NONE;
}

enum picker_wish picker_key(struct picker *picker, uint32_t key)
{
    enum picker_wish wish = obey(picker, key);

    remember_choice(picker);
    return wish;
}

/* ---- Drawing ---- */

enum { PID, NAME, STATE, SINCE, COLUMNS };

static const struct draw_column columns[COLUMNS] = {
    [PID] = {.title = "PID", .width = 8, .align = DRAW_RIGHT},
    [NAME] = {.title = "NAME", .width = 16, .stretch = 1},
    [STATE] = {.title = "STATE", .width = 5, .rank = 1},
    [SINCE] = {.title = "SINCE", .width = 9, .align = DRAW_RIGHT, .rank = 2},
};

static void draw_target(const struct draw_table *table, const struct picker *picker,
                        const struct target *target, int row, struct canvas *canvas)
{
    char text[32];
    double since_ns = (double)(picker->real_ns - target->since_real_ns);
    enum role role = target->live ? ROLE_TEXT : ROLE_DIM;

    snprintf(text, sizeof text, "%d", (int)target->pid);
    draw_table_cell(table, canvas, row, PID, role, text);
    draw_table_cell(table, canvas, row, NAME, target->live ? ROLE_STRONG : role, target->name);
    draw_table_cell(table, canvas, row, STATE, target->live ? ROLE_GOOD : role,
                    target->live ? "live" : "ended");
    fmt_duration(text, sizeof text, since_ns < 0 ? 0 : since_ns);
    draw_table_cell(table, canvas, row, SINCE, role, text);
}

static void draw_list(const struct picker *picker, struct canvas *canvas)
{
    struct scroll_window window = window_of(picker);
    struct draw_table table;

    draw_table_fit(&table, columns, COLUMNS, canvas->cols < 80 ? canvas->cols : 80);
    draw_table_head(&table, canvas, 1, -1, DRAW_DESCENDING);
    for (int i = window.first; i < window.end; i++) {
        int row = HEAD_ROWS + i - window.first;
        const struct target *target = target_at(picker, i);
        if (target == NULL)
            return;
        draw_target(&table, picker, target, row, canvas);
        if (i == window.cursor)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
    }
}

static void draw_foot(const struct picker *picker, int row, struct canvas *canvas)
{
    char text[128];

    if (picker->message[0] != '\0') {
        canvas_text_in(canvas, row, 0, canvas->cols, ROLE_BAD, picker->message);
        return;
    }
    int col = 0;
    if (picker->filter[0] != '\0') {
        col = canvas_text(canvas, row, 0, ROLE_TITLE, "Show only: ");
        col += canvas_text(canvas, row, col, ROLE_STRONG, picker->filter) + 2;
    }
    snprintf(text, sizeof text, "Enter watch  type to filter  q quit");
    canvas_text_in(canvas, row, col, canvas->cols - col, ROLE_DIM, text);
}

void picker_draw(const struct picker *picker, struct canvas *canvas)
{
    char denied[96] = "";

    canvas_clear(canvas, ROLE_TEXT);
    canvas_fill(canvas, 0, 0, canvas->cols, ' ', ROLE_BAR);
    int col = canvas_text(canvas, 0, 1, ROLE_BAR, "gomon: which process?");
    if (picker->list->ndenied > 0)
        snprintf(denied, sizeof denied, "%u processes of others could not be looked into",
                 picker->list->ndenied);
    canvas_text_in(canvas, 0, col + 3, canvas->cols - col - 3, ROLE_BAR_DIM, denied);
    if (count(picker) == 0)
        draw_nothing(canvas, picker->filter[0] != '\0' ? "no process has such a name"
                                                       : "no process with a page is running");
    else
        draw_list(picker, canvas);
    draw_foot(picker, canvas->rows - 1, canvas);
}
