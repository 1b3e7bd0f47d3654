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
#include "mon/dumpdiff.h"
#include "panels/stackhead.h"
#include "panels/stacktext.h"

#define HEAD_ROWS  STACKHEAD_ROWS
#define LINE_BYTES STACKTEXT_BYTES
#define INDENT     STACKTEXT_INDENT
#define WHOLE      LINE_BYTES /* columns of a line that nothing is cut off */

enum line_kind {
    LINE_GROUP,
    LINE_HOLDER,
    LINE_FRAME,
    LINE_END,
    LINE_SPAWNED,
    LINE_TASKS,
    LINE_BLANK
};

/* An item of the list. */
struct place {
    size_t group;
    enum line_kind kind;
    size_t frame;  /* of LINE_FRAME */
    size_t holder; /* of LINE_HOLDER */
};

struct line {
    enum role role;
    int dim_from; /* column from which on it is dim, or 0 */
    char text[LINE_BYTES];
};

/* ---- Which lines there are ---- */

/* The groups that are shown: those of the last dump, or with those that it changed; or NULL. */
static const struct dump *shown(const struct model *model, const struct panel_state *state)
{
    return stackhead_is_compared(model, state) ? &model->diff->dump : model->dump;
}

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
    return 1 + (int)(group->nholders + group->nframes) + has_end(group) +
           (group->spawned_at.pc != 0) + 2;
}

static int lines_of(const struct panel_state *state, const struct dump_group *group, size_t number)
{
    return is_folded(state, number) ? 1 : unfolded_lines(group);
}

/* ---- What is in a line ---- */

static void group_line(const struct model *model, const struct panel_state *state, size_t number,
                       int cols, struct line *line)
{
    bool folded = is_folded(state, number);

    line->role = ROLE_STRONG;
    if (!stackhead_is_compared(model, state)) {
        stacktext_group(model->dump, number, folded, cols, line->text);
        return;
    }
    if (dumpdiff_growth(&model->diff->count[number]) == 0)
        line->role = ROLE_DIM;
    stacktext_change(model->diff, number, folded, cols, line->text);
}

/* The line at PLACE, made to fit COLS columns where that can be done. */
static void line_of(const struct model *model, const struct panel_state *state, struct place place,
                    int cols, struct line *line)
{
    static const char spawned[] = "spawned by ";
    const struct dump_group *group = &shown(model, state)->group[place.group];
    const int lead = (int)sizeof spawned - 1;
    int functions = stacktext_function_cols(cols);
    char frame[LINE_BYTES];

    *line = (struct line){.role = ROLE_DIM};
    switch (place.kind) {
    case LINE_GROUP:
        group_line(model, state, place.group, cols, line);
        break;
    case LINE_HOLDER:
        line->role = ROLE_WARN;
        stacktext_holder(group, place.holder, line->text);
        break;
    case LINE_FRAME:
        line->role = ROLE_TEXT;
        line->dim_from = INDENT + stacktext_frame(&group->frame[place.frame], functions,
                                                  cols - INDENT, frame);
        snprintf(line->text, sizeof line->text, "%*s%.*s", INDENT, "", LINE_BYTES - 8, frame);
        break;
    case LINE_END:
        snprintf(line->text, sizeof line->text, "%*s(%s)", INDENT, "", dump_end_text(group->end));
        break;
    case LINE_SPAWNED:
        stacktext_frame(&group->spawned_at, functions - lead, cols - INDENT - lead, frame);
        snprintf(line->text, sizeof line->text, "%*s%s%.*s", INDENT, "", spawned, LINE_BYTES - 20,
                 frame);
        break;
    case LINE_TASKS:
        stacktext_tasks(group, line->text);
        break;
    case LINE_BLANK:
        break;
    }
}

/* ---- Walking ---- */

static struct place place_in(const struct dump_group *group, size_t number, size_t line)
{
    struct place place = {.group = number, .kind = LINE_GROUP};

