/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mon/layout.h"
#include "mon/recorder.h"
#include "panels/fleet.h"
#include "panels/parts.h"
#include "panels/tabs.h"

#define PIECE_BYTES 128
#define HINTS_BYTES 384

#define PROMPT_LEAST_COLS 6 /* to type in */

/* A piece of a line; those with the highest rank vanish first. */
struct piece {
    char text[PIECE_BYTES];
    enum role role;
    int rank;
};

/* ---- Words ---- */

static void state_word(const struct model *model, struct piece *piece)
{
    const struct target_status *status = &model->status;
    char span[FIGURE_BYTES] = "";

    if (status->since_ns > 0)
        parts_span(span, parts_between(status->since_ns, model->mono_ns));
    piece->role = ROLE_BAR_BAD;
    switch (status->state) {
    case TARGET_LIVE:
        piece->role = model->view.past ? ROLE_BAR_DIM : ROLE_BAR_GOOD;
        snprintf(piece->text, PIECE_BYTES, model->view.past ? "was live" : "live");
        return;
    case TARGET_STALLED:
        piece->role = ROLE_BAR_WARN;
        snprintf(piece->text, PIECE_BYTES, "STALLED %s", span);
        return;
    case TARGET_STOPPED:
        piece->role = ROLE_BAR_WARN;
        snprintf(piece->text, PIECE_BYTES, "STOPPED %s", span);
        return;
    case TARGET_EXITED:
        snprintf(piece->text, PIECE_BYTES, "EXITED");
        return;
    case TARGET_CRASHED:
        snprintf(piece->text, PIECE_BYTES, "CRASHED");
        return;
    case TARGET_KILLED:
        snprintf(piece->text, PIECE_BYTES, "KILLED");
        return;
    case TARGET_REPLACED:
        snprintf(piece->text, PIECE_BYTES, "REPLACED");
        return;
    }
}

static void gc_word(const struct model *model, struct piece *piece)
{
    uint64_t mode;

    if (!snapshot_value(model->snapshot, MON_GC_MODE, &mode))
        return;
    snprintf(piece->text, PIECE_BYTES, "gc %s",
             mode == GC_MODE_CONCURRENT ? "concurrent" : "stop-the-world");
}

static void alerts_word(const struct model *model, struct piece *piece)
{
    uint32_t n = model->alerts->nstanding;

    if (n > 0)
        snprintf(piece->text, PIECE_BYTES, "! %u alert%s", n, n == 1 ? "" : "s");
}

static void counts_word(const struct model *model, struct piece *piece)
{
    char procs[FIGURE_BYTES];
    char tasks[FIGURE_BYTES];
    uint64_t n;

    draw_figure_text(procs, parts_value(model, MON_PROCS));
    snprintf(tasks, sizeof tasks, DRAW_MISSING);
    if (snapshot_value(model->snapshot, MON_TASKS, &n))
        fmt_grouped(tasks, sizeof tasks, n);
    snprintf(piece->text, PIECE_BYTES, "%s procs  %s tasks", procs, tasks);
}

static void uptime_word(const struct model *model, struct piece *piece)
{
    char span[FIGURE_BYTES];
    int64_t end_ns = model->view.past ? model->mono_ns : parts_end_ns(model);
    int64_t end_real_ns = model_real_ns(model, end_ns);

    if (model->target.start_real_ns > 0)
        snprintf(piece->text, PIECE_BYTES, "up %s",
                 parts_span(span, parts_between(model->target.start_real_ns, end_real_ns)));
}

static void frozen_word(const struct model *model, struct piece *piece)
{
    char span[FIGURE_BYTES];

    if (model->view.replay)
        snprintf(piece->text, PIECE_BYTES, model->view.playing ? "REPLAY" : "REPLAY paused");
    else if (model->view.past)
        snprintf(piece->text, PIECE_BYTES, "PAST -%s",
                 parts_span(span, parts_between(model->mono_ns, model->view.last_ns)));
    else if (model->view.frozen)
        snprintf(piece->text, PIECE_BYTES, "FROZEN +%s",
                 parts_span(span, parts_between(model->view.end_ns, model->mono_ns)));
}

static void record_word(const struct model *model, struct piece *piece)
{
    if (model->record == NULL)
        return;
    snprintf(piece->text, PIECE_BYTES, model->record->failing ? "REC FAILS: %s" : "rec",
             model->record->why);
    piece->role = model->record->failing ? ROLE_BAR_BAD : ROLE_BAR_DIM;
}

