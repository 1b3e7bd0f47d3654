/* SPDX-License-Identifier: MIT */
/* stacks.c - the viewer of a dump: every task of the target, in groups of equal stacks.
 * The dump is shown as one long list of lines. Which group and which of its lines an item is, is
 * found by walking over the groups, so that folding and filtering need no list of their own. */
#include "config.h"

#include "panels/panels.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mon/draw.h"
#include "mon/dump_text.h"

#define HEAD_ROWS     2
#define LINE_BYTES    512
#define FUNCTION_COLS 32
#define PLACE_COLS    26
#define NAME_COLS     14
#define INDENT        6
#define WHOLE         LINE_BYTES /* columns of a line that nothing is cut off */
#define IDS_SHOWN     12
#define INLINED       " (inlined)"

enum line_kind { LINE_GROUP, LINE_FRAME, LINE_END, LINE_SPAWNED, LINE_TASKS, LINE_BLANK };

/* An item of the list. */
struct place {
    size_t group;
    enum line_kind kind;
    size_t frame; /* of LINE_FRAME */
};

struct line {
    enum role role;
    int dim_from; /* column from which on it is dim, or 0 */
    char text[LINE_BYTES];
};

/* ---- Which lines there are ---- */

static bool is_folded(const struct panel_state *state, size_t group)
{
    bool toggled = group < PANEL_FOLDS && (state->toggled[group / 8] >> (group % 8) & 1) != 0;

    return state->folded != toggled;
}

static bool has_end(const struct dump_group *group)
{
    return dump_end_text(group->end)[0] != '\0';
}

static int unfolded_lines(const struct dump_group *group)
{
    return 1 + (int)group->nframes + has_end(group) + (group->spawned_at.pc != 0) + 2;
}

static int lines_of(const struct panel_state *state, const struct dump_group *group, size_t number)
{
    return is_folded(state, number) ? 1 : unfolded_lines(group);
}

/* ---- What is in a line ---- */

/* "function  file:line" in COLS columns; returns the column of the place. */
static int frame_text(const struct dump_frame *frame, int function_cols, int cols,
                      char text[LINE_BYTES])
{
    char place[LINE_BYTES / 2];
    char line[LINE_BYTES / 2 + sizeof INLINED];
    const char *function = frame->function[0] != '\0' ? frame->function : "?";

    dump_format_place(frame, place, sizeof place);
    snprintf(line, sizeof line, "%s%s", place, frame->inlined ? INLINED : "");
    return draw_code(text, LINE_BYTES, (struct draw_code){function, line, function_cols}, cols);
}

/* The innermost frame of the program itself: what a folded group is best known by. A gort_ function
 * calls nothing of the program's, so what it called is the runtime's or the system's whatever its
 * name, inlined or not; but what is done once is a function of the program. */
static const struct dump_frame *own_frame(const struct dump_group *group)
{
    size_t own = 0;

    for (size_t i = 0; i < group->nframes; i++) {
        const char *function = group->frame[i].function;

        if (strcmp(function, "gort_once_slow") == 0)
            break;
        if (strncmp(function, "gort_", 5) == 0)
            own = i + 1;
    }
    return &group->frame[own < group->nframes ? own : 0];
}

/* Appends ages and own code of a group to its head, in COLS columns: the ages give way to the
 * line. */
static void append_own(const char *ages, const struct dump_frame *own, int cols,
                       char text[LINE_BYTES])
{
    char place[LINE_BYTES / 2];
    char code[LINE_BYTES];
    size_t used = strlen(text);
    int room = cols - canvas_text_width(text) - 2;

    dump_format_place(own, place, sizeof place);
    draw_code(code, sizeof code, (struct draw_code){"", place, 0}, 0);
    if (canvas_text_width(ages) + canvas_text_width(code) > room)
        ages = "";
    const char *function = own->function[0] != '\0' ? own->function : "?";
    room -= canvas_text_width(ages);
    draw_code(code, sizeof code, (struct draw_code){function, place, 0}, room);
    snprintf(text + used, LINE_BYTES - used, "%s  %.300s", ages, code);
}

