/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/app_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/app_parts.h"
#include "mon/events.h"
#include "mon/follow.h"
#include "mon/monitor.h"
#include "mon/symbol.h"
#include "mon/target.h"
#include "mon/term.h"

#define DUMP_STEP_NS   (5 * NS_PER_MS)   /* work on a dump between two looks at the keys */
#define DUMP_SHOWN_NS  (100 * NS_PER_MS) /* how often the screen says how far a dump is */
#define LOOK_NS        NS_PER_S          /* samples may be an hour apart, looks at it are not */
#define KEYS_AT_A_TIME 64                /* a paste can't starve the clock */

/* ---- Time ---- */

/* The table tells of the first that there is something to tell of. */
static void tell_incident(struct app *app)
{
    const struct watched *w = app->fleet != NULL ? fleet_news(app->fleet) : app->target;

    if (w != NULL && w->news != INCIDENT_NO_NEWS)
        screen_say(&app->screen, app_model(app),
                   w->news == INCIDENT_FAILED ? ROLE_BAD : ROLE_STRONG, w->incident.text);
}

/* Takes a sample when it is due; after a pause of the whole process, one for all that were
 * missed. */
static void tick(struct app *app, int64_t now_ns)
{
    if (now_ns < app->next_tick_ns)
        return;
    bool raised = app->fleet != NULL ? fleet_tick(app->fleet, now_ns, clock_real_ns())
                                     : watched_tick(app->target, now_ns, clock_real_ns());
    if (raised && app->options->bell)
        term_bell();
    tell_incident(app);
    app->next_tick_ns += app->screen.view.delay_ns;
    if (app->next_tick_ns <= now_ns)
        app->next_tick_ns = now_ns + app->screen.view.delay_ns;
    app->next_look_ns = now_ns + LOOK_NS;
    app->is_stale = true;
}

/* Between two samples: what tells the time goes on, and whether the target lives is shown. */
static void look(struct app *app, int64_t now_ns)
{
    if (now_ns < app->next_look_ns)
        return;
    if (app->fleet != NULL ? fleet_check(app->fleet, now_ns, clock_real_ns())
                           : monitor_check(app->target->monitor, now_ns, clock_real_ns()))
        app->next_tick_ns = now_ns;
    app->next_look_ns = now_ns + LOOK_NS;
    app->is_stale = true;
}

/* ---- Dumps ---- */

static void step_dump(struct app *app, int64_t now_ns)
{
    if (app->target == NULL || app->target->job == NULL)
        return;
    app->screen.view.dump_waited_ns = now_ns - app->screen.view.dump_asked_ns;
    enum dump_stage stage = watched_step_dump(app->target, DUMP_STEP_NS);
    if (stage == DUMP_STAGE_DONE)
        screen_new_dump(&app->screen, app_model(app));
    if (app->target->job != NULL && now_ns < app->next_draw_ns)
        return;
    if (app->target->job != NULL)
        watched_show_dump(app->target);
    app->next_draw_ns = now_ns + DUMP_SHOWN_NS;
    app->is_stale = true;
}

/* ---- Keys ---- */

static void fit_screen(struct app *app)
{
    int rows, cols;

    term_size(&rows, &cols);
    if (app->canvas.rows != rows || app->canvas.cols != cols) {
        canvas_fini(&app->canvas);
        canvas_init(&app->canvas, rows, cols);
        app->is_stale = true;
    }
    screen_fit(&app->screen, app_model(app), rows, cols);
}

static void point(struct app *app)
{
    int row, col;

    term_mouse(&row, &col);
    screen_point(&app->screen, row, col);
}

static void take_keys(struct app *app, int64_t now_ns)
{
    for (int i = 0; i < KEYS_AT_A_TIME && !app->is_over; i++) {
        uint32_t key = term_key();
        if (key == KEY_CODE_NONE)
            return;
        fit_screen(app);
        point(app);
        app_grant(app, screen_key(&app->screen, app_model(app), key), now_ns);
        app->is_stale = true;
    }
}

/* ---- The next target ---- */

/* What has taken the place of a target that ended is sampled at once; who looks at another one is
 * not told. */
static void show_next(struct app *app, const struct watched *next)
{
    char text[64];

    app->next_tick_ns = clock_mono_ns();
    tick(app, app->next_tick_ns);
    if (app->target != NULL && app->target != next)
        return;
    if (app->target != NULL)
        screen_new_dump(&app->screen, app_model(app));
    snprintf(text, sizeof text, "went on to process %d", (int)watched_model(next)->target.pid);
    screen_say(&app->screen, app_model(app), ROLE_STRONG, text);
}

/* Another target takes the place of the one that has ended: the screen stays as it is. */
static void follow_one(struct app *app)
{
    struct monitor_options how = monitor_options_of(app->options, MONITOR_RECORDS_PAST);
    struct monitor *next;
    pid_t pid;

    if (app_model(app)->view.frozen ||
        (next = follow_next(app->target->monitor, &how, &pid)) == NULL)
        return;
    watched_replace(app->target, next);
    show_next(app, app->target);
}

static void follow(struct app *app)
{
    const struct watched *next;

    if (!app->options->follow)
        return;
    if (app->fleet == NULL)
        follow_one(app);
    else
        while ((next = fleet_follow(app->fleet)) != NULL)
            show_next(app, next);
}

/* ---- The loop ---- */

