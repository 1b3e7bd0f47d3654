/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mon/timetext.h"
#include "panels/changed.h"
#include "panels/fleet.h"
#include "panels/frame.h"
#include "panels/parts.h"
#include "panels/screen_parts.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define MESSAGE_NS    (5 * NS_PER_SECOND)
#define LEAST_DELAY_S 0.1
#define MOST_DELAY_S  3600.0

/* What zooming steps through. */
static const int64_t windows[] = {1, 5, 15, 60, 360, 1440, 10080}; /* minutes */
#define WINDOWS ((int)(sizeof windows / sizeof windows[0]))

void screen_init(struct screen *screen, enum plot_tier first_tier, enum plot_tier tier,
                 int64_t delay_ns)
{
    *screen = (struct screen){
        .first_tier = first_tier,
        .view = {.tier = tier, .window_ns = 15 * NS_PER_MINUTE, .delay_ns = delay_ns},
    };
    for (int i = 0; i < PANEL_COUNT; i++)
        screen->state[i].view = &screen->view;
}

enum panel_id screen_open(const struct screen *screen)
{
    if (screen->help_open)
        return PANEL_HELP;
    if (screen->fleet_open)
        return PANEL_FLEET;
    if (screen->stacks_open)
        return PANEL_STACKS;
    return screen->changed_open ? PANEL_CHANGED : screen->tab;
}

static struct panel_state *open_state(struct screen *screen)
{
    return &screen->state[screen_open(screen)];
}

bool screen_is_small(int rows, int cols)
{
    return rows < FRAME_LEAST_ROWS || cols < FRAME_LEAST_COLS;
}

/* As much time as something is known of, from 1 to 15 minutes. */
static int64_t known_window(const struct model *model)
{
    static const int64_t minutes[] = {1, 2, 3, 5, 10, 15};
    int64_t oldest_ns = history_oldest_ns(model->history);
    int64_t known_ns = oldest_ns > 0 ? parts_end_ns(model) - oldest_ns : 0;
    size_t at = 0;

    while (at + 1 < sizeof minutes / sizeof minutes[0] && minutes[at] * NS_PER_MINUTE < known_ns)
        at++;
    return minutes[at] * NS_PER_MINUTE;
}

void screen_fit(struct screen *screen, const struct model *model, int rows, int cols)
{
    int around = screen_is_small(rows, cols) ? 0 : 2 + frame_banner_rows(model);

    screen->view.rows = rows - around;
    screen->view.cols = cols;
    if (!screen->own_window)
        screen->view.window_ns = known_window(model);
    if (screen->fleet_open)
        fleet_keep_cursor(&screen->state[PANEL_FLEET]);
    if (screen_open(screen) == PANEL_CHANGED)
        changed_keep_cursor(model, &screen->state[PANEL_CHANGED]);
}

void screen_say(struct screen *screen, const struct model *model, enum role role, const char *text)
{
    snprintf(screen->message, sizeof screen->message, "%s", text);
    screen->message_role = role;
    screen->message_until_ns = model_now_ns(model) + MESSAGE_NS;
}

void screen_new_dump(struct screen *screen, const struct model *model)
{
    struct panel_state *state = &screen->state[PANEL_STACKS];

    state->scroll = (struct scroll){0};
    state->left = 0;
    state->compared = model->diff != NULL;
    state->folded = state->compared;
    memset(state->toggled, 0, sizeof state->toggled);
}

/* ---- The line that is typed ---- */

static void ask(struct screen *screen, enum prompt_kind kind, const char *text)
{
    screen->prompt = kind;
    snprintf(screen->typed, sizeof screen->typed, "%s", text);
}

/* Search and filter follow the typing. */
static void follow_typing(struct screen *screen)
{
    struct panel_state *state = open_state(screen);

    if (screen->prompt == PROMPT_FIND)
        snprintf(state->find, sizeof state->find, "%.*s", PANEL_TEXT_BYTES - 1, screen->typed);
    if (screen->prompt == PROMPT_FILTER)
        snprintf(state->filter, sizeof state->filter, "%.*s", PANEL_TEXT_BYTES - 1, screen->typed);
}

/* An empty line leaves it as it is. */
static enum screen_wish set_delay(struct screen *screen, const struct model *model)
{
    char *end;
    double seconds = strtod(screen->typed, &end);

    if (screen->typed[0] == '\0')
        return WISH_NONE;
    if (end == screen->typed || *end != '\0' || !(seconds >= LEAST_DELAY_S) ||
        seconds > MOST_DELAY_S) {
        screen_say(screen, model, ROLE_BAD, "not from 0.1 to 3600 seconds: nothing was changed");
        return WISH_NONE;
    }
    screen->view.delay_ns = (int64_t)(seconds * (double)NS_PER_SECOND);
    return WISH_SAMPLE;
}