    if (line == 0)
        return place;
    line -= 1;
    if (line < group->nholders) {
        place.kind = LINE_HOLDER;
        place.holder = line;
        return place;
    }
    line -= group->nholders;
    if (line < group->nframes) {
        place.kind = LINE_FRAME;
        place.frame = line;
        return place;
    }
    line -= group->nframes;
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
    char text[DUMP_STATE_BYTES];

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
    const struct dump *dump = shown(model, state);
    int n = 0;

    for (size_t i = 0; dump != NULL && i < dump->ngroups; i++) {
        if (is_shown(state, &dump->group[i]))
            n += lines_of(state, &dump->group[i], i);
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
static bool line_holds(const struct model *model, const struct panel_state *state, size_t number,
                       int line, const char *text)
{
    const struct dump_group *group = &shown(model, state)->group[number];
    int end = is_folded(state, number) ? unfolded_lines(group) : line + 1;
    struct line whole;

    for (; line < end; line++) {
        line_of(model, state, place_in(group, number, (size_t)line), WHOLE, &whole);
        if (draw_text_holds(whole.text, text))
            return true;
    }
    return false;
}

/* One pass over all lines: the first match behind FROM, or, going back, the last one before it;
 * else the first or last of all. */
static int find(const struct model *model, const struct panel_state *state, int from, int by)
{
    const struct dump *dump = shown(model, state);
    int item = 0;
    int best = -1;
    bool past = false; /* `best` lies where it is wanted */

    for (size_t i = 0; dump != NULL && i < dump->ngroups; i++) {
        int lines = is_shown(state, &dump->group[i]) ? lines_of(state, &dump->group[i], i) : 0;
        for (int j = 0; j < lines; j++, item++) {
            bool wanted = by > 0 ? item > from : item < from;
            if (!line_holds(model, state, i, j, state->find))
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

/* Scrolled sideways, lines are whole and cut by the edges only. */
static void draw_line(const struct line *line, const struct panel_state *state, int row,
                      struct canvas *canvas)
{
    if (state->left == 0)
        canvas_text_in(canvas, row, 0, canvas->cols, line->role, line->text);
    else
        canvas_text(canvas, row, -state->left, line->role, line->text);
    if (line->dim_from > state->left)
        canvas_tint(canvas, row, line->dim_from - state->left, canvas->cols, ROLE_DIM);
    else if (line->dim_from > 0)
        canvas_tint(canvas, row, 0, canvas->cols, ROLE_DIM);
}

static void draw_lines(const struct model *model, const struct panel_state *state,
                       struct scroll_window window, struct canvas *canvas)
{
    for (int i = window.first; i < window.end; i++) {
        struct place place;
        struct line line;
        int row = HEAD_ROWS + i - window.first;
        if (!find_place(shown(model, state), state, i, &place))
            return;
        line_of(model, state, place, state->left > 0 ? WHOLE : canvas->cols, &line);
        draw_line(&line, state, row, canvas);
        if (i == window.cursor)
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    const struct dump *dump = model->dump;
    int rows = canvas->rows - HEAD_ROWS;

    if (dump == NULL && model->dump_status.stage == DUMP_STAGE_NONE)
        draw_nothing(canvas, "no dump yet: D takes one");
    if (dump != NULL) {
        stackhead_draw(model, state, canvas);
        if (state->filter[0] != '\0' && count(model, state) == 0)
            draw_nothing(canvas, "no group holds the text");
        if (rows > 0)
            draw_lines(model, state, scroll_window(&state->scroll, count(model, state), rows),
                       canvas);
    }
    stackhead_draw_stage(model, state, canvas);
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

static void toggle(struct panel_state *state, size_t group)
{
    if (group < PANEL_FOLDS)
        state->toggled[group / 8] ^= (uint8_t)(1u << group % 8);
}

/* From a line that names a holder to the group that it is in, unfolded. False: it is no such line,
 * or the group is not to be seen. */
static bool go_to_holder(const struct model *model, struct panel_state *state, struct place place)
{
    const struct dump *dump = shown(model, state);
    size_t group;

    if (place.kind != LINE_HOLDER)
        return false;
    group = dump->group[place.group].holder[place.holder].group;
    if (group >= dump->ngroups || !is_shown(state, &dump->group[group]))
        return false;
    if (is_folded(state, group))
        toggle(state, group);
    scroll_to(&state->scroll, item_of_group(dump, state, group), count(model, state),
              list_rows(model, state));
    return true;
}

static void fold(const struct model *model, struct panel_state *state, enum command command)
{
    const struct dump *dump = shown(model, state);
    struct place place;

    if (dump == NULL || !find_place(dump, state, state->scroll.cursor, &place))
        return;
    if (command == COMMAND_FOLD && go_to_holder(model, state, place))
        return;
    if (command == COMMAND_FOLD) {
        toggle(state, place.group);
    } else if (command == COMMAND_FOLD_ALL) {
        state->folded = !state->folded;
        memset(state->toggled, 0, sizeof state->toggled);
    }
    scroll_to(&state->scroll, item_of_group(dump, state, place.group), count(model, state),
              list_rows(model, state));
}

/* Columns of the longest line that is seen, whole. */
static int widest(const struct model *model, const struct panel_state *state)
{
    struct scroll_window window = scroll_window(&state->scroll, count(model, state),
                                                list_rows(model, state));
    int most = 0;

    for (int i = window.first; i < window.end; i++) {
        struct place place;
        struct line line;

        if (!find_place(shown(model, state), state, i, &place))
            break;
        line_of(model, state, place, WHOLE, &line);
        if (canvas_text_width(line.text) > most)
            most = canvas_text_width(line.text);
    }
    return most;
}

static void scroll_sideways(const struct model *model, struct panel_state *state, int by)
{
    int most = model->dump != NULL ? widest(model, state) - state->view->cols : 0;
    int left = state->left + by * (state->view->cols / 2);

    if (by > 0 && left > most)
        left = most > state->left ? most : state->left;
    state->left = left > 0 ? left : 0;
}

/* Between all groups and those that changed. */
static void turn_over(const struct model *model, struct panel_state *state)
{
    if (model->diff == NULL)
        return;
    state->compared = !state->compared;
    state->folded = state->compared;
    state->scroll = (struct scroll){0};
    memset(state->toggled, 0, sizeof state->toggled);
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    if (command == COMMAND_SCROLL_LEFT || command == COMMAND_SCROLL_RIGHT)
        scroll_sideways(model, state, command == COMMAND_SCROLL_LEFT ? -1 : 1);
    if (command == COMMAND_FOLD || command == COMMAND_FOLD_ALL)
        fold(model, state, command);
    if (command == COMMAND_COMPARED)
        turn_over(model, state);
    if (command == COMMAND_COMPARE)
        return INTENT_COMPARE;
    if (command == COMMAND_FILTER)
        return INTENT_ASK_FILTER;
    return command == COMMAND_SAVE && model->dump != NULL ? INTENT_ASK_FILE : INTENT_NONE;
}

const struct panel panel_stacks = {
    .title = "Stacks",
    .help =
        "All tasks of the target at one moment. Tasks with the same stack in the same state are "
        "one group: how many they are, what they wait for and since when, the functions from "
        "the innermost on, and the line that spawned them. Of those that wait for a mutex it says "
        "who holds it; Enter on such a line goes to the holder. c dumps again and shows which "
        "groups "
        "have changed since, most changed first; once more, since the same first dump.",
    .hints = "Enter fold  & filter  c compare  w save  Esc back",
    .scopes = SCOPE_LIST | SCOPE_FILTER | SCOPE_STACKS,
    .draw = draw,
    .command = command,
    .count = count,
    .list_rows = list_rows,
    .find = find,
};
