/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/app.h"
#include "mon/app_pick.h"
#include "mon/app_watch.h"
#include "mon/events.h"
#include "mon/fail.h"
#include "mon/fleet.h"
#include "mon/term.h"

bool app_has_terminal(void)
{
    return term_is_usable();
}

static bool open_screen(const struct options *options)
{
    struct term_wishes wishes = {.colour = options->no_color ? TERM_NO_COLOUR : TERM_COLOUR,
                                 .theme = options->theme,
                                 .mouse = !options->no_mouse};

    events_init();
    if (term_open(&wishes))
        return true;
    fail(EXIT_FAILED, "the terminal cannot be set up");
    return false;
}

/* Takes MONITOR; NULL: lets the user choose a target. */
static int show(const struct options *options, struct monitor *monitor)
{
    struct monitor_options how = monitor_options_of(options, MONITOR_RECORDS_PAST);

    if (!open_screen(options)) {
        monitor_free(monitor);
        return EXIT_FAILED;
    }
    if (monitor == NULL)
        monitor = app_pick(options, &how);
    if (monitor != NULL)
        app_watch(options, monitor);
    term_close();
    return EXIT_OK;
}

int app_replay(const struct options *options)
{
    struct monitor_failure failure = {.status = EXIT_OK};
    struct monitor *monitor = monitor_new_replay(options->read_path, options->begin, options->end,
                                                 &failure);

    if (monitor == NULL)
        return (int)fail(failure.status, "%s", failure.text);
    if (!monitor_judge_anew(monitor, options->lint_window_ns, &options->lints)) {
        monitor_free(monitor);
        return (int)fail(EXIT_FAILED, "out of memory");
    }
    return show(options, monitor);
}

int app_run(const struct options *options, const struct target *target)
{
    struct monitor_options how = monitor_options_of(options, MONITOR_RECORDS_PAST);
    struct monitor_failure failure = {.status = EXIT_OK};
    struct monitor *monitor = NULL;

    if (target == NULL)
        return show(options, NULL);
    monitor = monitor_new(target, &how, &failure);
    if (monitor == NULL)
        return (int)fail(failure.status, "%s", failure.text);
    return show(options, monitor);
}

int app_run_several(const struct options *options, const struct several *targets)
{
    struct fleet *fleet = fleet_new(options, targets);
    enum exit_status status;

    if (fleet_has_any(fleet, &status)) {
        status = open_screen(options) ? EXIT_OK : EXIT_FAILED;
        if (status == EXIT_OK) {
            app_watch_fleet(options, fleet);
            term_close();
        }
    }
    fleet_free(fleet);
    return (int)status;
}