static void group_text(const struct dump *dump, const struct panel_state *state, size_t number,
                       int cols, char text[LINE_BYTES])
{
    const struct dump_group *group = &dump->group[number];
    char count[FMT_BYTES_MAX];
    char age[DUMP_AGE_BYTES];
    char ages[DUMP_AGE_BYTES + 40];
    char state_text[24];
    bool folded = is_folded(state, number);

    fmt_grouped(count, sizeof count, group->ntasks);
    dump_format_age(dump, group, age);
    snprintf(ages, sizeof ages, "  %s%s", age, group->moved ? "  (moved while it was read)" : "");
    int used = snprintf(text, LINE_BYTES, "%s %s %s  %s", folded ? "\u25b8" : "\u25be", count,
                        group->ntasks == 1 ? "task" : "tasks", dump_state_text(group, state_text));
    if (folded && group->nframes > 0)
        append_own(ages, own_frame(group), cols, text);
    else
        snprintf(text + used, (size_t)(LINE_BYTES - used), "%s", ages);
}

/* The ids of those that are there for longest; a name stands before the first that has it. */
static void tasks_text(const struct dump_group *group, char text[LINE_BYTES])
{
    const char *words = group->ntasks == 1 ? "task" : "tasks, longest first:";
    const char *last = "";
    int used = snprintf(text, LINE_BYTES, "      %s", words);

    for (size_t i = 0; i < group->ntasks && i < IDS_SHOWN && used < LINE_BYTES - 64; i++) {
        const struct dump_task *task = &group->task[i];
        char name[32] = "";
        if (strcmp(task->name, last) != 0 && task->name[0] != '\0')
            snprintf(name, sizeof name, " \"%.20s\"", task->name);
        last = task->name;
        used += snprintf(text + used, (size_t)(LINE_BYTES - used), "%s %" PRIu64, name, task->id);
    }
    if (group->ntasks > IDS_SHOWN)
        snprintf(text + used, (size_t)(LINE_BYTES - used), " and %zu more",
                 group->ntasks - IDS_SHOWN);
}

/* The columns of functions, so that there is room for a file and a line beside them. */
static int function_cols(int cols)
{
    int room = cols - INDENT - PLACE_COLS;

    return room > FUNCTION_COLS ? FUNCTION_COLS : room < NAME_COLS ? NAME_COLS : room;
}

/* The line at PLACE, made to fit COLS columns where that can be done. */
static void line_of(const struct dump *dump, const struct panel_state *state, struct place place,
                    int cols, struct line *line)
{
    static const char spawned[] = "spawned by ";
    const struct dump_group *group = &dump->group[place.group];
    const int lead = (int)sizeof spawned - 1;
    int functions = function_cols(cols);
    char frame[LINE_BYTES];

    *line = (struct line){.role = ROLE_DIM};
    switch (place.kind) {
    case LINE_GROUP:
        line->role = ROLE_STRONG;
        group_text(dump, state, place.group, cols, line->text);
        break;
    case LINE_FRAME:
        line->role = ROLE_TEXT;
        line->dim_from = INDENT +
                         frame_text(&group->frame[place.frame], functions, cols - INDENT, frame);
        snprintf(line->text, sizeof line->text, "%*s%.*s", INDENT, "", LINE_BYTES - 8, frame);
        break;
    case LINE_END:
        snprintf(line->text, sizeof line->text, "%*s(%s)", INDENT, "", dump_end_text(group->end));
        break;
    case LINE_SPAWNED:
        frame_text(&group->spawned_at, functions - lead, cols - INDENT - lead, frame);
        snprintf(line->text, sizeof line->text, "%*s%s%.*s", INDENT, "", spawned, LINE_BYTES - 20,
                 frame);
        break;
    case LINE_TASKS:
        tasks_text(group, line->text);
        break;
    case LINE_BLANK:
        break;
    }
}

/* ---- Walking ---- */

static struct place place_in(const struct dump_group *group, size_t number, size_t line)
{
    struct place place = {.group = number, .kind = LINE_GROUP};
    size_t tail = 1 + group->nframes;

    if (line == 0)
        return place;
    if (line < tail) {
        place.kind = LINE_FRAME;
        place.frame = line - 1;
        return place;
    }
    line -= tail;
    if (has_end(group) && line-- == 0)
        place.kind = LINE_END;
    else if (group->spawned_at.pc != 0 && line-- == 0)
        place.kind = LINE_SPAWNED;
    else
        place.kind = line == 0 ? LINE_TASKS : LINE_BLANK;
    return place;
}

static bool frame_holds(const struct dump_frame *frame, const char *text)
{
    return draw_text_holds(frame->function, text) || draw_text_holds(frame->file, text);
}

