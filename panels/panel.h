/* SPDX-License-Identifier: MIT */
/* panel.h - what a panel is: a picture of the model, and a little state of its own.
 * A panel is a const table of functions. draw is pure: the same model, state and size give the
 * same cells. A command changes the state or is answered with an intent, a wish that the caller
 * fulfils: no panel asks the target for anything, opens a file or knows the time. Lists share
 * their commands: a panel that tells how many items it has and whether one holds a text can be
 * moved through and searched (panels/list.c).
 * Who: panels/screen.c drives them; each is listed in panels/panels.c. Threads: one. */
#ifndef PANELS_PANEL_H
#define PANELS_PANEL_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/canvas.h"
#include "mon/keys.h"
#include "mon/model.h"
#include "mon/plot.h"
#include "mon/scroll.h"

struct fleet_rows;

#define PANEL_TEXT_BYTES 64
#define PANEL_FOLDS      65536 /* groups of a dump that can be folded one by one */

enum panel_id {
    PANEL_OVERVIEW,
    PANEL_HEAP,
    PANEL_GC,
    PANEL_SCHED,
    PANEL_TASKS,
    PANEL_ALERTS,
    PANEL_METRICS,
    PANEL_TABS, /* those above have a digit; those below open over them */
    PANEL_STACKS = PANEL_TABS,
    PANEL_CHANGED,
    PANEL_HELP,
    PANEL_FLEET, /* where there are several targets */
    PANEL_COUNT
};

/* What all panels are drawn with. */
struct panel_view {
    enum plot_tier tier;
    int64_t window_ns; /* shown in plots */
    int64_t delay_ns;  /* between two samples */
    int rows;          /* of the canvas that the open panel gets */
    int cols;
    enum panel_id asked;    /* the panel that help explains */
    int64_t dump_asked_ns;  /* monotonic: when the dump that is under way was asked for */
    int64_t dump_waited_ns; /* since then */
    const struct fleet_rows *fleet; /* the targets, NULL: there is only one */
};

/* What one panel remembers between two keys. */
struct panel_state {
    const struct panel_view *view;
    struct scroll scroll;
    unsigned chosen; /* of a list whose rows move: what the cursor is on; 0: nothing */
    int sort; /* column; its meaning is the panel's */
    bool inverted;
    int level;                     /* of metrics shown: enum metric_level */
    char find[PANEL_TEXT_BYTES];   /* last searched, "" none */
    char filter[PANEL_TEXT_BYTES]; /* "" all */
    bool opened;                   /* of what has changed: the chosen figure alone is shown */
    int left;                      /* columns that have been scrolled out of sight */
    bool compared; /* of a dump: what it changed since an earlier one is shown, if there is one */
    bool folded;                   /* what a group is unless it is in `toggled` */
    uint8_t toggled[PANEL_FOLDS / 8];
};

enum intent {
    INTENT_NONE,
    INTENT_ASK_FIND, /* a line of text from the user */
    INTENT_ASK_FILTER,
    INTENT_ASK_FILE,      /* where to save the dump */
    INTENT_COMPARE,       /* another dump, to be compared with this one */
    INTENT_OPEN,          /* the target of this row */
    INTENT_REMOVE,        /* this row */
    INTENT_SILENCE,       /* the alert of this row, or hear it again */
    INTENT_SAY_NOT_FOUND, /* nothing holds state->find */
};

struct panel {
    const char *title;
    const char *help;  /* what is seen, in a few sentences */
    const char *hints; /* the keys of this panel that one must know, in a few words; may be NULL */
    unsigned scopes;   /* of keys that mean something here, or-ed */
    void (*draw)(const struct model *model, const struct panel_state *state, struct canvas *canvas);
    /* The rest may be NULL. */
    enum intent (*command)(const struct model *model, struct panel_state *state,
                           enum command command);
    /* Of a list: how many items, how many are seen at once (NULL: all rows but a head), and whether
     * one holds a text. A list that can find faster does so itself: the item after FROM in
     * direction BY that holds state->find, or -1. */
    int (*count)(const struct model *model, const struct panel_state *state);
    int (*list_rows)(const struct model *model, const struct panel_state *state);
    bool (*holds)(const struct model *model, const struct panel_state *state, int item,
                  const char *text);
    int (*find)(const struct model *model, const struct panel_state *state, int from, int by);
};

/* Whether a panel shows a time, which the keys of time move. */
static inline bool panel_has_time(enum panel_id id)
{
    return id < PANEL_TABS || id == PANEL_CHANGED;
}

/* Never NULL. */
const struct panel *panel_get(enum panel_id id);

/* How many items of a list are seen at once. */
int panel_list_rows(const struct panel *panel, const struct model *model,
                    const struct panel_state *state);

/* Obeys COMMAND: those of lists are done here, the others by the panel. */
enum intent panel_command(const struct panel *panel, const struct model *model,
                          struct panel_state *state, enum command command);

#endif