static enum screen_wish move(struct screen *screen, enum screen_move move, int64_t ns)
{
    screen->move = move;
    screen->move_ns = ns;
    return WISH_MOVE;
}

static enum screen_wish jump(struct screen *screen, const struct model *model)
{
    bool past = model->view.past;
    int64_t first_ns = past ? model->view.first_ns : history_oldest_ns(model->history);
    int64_t last_ns = past ? model->view.last_ns : parts_end_ns(model);
    int64_t real_ns;
    char text[160];

    if (screen->typed[0] == '\0')
        return WISH_NONE;
    if (timetext_parse(screen->typed, model_real_ns(model, first_ns), model_real_ns(model, last_ns),
                       &real_ns))
        return move(screen, SCREEN_MOVE_TO_CLOCK, real_ns);
    snprintf(text, sizeof text, "no time: write " TIMETEXT_FORMS);
    screen_say(screen, model, ROLE_BAD, text);
    return WISH_NONE;
}

static enum screen_wish start_dump(struct screen *screen, const struct model *model,
                                   enum screen_wish wish)
{
    if (model->view.replay && wish == WISH_COMPARE && model->dump != NULL)
        return wish;
    if (model->view.past) {
        screen_say(screen, model, ROLE_WARN,
                   model->view.replay
                       ? "a recording is not dumped: S shows the stacks that it holds"
                       : "stacks are only those of now: . goes back to it");
        return WISH_NONE;
    }
    if (target_has_ended(model->status.state)) {
        screen_say(screen, model, ROLE_WARN, "the target has ended: there are no stacks to dump");
        return WISH_NONE;
    }
    screen->help_open = false;
    screen->stacks_open = true;
    screen->view.dump_asked_ns = model->mono_ns;
    return wish;
}

enum screen_wish screen_obey_panel(struct screen *screen, const struct model *model,
                                   enum command command)
{
    struct panel_state *state = open_state(screen);
    char text[PANEL_TEXT_BYTES + 16];

    switch (panel_command(panel_get(screen_open(screen)), model, state, command)) {
    case INTENT_NONE:
        break;
    case INTENT_ASK_FIND:
        ask(screen, PROMPT_FIND, "");
        break;
    case INTENT_ASK_FILTER:
        ask(screen, PROMPT_FILTER, state->filter);
        break;
    case INTENT_ASK_FILE:
        snprintf(text, sizeof text, "gomon-%d.stacks", (int)model->target.pid);
        ask(screen, PROMPT_FILE, text);
        break;
    case INTENT_COMPARE:
        return start_dump(screen, model, WISH_COMPARE);
    case INTENT_OPEN:
        return WISH_OPEN;
    case INTENT_REMOVE:
        return WISH_REMOVE;
    case INTENT_SILENCE:
        return WISH_SILENCE;
    case INTENT_SAY_NOT_FOUND:
        snprintf(text, sizeof text, "not found: %s", state->find);
        screen_say(screen, model, ROLE_WARN, text);
        break;
    }
    return WISH_NONE;
}

static enum screen_wish accept_typing(struct screen *screen, const struct model *model)
{
    enum prompt_kind kind = screen->prompt;

    screen->prompt = PROMPT_NONE;
    switch (kind) {
    case PROMPT_NONE:
    case PROMPT_FILTER:
        break;
    case PROMPT_FIND:
        return screen_obey_panel(screen, model, COMMAND_FIND_NEXT);
    case PROMPT_DELAY:
        return set_delay(screen, model);
    case PROMPT_TIME:
        return jump(screen, model);
    case PROMPT_FILE:
        return screen->typed[0] != '\0' ? WISH_SAVE : WISH_NONE;
    }
    return WISH_NONE;
}

/* Takes the last character off the line, all of its bytes. */
static void rub_out(char *text)
{
    size_t bytes = strlen(text);

    while (bytes > 0 && ((unsigned char)text[bytes - 1] & 0xc0) == 0x80)
        bytes--;
    text[bytes > 0 ? bytes - 1 : 0] = '\0';
}

static enum screen_wish type_key(struct screen *screen, const struct model *model, uint32_t key)
{
    size_t bytes = strlen(screen->typed);

    if (key == '\r' || key == '\n') {
        follow_typing(screen); /* an empty line too */
        return accept_typing(screen, model);
    }
    if (key == ('C' & 0x1f))
        return WISH_QUIT;
    if (key == KEY_CODE_BACKSPACE || key == 0x7f || key == '\b')
        rub_out(screen->typed);
    else if (key == 0x1b || key == ('U' & 0x1f))
        screen->typed[0] = '\0';
    else if (key >= ' ' && key < KEY_CODE_NONE && bytes + 5 < sizeof screen->typed)
        canvas_append_rune(screen->typed, sizeof screen->typed, key);
    follow_typing(screen);
    if (key == 0x1b)
        screen->prompt = PROMPT_NONE;
    return WISH_NONE;
}