/* With the date if that is not the one of the end. */
static void clock_word(const struct model *model, struct piece *piece)
{
    char last[FMT_BYTES_MAX];
    char shown[FMT_BYTES_MAX];

    fmt_clock(piece->text, PIECE_BYTES, model->real_ns);
    if (!model->view.past)
        return;
    fmt_date(shown, sizeof shown, model->real_ns);
    fmt_date(last, sizeof last, model_real_ns(model, model->view.last_ns));
    if (model->view.replay || strncmp(shown, last, 10) != 0)
        snprintf(piece->text, PIECE_BYTES, "%s", shown);
}

/* ---- The header ---- */

enum { NAME, STATE, FROZEN, RECORD, ALERTS, UPTIME, COUNTS, MODE, CLOCK, PIECES };

static void draw_pieces(const struct piece *piece, int n, struct canvas *canvas)
{
    struct layout_part part[PIECES];
    int size[PIECES];
    int col = 1;

    for (int i = 0; i < n; i++) {
        int width = canvas_text_width(piece[i].text);
        part[i] = (struct layout_part){.least = width > 0 ? width + 2 : 0, .rank = piece[i].rank};
    }
    layout_divide(canvas->cols, part, n, size);
    for (int i = 0; i < n; i++) {
        if (i == CLOCK && size[i] > 0)
            col = canvas->cols - size[i] + 1;
        bool is_badge = piece[i].role == ROLE_BAR_BAD || piece[i].role == ROLE_FROZEN;
        if (size[i] > 0)
            canvas_text(canvas, 0, col, piece[i].role, piece[i].text);
        if (size[i] > 0 && is_badge)
            canvas_tint(canvas, 0, col - 1, size[i], piece[i].role);
        col += size[i];
    }
}

void frame_draw_header(const struct model *model, struct canvas *canvas)
{
    struct piece piece[PIECES] = {
        [NAME] = {.role = ROLE_BAR, .rank = 0},       [STATE] = {.rank = 1},
        [FROZEN] = {.role = ROLE_FROZEN, .rank = 2},  [RECORD] = {.rank = 8},
        [ALERTS] = {.role = ROLE_BAR_BAD, .rank = 3}, [UPTIME] = {.role = ROLE_BAR_DIM, .rank = 6},
        [COUNTS] = {.role = ROLE_BAR_DIM, .rank = 5}, [MODE] = {.role = ROLE_BAR_DIM, .rank = 7},
        [CLOCK] = {.role = ROLE_BAR_DIM, .rank = 4},
    };

    canvas_fill(canvas, 0, 0, canvas->cols, ' ', ROLE_BAR);
    snprintf(piece[NAME].text, PIECE_BYTES, "%.40s[%d]", model->target.name,
             (int)model->target.pid);
    state_word(model, &piece[STATE]);
    frozen_word(model, &piece[FROZEN]);
    record_word(model, &piece[RECORD]);
    alerts_word(model, &piece[ALERTS]);
    uptime_word(model, &piece[UPTIME]);
    counts_word(model, &piece[COUNTS]);
    gc_word(model, &piece[MODE]);
    clock_word(model, &piece[CLOCK]);
    draw_pieces(piece, PIECES, canvas);
}

/* ---- The banner ---- */

int frame_banner_rows(const struct model *model)
{
    return model->status.state == TARGET_LIVE ? 0 : 1;
}

static const char *fatal_text(const struct model *model)
{
    const struct snapshot *snapshot = model->snapshot;

    for (uint32_t i = snapshot->nevents; i > 0; i--) {
        if (snapshot->event[i - 1].kind == EVENT_FATAL)
            return snapshot->event[i - 1].text;
    }
    return "it reported a fatal error";
}

static const char *reason_text(const struct model *model)
{
    switch (model->status.state) {
    case TARGET_LIVE:
        return "";
    case TARGET_STALLED:
        return "it runs but publishes nothing: starved of CPU, or wedged. D shows its stacks";
    case TARGET_STOPPED:
        return "by a signal or a debugger; the figures are those of before";
    case TARGET_EXITED:
        return "it came to its end";
    case TARGET_CRASHED:
        return fatal_text(model);
    case TARGET_KILLED:
        return "by a signal, without a word: kill, ^C, or out of memory";
    case TARGET_REPLACED:
        return target_state_text(TARGET_REPLACED);
    }
    return "";
}

