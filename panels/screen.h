/* SPDX-License-Identifier: MIT */
/* screen.h - the whole screen as a value: which panel is open, what it remembers, what is being
 * typed.
 * Keys change it and are answered with wishes, which only the application can fulfil; drawing
 * turns it and the model into cells. No part of it knows a terminal, so all of it is tested
 * without one.
 * Who: app.c and tests. Threads: one. */
#ifndef PANELS_SCREEN_H
#define PANELS_SCREEN_H

#include "panels/panel.h"

struct fleet_row;
struct fleet_rows;

#define SCREEN_TEXT_BYTES 256

enum screen_wish {
    WISH_NONE,
    WISH_QUIT,
    WISH_DUMP,     /* start a dump */
    WISH_COMPARE,  /* start one, to be compared with the last */
    WISH_REPORT,   /* record all that is known */
    WISH_FREEZE,   /* freeze, or let go */
    WISH_SAVE,     /* the dump, to the file named by the line that was typed */
    WISH_SAMPLE,   /* take a sample now: the time between two has changed */
    WISH_MOVE,     /* move the cursor of time as `move` says, or tell it of another window */
    WISH_MARK,     /* mark the time that is shown */
    WISH_BASELINE, /* compare with what is shown */
    WISH_NO_BASELINE,
    WISH_OPEN,    /* the target that is chosen in the table, in the open tab */
    WISH_REMOVE,  /* its row */
    WISH_FLEET,   /* go back to the table */
    WISH_SILENCE, /* the alert that is chosen, or hear it again */
    WISH_REDRAW,  /* send every cell again */
    WISH_SUSPEND, /* stop gomon */
};

enum prompt_kind {
    PROMPT_NONE,
    PROMPT_FIND,
    PROMPT_FILTER,
    PROMPT_DELAY,
    PROMPT_FILE,
    PROMPT_TIME
};

/* Where the cursor of time is to go, in nanoseconds. */
enum screen_move {
    SCREEN_MOVE_NOT,      /* it stays, but plots show another window */
    SCREEN_MOVE_LIVE,     /* to now */
    SCREEN_MOVE_BY,       /* by so much */
    SCREEN_MOVE_TO_CLOCK, /* to this time of the wall clock */
    SCREEN_MOVE_SAMPLE,   /* to the next sample, or below 0 the one before */
    SCREEN_MOVE_MARK,     /* to the mark before */
};

struct screen {
    struct panel_view view;
    enum panel_id tab;         /* the panel with a digit that was last open */
    bool own_window;           /* the user chose the time shown; else it follows what is known */
    bool changed_open;         /* over the tab: what has changed */
    bool stacks_open;          /* over both */
    bool fleet_open;           /* the table of targets, in the place of both */
    bool help_open;            /* over all of them */
    enum plot_tier first_tier; /* the best that the terminal can show */
    enum screen_move move;     /* what WISH_MOVE means, with move_ns */
    int64_t move_ns;
    enum prompt_kind prompt;
    char typed[SCREEN_TEXT_BYTES];
    char message[SCREEN_TEXT_BYTES]; /* "" none */
    enum role message_role;
    int mouse_row; /* of the terminal, from 0 */
    int mouse_col;
    int64_t message_until_ns; /* monotonic */
    struct panel_state state[PANEL_COUNT];
};

/* In place: it must not be moved afterwards. */
void screen_init(struct screen *screen, enum plot_tier first_tier, enum plot_tier tier,
                 int64_t delay_ns);

/* States the size of the terminal; before a key and before drawing. */
void screen_fit(struct screen *screen, const struct model *model, int rows, int cols);

/* Obeys a key. */
enum screen_wish screen_key(struct screen *screen, const struct model *model, uint32_t key);

/* Where the mouse is, for the key that is given next. */
void screen_point(struct screen *screen, int row, int col);

/* Shows TEXT for some seconds in the place of the tabs. */
void screen_say(struct screen *screen, const struct model *model, enum role role, const char *text);

/* The MODEL has another dump: it is shown from its beginning, unfolded; or if it was compared with
 * an earlier one, what has changed, a line a group. */
void screen_new_dump(struct screen *screen, const struct model *model);

/* Shows the table of ROWS, which are borrowed as long as the screen lives and may change between
 * two calls; MODEL is then one of nothing. */
void screen_show_fleet(struct screen *screen, const struct fleet_rows *rows);

/* The row that is chosen in the table, or NULL. */
const struct fleet_row *screen_choice(const struct screen *screen);

/* The alert that is chosen in its panel, or NULL; of MODEL. */
const struct alert *screen_alert(const struct screen *screen, const struct model *model);

/* Shows the panels of the target of MODEL again, each from its beginning. */
void screen_show_target(struct screen *screen, const struct model *model);

/* The panel that has the keys. */
enum panel_id screen_open(const struct screen *screen);

/* Draws everything, in glyphs of the tier that was chosen. */
void screen_draw(const struct screen *screen, const struct model *model, struct canvas *canvas);

#endif
