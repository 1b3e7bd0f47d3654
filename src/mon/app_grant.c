/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "mon/app_parts.h"
#include "mon/dumpsave.h"
#include "mon/monitor.h"
#include "mon/term.h"

/* ---- Stacks and reports ---- */

static void start_dump(struct app *app, enum watched_dump how, int64_t now_ns)
{
    watched_start_dump(app->target, how);
    app->screen.view.dump_asked_ns = app->next_draw_ns = now_ns;
}

/* Of a recording: what it holds, nothing is dumped. */
static void compare_recorded(struct app *app)
{
    if (monitor_compare_stacks(app->target->monitor))
        screen_new_dump(&app->screen, app_model(app));
    else
        screen_say(&app->screen, app_model(app), ROLE_WARN,
                   "the recording holds no stacks from before these");
}

static void save_dump(struct app *app)
{
    char text[SCREEN_TEXT_BYTES];
    const char *path = app->screen.typed;
    const struct dumpdiff *diff = app->screen.state[PANEL_STACKS].compared ? app_model(app)->diff
                                                                           : NULL;
    bool saved;

    if (app_model(app)->dump == NULL)
        return;
    saved = dumpsave_file(app_model(app)->dump, diff, path);
    if (saved)
        snprintf(text, sizeof text, "saved to %.200s", path);
    else
        snprintf(text, sizeof text, "%.200s: %s", path, dumpsave_error(errno));
    screen_say(&app->screen, app_model(app), saved ? ROLE_STRONG : ROLE_BAD, text);
}

static void start_report(struct app *app)
{
    bool begun = incident_ask(&app->target->incident, app->target->monitor);

    screen_say(&app->screen, app_model(app), ROLE_STRONG,
               begun ? "a report is being made" : "a report is being made already");
}

/* ---- The way through time ---- */

/* Holds what goes on by itself, or lets it go on. */
static void freeze(struct app *app, int64_t now_ns)
{
    const struct model_view *view = &app_model(app)->view;

    if (view->replay) {
        monitor_play(app->target->monitor, !view->playing);
        return;
    }
    if (view->past || view->frozen)
        monitor_move(app->target->monitor, MOVE_LIVE, 0, app->screen.view.window_ns);
    else
        monitor_freeze(app->target->monitor, true);
    if (!app_model(app)->view.frozen)
        app->next_tick_ns = now_ns;
}

static void move(struct app *app)
{
    static const enum monitor_move moves[] = {
        [SCREEN_MOVE_NOT] = MOVE_NOT,       [SCREEN_MOVE_LIVE] = MOVE_LIVE,
        [SCREEN_MOVE_BY] = MOVE_BY,         [SCREEN_MOVE_TO_CLOCK] = MOVE_TO_CLOCK,
        [SCREEN_MOVE_SAMPLE] = MOVE_SAMPLE, [SCREEN_MOVE_MARK] = MOVE_MARK,
    };
    struct screen *screen = &app->screen;
    bool was_live = !app_model(app)->view.past;
    bool moved;

    if (app_model(app)->view.replay && screen->move != SCREEN_MOVE_NOT)
        monitor_play(app->target->monitor, false);
    moved = monitor_move(app->target->monitor, moves[screen->move], screen->move_ns,
                         screen->view.window_ns);
    if (moved || screen->move == SCREEN_MOVE_NOT)
        return;
    if (screen->move == SCREEN_MOVE_MARK && app_model(app)->marks != NULL)
        return; /* it is now */
    if (screen->move == SCREEN_MOVE_MARK)
        screen_say(screen, app_model(app), ROLE_WARN, "there is no mark: m makes one");
    else if (screen->move_ns < 0 || (!was_live && screen->move == SCREEN_MOVE_TO_CLOCK))
        screen_say(screen, app_model(app), ROLE_WARN, "nothing is known of an earlier time");
}

static void compare(struct app *app, bool on)
{
    char clock[FMT_BYTES_MAX];
    char text[SCREEN_TEXT_BYTES];

    if (!monitor_set_baseline(app->target->monitor, on))
        return;
    snprintf(text, sizeof text, "figures are compared with those of %s; A ends it",
             fmt_clock(clock, sizeof clock, app_model(app)->real_ns));
    screen_say(&app->screen, app_model(app), ROLE_STRONG,
               on ? text : "figures are compared with nothing");
}

static void silence(struct app *app)
{
    const struct alert *alert = screen_alert(&app->screen, app_model(app));

    if (alert == NULL)
        return;
    if (app_model(app)->view.past)
        screen_say(&app->screen, app_model(app), ROLE_WARN,
                   "alerts are silenced live: . goes there");
    else if (!monitor_silence(app->target->monitor, alert->lint, alert->key))
        screen_say(&app->screen, app_model(app), ROLE_WARN, "too many alerts are silenced");
}

/* ---- Several targets ---- */

static void open_target(struct app *app)
{
    const struct fleet_row *row = screen_choice(&app->screen);
    struct watched *target = row != NULL ? fleet_open(app->fleet, row->id) : NULL;

    if (target != NULL) {
        app->target = target;
        screen_show_target(&app->screen, watched_model(target));
        watched_refresh_code(target);
    } else if (row != NULL) {
        screen_say(&app->screen, app_model(app), ROLE_BAD, row->why);
    }
}

static void close_target(struct app *app)
{
    fleet_close(app->fleet, app->target);
    app->target = NULL;
    screen_show_fleet(&app->screen, fleet_rows(app->fleet));
}

static void remove_row(struct app *app)
{
    const struct fleet_row *row = screen_choice(&app->screen);

    if (row != NULL && !fleet_remove(app->fleet, row->id))
        screen_say(&app->screen, app_model(app), ROLE_WARN,
                   "it has not ended: only a row of one that has is removed");
}

/* ---- All of them ---- */

void app_grant(struct app *app, enum screen_wish wish, int64_t now_ns)
{
    switch (wish) {
    case WISH_NONE:
        break;
    case WISH_QUIT:
        app->is_over = true;
        break;
    case WISH_DUMP:
        start_dump(app, WATCHED_DUMP, now_ns);
        break;
    case WISH_COMPARE:
        if (app_model(app)->view.replay)
            compare_recorded(app);
        else
            start_dump(app, WATCHED_COMPARE, now_ns);
        break;
    case WISH_REPORT:
        start_report(app);
        break;
    case WISH_FREEZE:
        freeze(app, now_ns);
        break;
    case WISH_MOVE:
        move(app);
        break;
    case WISH_MARK:
        if (!monitor_mark(app->target->monitor))
            screen_say(&app->screen, app_model(app), ROLE_WARN, "there are too many marks");
        break;
    case WISH_BASELINE:
    case WISH_NO_BASELINE:
        compare(app, wish == WISH_BASELINE);
        break;
    case WISH_SAVE:
        save_dump(app);
        break;
    case WISH_SAMPLE:
        app->next_tick_ns = now_ns;
        break;
    case WISH_OPEN:
        open_target(app);
        break;
    case WISH_REMOVE:
        remove_row(app);
        break;
    case WISH_SILENCE:
        silence(app);
        break;
    case WISH_FLEET:
        close_target(app);
        break;
    case WISH_REDRAW:
        term_forget();
        break;
    case WISH_SUSPEND:
        term_suspend();
        break;
    }
}
