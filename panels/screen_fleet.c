/* SPDX-License-Identifier: MIT */
/* screen_fleet.c - what is chosen: one of the targets, one of the alerts. */
#include "config.h"

#include "panels/fleet.h"
#include "panels/screen_parts.h"

void screen_show_fleet(struct screen *screen, const struct fleet_rows *rows)
{
    screen->view.fleet = rows;
    screen->fleet_open = true;
    screen->help_open = screen->stacks_open = screen->changed_open = false;
    screen->message[0] = '\0';
}

const struct fleet_row *screen_choice(const struct screen *screen)
{
    return fleet_choice(&screen->state[PANEL_FLEET]);
}

const struct alert *screen_alert(const struct screen *screen, const struct model *model)
{
    int i = scroll_window(&screen->state[PANEL_ALERTS].scroll, (int)model->alerts->n, 1).cursor;

    return i < 0 ? NULL : &model->alerts->alert[i];
}

void screen_show_target(struct screen *screen, const struct model *model)
{
    screen->fleet_open = screen->help_open = false;
    screen->message[0] = '\0';
    for (int i = 0; i < PANEL_FLEET; i++) {
        screen->state[i].scroll = (struct scroll){0};
        screen->state[i].find[0] = screen->state[i].filter[0] = '\0';
    }
    screen->state[PANEL_CHANGED].opened = false;
    screen_new_dump(screen, model);
}

bool screen_refuses(struct screen *screen, const struct model *model, enum command command)
{
    static const enum command refused[] = {
        COMMAND_DUMP,    COMMAND_STACKS,   COMMAND_FREEZE,     COMMAND_NEXT_PANEL,
        COMMAND_ZOOM_IN, COMMAND_ZOOM_OUT, COMMAND_ZOOM_RESET, COMMAND_PREVIOUS_PANEL,
        COMMAND_REPORT,
    };

    for (size_t i = 0; screen->fleet_open && i < sizeof refused / sizeof refused[0]; i++) {
        if (refused[i] != command)
            continue;
        screen_say(screen, model, ROLE_WARN, "that is of one target: Enter opens it");
        return true;
    }
    return false;
}
