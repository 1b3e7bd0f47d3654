/* SPDX-License-Identifier: MIT */
/* help.c - what the open panel shows, and all keys, made of keys.def. */
#include "config.h"

#include "panels/panels.h"

#include <stdio.h>
#include <string.h>

#include "mon/draw.h"

#define KEYS_COLS  16
#define LEAST_COLS 20

struct line {
    char keys[32];
    char text[160];
    int col;        /* where the text begins */
    enum role role; /* of the text */
};

/* Goes through the lines of the help, until number `wanted`. */
struct walk {
    int wanted; /* -1: only count */
    int at;
    struct line *line;
};

/* One line; true if it is the wanted one. TEXT is cut to BYTES. */
static bool add_line(struct walk *walk, struct line line, const char *text, size_t bytes)
{
    if (walk->at++ != walk->wanted)
        return false;
    *walk->line = line;
    snprintf(walk->line->text, sizeof walk->line->text, "%.*s", (int)bytes, text);
    return true;
}

static bool add_title(struct walk *walk, const char *title)
{
    return add_line(walk, (struct line){.role = ROLE_TITLE}, title, strlen(title));
}

/* A text from column COL on in as many lines as it needs; KEYS stand before the first. */
static bool add_words(struct walk *walk, const char *keys, int col, const char *text, int cols)
{
    struct line line = {.col = col, .role = ROLE_TEXT};
    int width = cols - col < LEAST_COLS ? LEAST_COLS : cols - col;

    snprintf(line.keys, sizeof line.keys, "%s", keys);
    while (*text != '\0') {
        size_t bytes = draw_line_bytes(text, width);
        if (add_line(walk, line, text, bytes))
            return true;
        line.keys[0] = '\0';
        text += bytes;
        text += strspn(text, " ");
    }
    return false;
}

static bool add_keys(struct walk *walk, const char *title, unsigned scopes, int cols)
{
    int n;
    const struct key_entry *entry = keys_table(&n);

    if (scopes == 0)
        return false;
    if (add_title(walk, "") || add_title(walk, title))
        return true;
    for (int i = 0; i < n; i++) {
        if ((entry[i].scope & scopes) != 0 &&
            add_words(walk, entry[i].keys, KEYS_COLS, entry[i].help, cols))
            return true;
    }
    return false;
}

static bool go(struct walk *walk, const struct panel_state *state)
{
    const struct panel *panel = panel_get(state->view->asked);
    int cols = state->view->cols < 100 ? state->view->cols : 100;

    return add_title(walk, panel->title) || add_words(walk, "", 0, panel->help, cols) ||
           add_keys(walk, "Keys of this panel", panel->scopes, cols) ||
           add_keys(walk, "Keys of time", panel_has_time(state->view->asked) ? SCOPE_TIME : 0,
                    cols) ||
           add_keys(walk, "Keys everywhere", SCOPE_EVERYWHERE, cols);
}

static int count(const struct model *model, const struct panel_state *state)
{
    struct walk walk = {.wanted = -1};

    (void)model;
    go(&walk, state);
    return walk.at;
}

static bool line_at(const struct panel_state *state, int item, struct line *line)
{
    struct walk walk = {.wanted = item, .line = line};

    return go(&walk, state);
}

static bool holds(const struct model *model, const struct panel_state *state, int item,
                  const char *text)
{
    struct line line;

    (void)model;
    return line_at(state, item, &line) &&
           (draw_text_holds(line.keys, text) || draw_text_holds(line.text, text));
}

static int list_rows(const struct model *model, const struct panel_state *state)
{
    (void)model;
    return state->view->rows;
}

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    struct scroll_window window = scroll_window(&state->scroll, count(model, state), canvas->rows);

    for (int i = window.first; i < window.end; i++) {
        struct line line;
        int row = i - window.first;
        if (!line_at(state, i, &line))
            continue;
        canvas_text(canvas, row, 0, ROLE_KEY, line.keys);
        canvas_text(canvas, row, line.col, line.role, line.text);
        if (i == window.cursor && (i > 0 || state->scroll.top > 0))
            canvas_tint(canvas, row, 0, canvas->cols, ROLE_SELECTED);
        draw_mark_matches(canvas, row, state->find);
    }
}

const struct panel panel_help = {
    .title = "Help",
    .help = "What a panel shows, and its keys.",
    .hints = "Esc back  / search",
    .scopes = SCOPE_LIST,
    .draw = draw,
    .count = count,
    .list_rows = list_rows,
    .holds = holds,
};