enum screen_wish screen_open_tab(struct screen *screen, int tab)
{
    screen->tab = (enum panel_id)((tab + PANEL_TABS) % PANEL_TABS);
    screen->stacks_open = screen->changed_open = false;
    screen->help_open = false;
    return screen->fleet_open ? WISH_OPEN : WISH_NONE;
}

void screen_point(struct screen *screen, int row, int col)
{
    screen->mouse_row = row;
    screen->mouse_col = col;
}

/* ---- Commands ---- */

/* The innermost thing that is open: help, the plot of a figure, a search or filter, the dump, what
 * has changed, the past, the target. */
static enum screen_wish close_one(struct screen *screen, const struct model *model)
{
    struct panel_state *state = open_state(screen);

    screen->message[0] = '\0';
    if (screen->help_open)
        screen->help_open = false;
    else if (state->opened)
        state->opened = false;
    else if (state->find[0] != '\0' || state->filter[0] != '\0')
        state->find[0] = state->filter[0] = '\0';
    else if (screen->stacks_open)
        screen->stacks_open = false;
    else if (screen->changed_open)
        screen->changed_open = false;
    else if (model->view.past && !model->view.replay)
        return move(screen, SCREEN_MOVE_LIVE, 0);
    else if (screen->view.fleet != NULL && !screen->fleet_open)
        return WISH_FLEET;
    return WISH_NONE;
}

static void open_help(struct screen *screen)
{
    if (screen->help_open) {
        screen->help_open = false;
        return;
    }
    screen->view.asked = screen_open(screen);
    screen->state[PANEL_HELP] = (struct panel_state){.view = &screen->view};
    screen->help_open = true;
}

/* To the next window of the table that is smaller (BY < 0) or larger. */
static enum screen_wish zoom(struct screen *screen, int by)
{
    int64_t *window_ns = &screen->view.window_ns;
    int64_t now_ns = *window_ns;

    for (int i = 0; i < WINDOWS; i++) {
        int at = by < 0 ? i : WINDOWS - 1 - i;
        int64_t wanted_ns = windows[at] * NS_PER_MINUTE;
        if (by < 0 ? wanted_ns < now_ns : wanted_ns > now_ns)
            *window_ns = wanted_ns;
    }
    screen->own_window = true;
    return move(screen, SCREEN_MOVE_NOT, 0);
}

static void next_tier(struct screen *screen)
{
    enum plot_tier next = (enum plot_tier)(screen->view.tier + 1);

    screen->view.tier = next < PLOT_TIERS ? next : screen->first_tier;
}

static enum screen_wish start_report(struct screen *screen, const struct model *model)
{
    if (!model->view.replay)
        return WISH_REPORT;
    screen_say(screen, model, ROLE_WARN, "this is a recording: a copy of its file is the report");
    return WISH_NONE;
}

/* The keys that move through time. False: COMMAND is none of them. */
static bool obey_time(struct screen *screen, enum command command, enum screen_wish *wish)
{
    static const struct {
        enum command command;
        enum screen_move move;
        int sixtieths; /* of the window; or a direction */
    } moves[] = {
        {COMMAND_BACK, SCREEN_MOVE_BY, -1},
        {COMMAND_FORTH, SCREEN_MOVE_BY, 1},
        {COMMAND_FAR_BACK, SCREEN_MOVE_BY, -10},
        {COMMAND_FAR_FORTH, SCREEN_MOVE_BY, 10},
        {COMMAND_NEXT_SAMPLE, SCREEN_MOVE_SAMPLE, 1},
        {COMMAND_PREVIOUS_SAMPLE, SCREEN_MOVE_SAMPLE, -1},
        {COMMAND_LIVE, SCREEN_MOVE_LIVE, 0},
        {COMMAND_TO_MARK, SCREEN_MOVE_MARK, 0},
    };

    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].command != command)
            continue;
        *wish = move(screen, moves[i].move, moves[i].sixtieths * (screen->view.window_ns / 60));
        return true;
    }
    *wish = command == COMMAND_MARK          ? WISH_MARK
            : command == COMMAND_BASELINE    ? WISH_BASELINE
            : command == COMMAND_NO_BASELINE ? WISH_NO_BASELINE
                                             : WISH_NONE;
    if (command == COMMAND_JUMP)
        ask(screen, PROMPT_TIME, "");
    return *wish != WISH_NONE || command == COMMAND_JUMP;
}

