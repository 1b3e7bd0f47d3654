/* SPDX-License-Identifier: MIT */
/* app_parts.h - what the screen of a target is made of.
 * Who: app_watch.c, which runs its loop, and app_grant.c, which does what its keys ask for.
 * Threads: main. */
#ifndef MON_APP_PARTS_H
#define MON_APP_PARTS_H

#include "mon/fleet.h"
#include "mon/options.h"
#include "mon/watched.h"
#include "panels/screen.h"

struct app {
    const struct options *options;
    struct watched *target; /* that is shown; NULL: the table is */
    struct watched single;
    struct fleet *fleet; /* NULL: there is the single one */
    struct screen screen;
    struct canvas canvas;
    int64_t next_tick_ns;
    int64_t next_look_ns;
    int64_t next_draw_ns; /* of a dump's progress */
    bool is_stale;        /* what is shown is not what is known */
    bool is_over;
};

static inline const struct model *app_model(const struct app *app)
{
    return app->target != NULL ? watched_model(app->target) : fleet_model(app->fleet);
}

/* Does what a key asked for. */
void app_grant(struct app *app, enum screen_wish wish, int64_t now_ns);

#endif