void frame_draw_banner(const struct model *model, struct canvas *canvas)
{
    const struct target_status *status = &model->status;
    bool ended = target_has_ended(status->state);
    enum role role = ended ? ROLE_BANNER : ROLE_FROZEN;
    struct piece state = {.role = role};
    char clock[FMT_BYTES_MAX];
    char again[48] = "";
    char line[512];

    state_word(model, &state);
    if (status->successor != 0) /* ahead of what may be cut off */
        snprintf(again, sizeof again, " (it runs again: gomon -p %d)", (int)status->successor);
    if (ended && status->since_ns > 0)
        snprintf(line, sizeof line, " %s at %s%s: %s. This is its last picture.", state.text,
                 fmt_clock(clock, sizeof clock, model_real_ns(model, status->since_ns)), again,
                 reason_text(model));
    else
        snprintf(line, sizeof line, " %s: %s.", state.text, reason_text(model));
    canvas_fill(canvas, 0, 0, canvas->cols, ' ', role);
    canvas_text_in(canvas, 0, 0, canvas->cols, role, line);
}

/* ---- The footer ---- */

static const char *prompt_label(const struct screen *screen, char text[PIECE_BYTES])
{
    switch (screen->prompt) {
    case PROMPT_NONE:
        return "";
    case PROMPT_FIND:
        return "Search: ";
    case PROMPT_FILTER:
        return "Show only: ";
    case PROMPT_DELAY:
        snprintf(text, PIECE_BYTES,
                 "Seconds between samples (now %g): ", (double)screen->view.delay_ns / 1e9);
        return text;
    case PROMPT_FILE:
        return "Save (.json, .folded, else text) to: ";
    case PROMPT_TIME:
        return "Go to the time (14:05, 14:05:30, 2026-11-27 14:05, -15m): ";
    }
    return "";
}

/* LABEL, or if it leaves too little to type in, a sign that something is asked for, or nothing. */
static const char *fit_label(const char *label, int cols)
{
    if (canvas_text_width(label) + PROMPT_LEAST_COLS <= cols)
        return label;
    return cols >= 2 + PROMPT_LEAST_COLS ? "> " : "";
}

static void draw_prompt(const struct screen *screen, struct canvas *canvas)
{
    char text[PIECE_BYTES];
    const char *label = fit_label(prompt_label(screen, text), canvas->cols);
    int col = canvas_text(canvas, 0, 0, ROLE_TITLE, label);
    int room = canvas->cols - col - 1;
    int width = canvas_text_width(screen->typed);
    struct canvas line = canvas_view(canvas, (struct rect){0, col, 1, room + 1});

    col = canvas_text(&line, 0, width > room ? room - width : 0, ROLE_STRONG, screen->typed);
    canvas_put(&line, 0, width > room ? room : col, ' ', ROLE_FROZEN);
}

static const char *time_hint(const struct model *model)
{
    if (model->view.replay)
        return model->view.playing ? "  Space pauses" : "  Space plays";
    if (model->view.past)
        return "  . is now";
    return model->view.frozen ? "  Space goes on" : "";
}

/* What must not be missed: the time that the plots show, that not all rows are there, and that what
 * is seen is not now. */
static void state_text(const struct screen *screen, const struct model *model,
                       char text[PIECE_BYTES])
{
    const char *filter = screen->state[screen_open(screen)].filter;
    int minutes = (int)(screen->view.window_ns / INT64_C(60000000000));
    char only[PANEL_TEXT_BYTES + 16] = "";

    if (filter[0] != '\0')
        snprintf(only, sizeof only, "  only \"%s\"", filter);
    if (screen->fleet_open) {
        snprintf(text, PIECE_BYTES, "%s", only);
        return;
    }
    snprintf(text, PIECE_BYTES, "%d%s%s%s%s",
             minutes < 60      ? minutes
             : minutes <= 1440 ? minutes / 60
                               : minutes / 1440,
             minutes < 60      ? "m"
             : minutes <= 1440 ? "h"
                               : "d",
             only, time_hint(model),
             screen->view.fleet != NULL && !model->view.past ? "  Esc targets" : "");
}

/* The state, and as many keys as there is ROOM for: those of the panel before those that mean
 * something everywhere. */
static void hints_text(const struct screen *screen, const char *state, int room,
                       char text[HINTS_BYTES])
{
    static const char *const of_one[] = {"  Space freeze  + - zoom  D dump  ? help  q quit",
                                         "  D dump  ? help  q quit", "  D dump  ? help", "  ? help",
                                         ""};
    static const char *const of_all[] = {"  ? help  q quit", "  ? help  q quit", "  ? help",
                                         "  ? help", ""};
    const char *const *general = screen->fleet_open ? of_all : of_one;
    const char *own = panel_get(screen_open(screen))->hints;

    for (int with_own = 1; with_own >= 0; with_own--) {
        for (size_t i = 0; i < sizeof of_one / sizeof of_one[0]; i++) {
            snprintf(text, HINTS_BYTES, "%s%s%s%s", state, own != NULL && with_own ? "  " : "",
                     own != NULL && with_own ? own : "", general[i]);
            if (canvas_text_width(text) <= room)
                return;
        }
    }
}

