/* SPDX-License-Identifier: MIT */
/* list.c - the commands that all lists have in common: moving and searching. */
#include "config.h"

#include "panels/panel.h"

/* The item after FROM, in steps of BY and round the ends, that holds what was searched; or -1. */
static int next_match(const struct panel *panel, const struct model *model,
                      const struct panel_state *state, int from, int by)
{
    int count = panel->count(model, state);

    if (panel->find != NULL)
        return panel->find(model, state, from, by);
    for (int tried = 1; tried <= count; tried++) {
        int at = (from + by * tried + count) % count;
        if (panel->holds(model, state, at, state->find))
            return at;
    }
    return -1;
}

static void find(const struct panel *panel, const struct model *model, struct panel_state *state,
                 int by, int rows)
{
    int count = panel->count(model, state);

    if (state->find[0] == '\0' || count <= 0)
        return;
    int from = state->scroll.cursor < count ? state->scroll.cursor : count - 1;
    int at = next_match(panel, model, state, from, by);
    if (at >= 0)
        scroll_to(&state->scroll, at, count, rows);
}

static bool can_find(const struct panel *panel)
{
    return panel->count != NULL && (panel->holds != NULL || panel->find != NULL);
}

static bool list_command(const struct panel *panel, const struct model *model,
                         struct panel_state *state, enum command command)
{
    if (panel->count == NULL)
        return false;
    int rows = panel->list_rows != NULL ? panel->list_rows(model, state) : state->view->rows - 1;
    if (command == COMMAND_FIND_NEXT || command == COMMAND_FIND_BACK) {
        if (can_find(panel))
            find(panel, model, state, command == COMMAND_FIND_NEXT ? 1 : -1, rows);
        return true;
    }
    return scroll_command(&state->scroll, command, panel->count(model, state), rows);
}

enum intent panel_command(const struct panel *panel, const struct model *model,
                          struct panel_state *state, enum command command)
{
    if (command == COMMAND_FIND && can_find(panel))
        return INTENT_ASK_FIND;
    if (list_command(panel, model, state, command) || panel->command == NULL)
        return INTENT_NONE;
    return panel->command(model, state, command);
}