static bool is_shown(const struct panel_state *state, const struct dump_group *group)
{
    char text[24];

    if (state->filter[0] == '\0' || draw_text_holds(dump_state_text(group, text), state->filter))
        return true;
    for (size_t i = 0; i < group->nframes; i++) {
        if (frame_holds(&group->frame[i], state->filter))
            return true;
    }
    return group->spawned_at.pc != 0 && frame_holds(&group->spawned_at, state->filter);
}

static int count(const struct model *model, const struct panel_state *state)
{
    int n = 0;

    for (size_t i = 0; model->dump != NULL && i < model->dump->ngroups; i++) {
        if (is_shown(state, &model->dump->group[i]))
            n += lines_of(state, &model->dump->group[i], i);
    }
    return n;
}

/* The place of item number ITEM; false if there are not so many. */
static bool find_place(const struct dump *dump, const struct panel_state *state, int item,
                       struct place *place)
{
    for (size_t i = 0; i < dump->ngroups; i++) {
        int lines = is_shown(state, &dump->group[i]) ? lines_of(state, &dump->group[i], i) : 0;
        if (item < lines) {
            *place = place_in(&dump->group[i], i, (size_t)item);
            return true;
        }
        item -= lines;
    }
    return false;
}

/* Whether line LINE of a group holds TEXT; of a folded one the only line stands for all of them. */
static bool line_holds(const struct dump *dump, const struct panel_state *state, size_t number,
                       int line, const char *text)
{
    const struct dump_group *group = &dump->group[number];
    int end = is_folded(state, number) ? unfolded_lines(group) : line + 1;
    struct line whole;

    for (; line < end; line++) {
        line_of(dump, state, place_in(group, number, (size_t)line), WHOLE, &whole);
        if (draw_text_holds(whole.text, text))
            return true;
    }
    return false;
}

/* One pass over all lines: the first match behind FROM, or, going back, the last one before it;
 * else the first or last of all. */
static int find(const struct model *model, const struct panel_state *state, int from, int by)
{
    const struct dump *dump = model->dump;
    int item = 0;
    int best = -1;
    bool past = false; /* `best` lies where it is wanted */

    for (size_t i = 0; dump != NULL && i < dump->ngroups; i++) {
        int lines = is_shown(state, &dump->group[i]) ? lines_of(state, &dump->group[i], i) : 0;
        for (int j = 0; j < lines; j++, item++) {
            bool wanted = by > 0 ? item > from : item < from;
            if (!line_holds(dump, state, i, j, state->find))
                continue;
            if (by > 0 && wanted)
                return item;
            if (by > 0 ? best < 0 : wanted || !past)
                best = item;
            past = past || wanted;
        }
    }
    return best;
}

/* ---- Drawing ---- */

static void draw_head(const struct dump *dump, const struct panel_state *state,
                      struct canvas *canvas)
{
    char text[LINE_BYTES];
    char count[FMT_BYTES_MAX];
    char time[FMT_BYTES_MAX];
    char took[FMT_BYTES_MAX];

    snprintf(text, sizeof text, "%s %s in %zu %s at %s, taken in %s%s",
             fmt_grouped(count, sizeof count, dump->ntasks), dump->ntasks == 1 ? "task" : "tasks",
             dump->ngroups, dump->ngroups == 1 ? "group" : "groups of equal stacks",
             fmt_clock(time, sizeof time, (int64_t)dump->real_ns),
             fmt_duration(took, sizeof took, (double)dump->took_ns),
             dump->origin == DUMP_PEEKED ? " from outside" : "");
    canvas_text_in(canvas, 0, 0, canvas->cols, ROLE_TITLE, text);
    if (state->filter[0] != '\0')
        snprintf(text, sizeof text, "only groups that hold \"%s\"", state->filter);
    else
        snprintf(text, sizeof text, "%s", dump->note);
    canvas_text_in(canvas, 1, 0, canvas->cols, ROLE_DIM, text);
}