static enum screen_wish obey(struct screen *screen, const struct model *model, enum command command,
                             uint32_t key)
{
    enum screen_wish wish;

    if (screen_refuses(screen, model, command))
        return WISH_NONE;
    if (obey_time(screen, command, &wish))
        return wish;
    if (command == COMMAND_QUIT)
        return WISH_QUIT;
    if (command == COMMAND_FREEZE)
        return WISH_FREEZE;
    if (command == COMMAND_REDRAW)
        return WISH_REDRAW;
    if (command == COMMAND_SUSPEND)
        return WISH_SUSPEND;
    if (command == COMMAND_DUMP)
        return start_dump(screen, model, WISH_DUMP);
    if (command == COMMAND_REPORT)
        return start_report(screen, model);
    if (command == COMMAND_CLICK)
        return screen_click(screen, model);
    if (command == COMMAND_PANEL)
        return screen_open_tab(screen, (int)(key - '1'));
    if (command == COMMAND_NEXT_PANEL)
        return screen_open_tab(screen, (int)screen->tab + 1);
    if (command == COMMAND_PREVIOUS_PANEL)
        return screen_open_tab(screen, (int)screen->tab - 1);
    if (command == COMMAND_FLEET)
        return screen->view.fleet != NULL && !screen->fleet_open ? WISH_FLEET : WISH_NONE;
    if (command == COMMAND_HELP)
        open_help(screen);
    else if (command == COMMAND_STACKS)
        screen->stacks_open = !screen->stacks_open;
    else if (command == COMMAND_CHANGED)
        screen->changed_open = !screen->changed_open;
    else if (command == COMMAND_CLOSE)
        return close_one(screen, model);
    else if (command == COMMAND_ZOOM_IN || command == COMMAND_ZOOM_OUT)
        return zoom(screen, command == COMMAND_ZOOM_IN ? -1 : 1);
    else if (command == COMMAND_ZOOM_RESET)
        screen->own_window = false;
    else if (command == COMMAND_GLYPHS)
        next_tier(screen);
    else if (command == COMMAND_DELAY)
        ask(screen, PROMPT_DELAY, "");
    else
        return screen_obey_panel(screen, model, command);
    return WISH_NONE;
}

enum screen_wish screen_key(struct screen *screen, const struct model *model, uint32_t key)
{
    enum screen_wish wish;
    unsigned scopes = SCOPE_EVERYWHERE | panel_get(screen_open(screen))->scopes;

    if (panel_has_time(screen_open(screen)))
        scopes |= SCOPE_TIME;
    if (screen->prompt != PROMPT_NONE) {
        wish = type_key(screen, model, key);
    } else {
        if (key == 0x7f || key == '\b')
            key = KEY_CODE_BACKSPACE;
        wish = obey(screen, model, keys_lookup(scopes, key), key);
    }
    if (screen->fleet_open)
        fleet_note_cursor(&screen->state[PANEL_FLEET]);
    if (screen_open(screen) == PANEL_CHANGED)
        changed_note_cursor(model, &screen->state[PANEL_CHANGED]);
    return wish;
}

/* ---- Drawing ---- */

static void draw_whole(const struct screen *screen, const struct model *model,
                       struct canvas *canvas)
{
    int banner = frame_banner_rows(model);
    int body = canvas->rows - 2 - banner;
    enum panel_id open = screen_open(screen);
    struct canvas view[] = {
        canvas_view(canvas, (struct rect){0, 0, 1, canvas->cols}),
        canvas_view(canvas, (struct rect){1, 0, banner, canvas->cols}),
        canvas_view(canvas, (struct rect){1 + banner, 0, body, canvas->cols}),
        canvas_view(canvas, (struct rect){canvas->rows - 1, 0, 1, canvas->cols}),
    };

    if (screen->fleet_open)
        fleet_draw_header(&screen->state[PANEL_FLEET], &view[0]);
    else
        frame_draw_header(model, &view[0]);
    if (banner > 0)
        frame_draw_banner(model, &view[1]);
    panel_get(open)->draw(model, &screen->state[open], &view[2]);
    frame_draw_footer(screen, model, &view[3]);
}

void screen_draw(const struct screen *screen, const struct model *model, struct canvas *canvas)
{
    canvas_clear(canvas, ROLE_TEXT);
    if (screen_is_small(canvas->rows, canvas->cols))
        frame_draw_line(screen, model, canvas);
    else
        draw_whole(screen, model, canvas);
    if (screen->view.tier == PLOT_LINES)
        canvas_reduce(canvas, CANVAS_LINES);
    else if (screen->view.tier == PLOT_ASCII)
        canvas_reduce(canvas, CANVAS_ASCII);
}