enum { FD_INPUT, FD_OUTPUT, FD_DUMP, FD_SYMBOLS, FD_TARGETS, FDS = FD_TARGETS + PIDLIST_MAX };

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t wake_ns(const struct app *app)
{
    int64_t wake = earliest(app->next_tick_ns, app->next_look_ns);

    if (app->target == NULL)
        return wake;
    wake = earliest(wake, symbols_wake_ns(app->target->symbols));
    if (app->target->job != NULL) {
        wake = earliest(wake, dumpjob_wake_ns(app->target->job));
        wake = earliest(wake, app->next_draw_ns);
    }
    return wake;
}

/* Those that tell of the end of a target; returns how many. */
static unsigned watch_ends(const struct app *app, struct pollfd fd[PIDLIST_MAX])
{
    int pidfd[PIDLIST_MAX] = {-1};
    unsigned n = 1;

    if (app->fleet != NULL)
        n = fleet_pidfds(app->fleet, pidfd);
    else if (!target_has_ended(app_model(app)->status.state))
        pidfd[0] = monitor_pidfd(app->target->monitor);
    for (unsigned i = 0; i < n; i++)
        fd[i] = (struct pollfd){.fd = pidfd[i], .events = POLLIN};
    return n;
}

/* Returns the signals that came; *NFDS descriptors were waited for. */
static unsigned wait_for_something(struct app *app, struct pollfd fd[FDS], unsigned *nfds)
{
    bool dumps = app->target != NULL && app->target->job != NULL;

    fd[FD_INPUT] = (struct pollfd){.fd = term_input_fd(), .events = POLLIN};
    fd[FD_OUTPUT] = (struct pollfd){.fd = term_is_sending() ? term_output_fd() : -1,
                                    .events = POLLOUT};
    fd[FD_DUMP] = (struct pollfd){.fd = dumps ? dumpjob_fd(app->target->job) : -1,
                                  .events = POLLIN};
    fd[FD_SYMBOLS] = (struct pollfd){
        .fd = app->target != NULL ? symbols_fd(app->target->symbols) : -1, .events = POLLIN};
    *nfds = FD_TARGETS + watch_ends(app, fd + FD_TARGETS);
    return events_wait(fd, *nfds, wake_ns(app));
}

static void obey_signals(struct app *app, unsigned signals)
{
    if ((signals & EVENT_SIGNAL_END) != 0)
        app->is_over = true;
    if ((signals & EVENT_SIGNAL_STOP) != 0)
        term_suspend();
    else if ((signals & EVENT_SIGNAL_CONTINUE) != 0)
        term_resume();
    if (signals != 0)
        app->is_stale = true;
}

static void draw(struct app *app)
{
    if (!app->is_stale || term_is_sending())
        return;
    fit_screen(app);
    screen_draw(&app->screen, app_model(app), &app->canvas);
    term_show(&app->canvas);
    if (!term_flush())
        app->is_over = true;
    app->is_stale = false;
}

static void loop_once(struct app *app)
{
    struct pollfd fd[FDS];
    unsigned nfds;
    unsigned signals = wait_for_something(app, fd, &nfds);
    int64_t now_ns = clock_mono_ns();

    obey_signals(app, signals);
    if ((fd[FD_INPUT].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
        app->is_over = true; /* the terminal is gone */
    for (unsigned i = FD_TARGETS; i < nfds; i++)
        if (fd[i].revents != 0)
            app->next_tick_ns = now_ns; /* the target is */
    if (fd[FD_OUTPUT].revents != 0 && !term_flush())
        app->is_over = true;
    if (app->target != NULL &&
        (fd[FD_SYMBOLS].revents != 0 || now_ns >= symbols_wake_ns(app->target->symbols)))
        app->is_stale |= watched_refresh_code(app->target);
    look(app, now_ns);
    if (fd[FD_INPUT].revents != 0)
        take_keys(app, now_ns);
    step_dump(app, now_ns);
    tick(app, now_ns);
    follow(app);
    if (!app->is_over)
        draw(app);
}

/* ---- Beginning and end ---- */

static enum plot_tier wanted_tier(const struct options *options)
{
    static const enum plot_tier tier[] = {[GLYPHS_BRAILLE] = PLOT_BRAILLE,
                                          [GLYPHS_BLOCKS] = PLOT_BLOCKS,
                                          [GLYPHS_LINES] = PLOT_LINES,
                                          [GLYPHS_ASCII] = PLOT_ASCII};

    return options->glyphs == GLYPHS_AUTO ? term_best_tier() : tier[options->glyphs];
}

/* Until the user quits. */
static void run(struct app *app)
{
    const struct options *options = app->options;
    enum plot_tier tier = wanted_tier(options);
    enum plot_tier best = term_best_tier();

    app->is_stale = true;
    app->next_tick_ns = clock_mono_ns();
    canvas_init(&app->canvas, 1, 1);
    screen_init(&app->screen, best < tier ? best : tier, tier, options->interval_ns);
    if (app->fleet != NULL)
        screen_show_fleet(&app->screen, fleet_rows(app->fleet));
    tick(app, app->next_tick_ns);
    if (options->rc_fault[0] != '\0')
        screen_say(&app->screen, app_model(app), ROLE_WARN, options->rc_fault);
    draw(app);
    while (!app->is_over)
        loop_once(app);
    canvas_fini(&app->canvas);
}

void app_watch(const struct options *options, struct monitor *monitor)
{
    struct app *app = calloc(1, sizeof *app);

    CHECK(app != NULL);
    app->options = options;
    watched_init(&app->single, options, monitor);
    watched_name_code(&app->single);
    app->target = &app->single;
    run(app);
    watched_fini(&app->single);
    free(app);
}

void app_watch_fleet(const struct options *options, struct fleet *fleet)
{
    struct app *app = calloc(1, sizeof *app);

    CHECK(app != NULL);
    app->options = options;
    app->fleet = fleet;
    run(app);
    free(app);
}