/* What stands right of the tabs, and where it begins: a panel that lies over the tabs has keys that
 * matter more than the tabs' names. */
static int place_hints(const struct screen *screen, const struct model *model, int cols,
                       char text[HINTS_BYTES])
{
    char state[PIECE_BYTES];
    const struct panel *panel = panel_get(screen_open(screen));
    bool is_tab = screen_open(screen) < PANEL_TABS;
    int tabs = tabs_width();

    state_text(screen, model, state);
    int needed = canvas_text_width(state) + (is_tab ? 0 : 2 + canvas_text_width(panel->hints));
    if (tabs + 1 + needed > cols)
        tabs = tabs_short_width(screen);
    hints_text(screen, state, cols - 1 - tabs, text);
    int col = cols - canvas_text_width(text);
    return col < tabs ? tabs : col;
}

static void draw_tabs_and_hints(const struct screen *screen, const struct model *model,
                                struct canvas *canvas)
{
    char text[HINTS_BYTES];
    int col = place_hints(screen, model, canvas->cols, text);

    canvas_text_in(canvas, 0, col, canvas->cols - col, ROLE_DIM, text);
    tabs_draw(screen, col, canvas);
}

static bool speaks(const struct screen *screen, const struct model *model)
{
    return screen->message[0] != '\0' && model_now_ns(model) < screen->message_until_ns;
}

/* Beside the tabs, whose names make room for it; one that is too long even then has the whole line,
 * from column 0. */
static int place_message(const struct screen *screen, int cols)
{
    int room = cols - 1 - canvas_text_width(screen->message);
    int tabs = tabs_width() <= room ? tabs_width() : tabs_short_width(screen);

    return tabs <= room ? tabs + 1 : 0;
}

static void draw_message(const struct screen *screen, struct canvas *canvas)
{
    int col = place_message(screen, canvas->cols);

    canvas_text_in(canvas, 0, col, canvas->cols - col, screen->message_role, screen->message);
    if (col > 0)
        tabs_draw(screen, col - 1, canvas);
}

int frame_tab_at(const struct screen *screen, const struct model *model, int cols, int col)
{
    char text[HINTS_BYTES];
    int room;

    if (screen->prompt != PROMPT_NONE)
        return -1;
    room = speaks(screen, model) ? place_message(screen, cols) - 1
                                 : place_hints(screen, model, cols, text);
    return col < room ? tabs_at(screen, room, col) : -1;
}

void frame_draw_footer(const struct screen *screen, const struct model *model,
                       struct canvas *canvas)
{
    if (screen->prompt != PROMPT_NONE)
        draw_prompt(screen, canvas);
    else if (speaks(screen, model))
        draw_message(screen, canvas);
    else
        draw_tabs_and_hints(screen, model, canvas);
}

/* ---- The one line ---- */

static void draw_status(const struct model *model, struct canvas *canvas)
{
    struct piece piece[] = {
        {.role = ROLE_STRONG, .rank = 0}, {.rank = 1}, {.rank = 3}, {.role = ROLE_BAD, .rank = 2}};
    char alloc[FIGURE_BYTES];
    char tasks[FIGURE_BYTES];

    snprintf(piece[0].text, PIECE_BYTES, "%.20s", model->target.name);
    state_word(model, &piece[1]);
    piece[1].role = model->status.state == TARGET_LIVE ? ROLE_GOOD : ROLE_BAD;
    draw_figure_text(alloc, parts_value(model, MON_HEAP_ALLOC));
    draw_figure_text(tasks, parts_value(model, MON_TASKS));
    snprintf(piece[2].text, PIECE_BYTES, "%s %s tasks", alloc, tasks);
    piece[2].role = ROLE_TEXT;
    alerts_word(model, &piece[3]);
    int col = 0;
    for (int i = 0; i < 4; i++)
        col += canvas_text(canvas, 0, col, piece[i].role, piece[i].text) + 1;
}

void frame_draw_line(const struct screen *screen, const struct model *model, struct canvas *canvas)
{
    if (screen->prompt != PROMPT_NONE)
        draw_prompt(screen, canvas);
    else if (speaks(screen, model))
        canvas_text_in(canvas, 0, 0, canvas->cols, screen->message_role, screen->message);
    else if (screen->fleet_open)
        fleet_draw_header(&screen->state[PANEL_FLEET], canvas);
    else
        draw_status(model, canvas);
}