static void draw_lines(const struct dump *dump, const struct panel_state *state,
                       struct scroll_window window, struct canvas *canvas)
{
    for (int i = window.first; i < window.end; i++) {
        struct place place;
        struct line line;
        int row = HEAD_ROWS + i - window.first;
        if (!find_place(dump, state, i, &place))
            return;
        line_of(dump, state, place, canvas->cols, &line);
        canvas_text_in(canvas, row, 0, canvas->cols, line.role, line.text);
        if (line.dim_from > 0)
            canvas_tint(canvas, row, line.dim_from, canvas->cols, ROLE_DIM);
        if (i == window.cursor)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

/* What a dump that is not there yet waits for. */
static void draw_stage(const struct model *model, const struct panel_state *state,
                       struct canvas *canvas)
{
    const struct dump_status *status = &model->dump_status;
    char text[LINE_BYTES];
    char time[FMT_BYTES_MAX];
    char count[FMT_BYTES_MAX];

    fmt_duration(time, sizeof time, (double)state->view->dump_waited_ns);
    fmt_grouped(count, sizeof count, status->ntasks);
    switch (status->stage) {
    case DUMP_STAGE_NONE:
    case DUMP_STAGE_DONE:
        return;
    case DUMP_STAGE_WAITING:
        snprintf(text, sizeof text, "waiting for the target's answer: %s", time);
        break;
    case DUMP_STAGE_READING:
        snprintf(text, sizeof text, "%s tasks read in %s", count, time);
        break;
    case DUMP_STAGE_NAMING:
        snprintf(text, sizeof text, "%s tasks read, looking up functions and lines: %s", count,
                 time);
        break;
    case DUMP_STAGE_FAILED:
        snprintf(text, sizeof text, "no dump: %s", status->message);
        break;
    }
    canvas_fill(canvas, 1, 0, canvas->cols, ' ', ROLE_TEXT);
    canvas_text_in(canvas, 1, 0, canvas->cols,
                   status->stage == DUMP_STAGE_FAILED ? ROLE_BAD : ROLE_WARN, text);
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    const struct dump *dump = model->dump;
    int rows = canvas->rows - HEAD_ROWS;

    if (dump == NULL && model->dump_status.stage == DUMP_STAGE_NONE)
        draw_nothing(canvas, "no dump yet: D takes one");
    if (dump != NULL) {
        draw_head(dump, state, canvas);
        if (state->filter[0] != '\0' && count(model, state) == 0)
            draw_nothing(canvas, "no group holds the text");
        if (rows > 0)
            draw_lines(dump, state, scroll_window(&state->scroll, count(model, state), rows),
                       canvas);
    }
    draw_stage(model, state, canvas);
}

/* ---- Commands ---- */

static int list_rows(const struct model *model, const struct panel_state *state)
{
    (void)model;
    return state->view->rows - HEAD_ROWS;
}

/* The item that shows the head of group NUMBER. */
static int item_of_group(const struct dump *dump, const struct panel_state *state, size_t number)
{
    int item = 0;

    for (size_t i = 0; i < number; i++) {
        if (is_shown(state, &dump->group[i]))
            item += lines_of(state, &dump->group[i], i);
    }
    return item;
}

static void fold(const struct model *model, struct panel_state *state, enum command command)
{
    struct place place;

    if (model->dump == NULL || !find_place(model->dump, state, state->scroll.cursor, &place))
        return;
    if (command == COMMAND_FOLD && place.group < PANEL_FOLDS) {
        state->toggled[place.group / 8] ^= (uint8_t)(1u << place.group % 8);
    } else if (command == COMMAND_FOLD_ALL) {
        state->folded = !state->folded;
        for (size_t i = 0; i < sizeof state->toggled; i++)
            state->toggled[i] = 0;
    }
    scroll_to(&state->scroll, item_of_group(model->dump, state, place.group), count(model, state),
              list_rows(model, state));
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    if (command == COMMAND_FOLD || command == COMMAND_FOLD_ALL)
        fold(model, state, command);
    if (command == COMMAND_FILTER)
        return INTENT_ASK_FILTER;
    return command == COMMAND_SAVE && model->dump != NULL ? INTENT_ASK_FILE : INTENT_NONE;
}

const struct panel panel_stacks = {
    .title = "Stacks",
    .help =
        "All tasks of the target at one moment. Tasks with the same stack in the same state are "
        "one group: how many they are, what they wait for and since when, the functions from "
        "the innermost on, and the line that spawned them.",
    .hints = "Enter fold  / search  & filter  w save  Esc back",
    .scopes = SCOPE_LIST | SCOPE_FILTER | SCOPE_STACKS,
    .draw = draw,
    .command = command,
    .count = count,
    .list_rows = list_rows,
    .find = find,
};
