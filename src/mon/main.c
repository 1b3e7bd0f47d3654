/* SPDX-License-Identifier: MIT */
/* main.c - what the command line asks for: the screen, or output without one.
 * The one place beside app.c that reads a clock. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/app.h"
#include "mon/check_command.h"
#include "mon/diff_command.h"
#include "mon/dump_command.h"
#include "mon/export.h"
#include "mon/fail.h"
#include "mon/main_batch.h"
#include "mon/main_launch.h"
#include "mon/monitor.h"
#include "mon/options.h"
#include "mon/prom_command.h"
#include "mon/rcfile.h"
#include "mon/report_command.h"
#include "mon/several.h"
#include "mon/symbol.h"
#include "mon/target.h"
#include "mon/target_wait.h"

/* ---- targets ---- */

static enum exit_status list_targets(const struct options *o, struct target_list *list)
{
    target_clear_images(clock_real_ns());
    if (o->dead)
        target_list_read_dead(list);
    else
        target_list_read(list);
    if (o->json)
        return export_targets_json(stdout, list) ? EXIT_OK : batch_no_json();
    export_targets(stdout, list);
    if (list->n == 0 && o->dead)
        fputs("no program that uses libgort has ended and left a page\n", stderr);
    else if (list->n == 0)
        fputs("no program that uses libgort runs here, and none has left a page\n", stderr);
    if (list->ndenied > 0)
        fprintf(stderr, "%u processes could not be looked into: root can\n", list->ndenied);
    return EXIT_OK;
}

/* ---- what is asked for ---- */

static enum exit_status run(const struct options *o, struct target_list *list);

static enum exit_status run_recording(const struct options *o)
{
    if (o->mode == MODE_WATCH && app_has_terminal())
        return (enum exit_status)app_replay(o);
    return batch_replay(o);
}

static enum dump_format dump_format_of(const struct options *o)
{
    if (o->json)
        return DUMP_FORMAT_JSON;
    return o->folded ? DUMP_FORMAT_FOLDED : DUMP_FORMAT_TEXT;
}

static enum exit_status run_dump(const struct options *o, const struct target *target)
{
    struct dump_command command = {
        .pid = target->pid,
        .way = o->read_only ? DUMPJOB_PEEK : DUMPJOB_ASK_OR_PEEK,
        .format = dump_format_of(o),
        .download = o->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL,
    };

    if (!target->live)
        return fail(EXIT_NO_TARGET, "process %d (%s) has %s: its stacks are gone", (int)target->pid,
                    target->name, target->replaced ? "become another program" : "ended");
    return dump_command_run(&command, stdout);
}

static enum exit_status run_recorded_dump(const struct options *o)
{
    return dump_command_recorded(o->read_path, dump_format_of(o), stdout);
}

/* Monitors take its status for Nagios', in which 2 means critical: so even a wrong command line is
 * reported as unknown. */
static enum exit_status run_check(const struct options *o, struct target_list *list)
{
    struct check check;
    struct target target;
    char error[TARGET_ERROR_BYTES];
    struct monitor_options how = {.lint_window_ns = o->lint_window_ns, .lints = &o->lints};
    struct monitor_failure failure;

    if (!check_init(&check, o->check, o->critical))
        return (enum exit_status)check_unknown(stdout, check.error);
    if (target_find(o->target, list, &target, error) != TARGET_FOUND)
        return (enum exit_status)check_unknown(stdout, error);
    struct monitor *monitor = monitor_new(&target, &how, &failure);
    if (monitor == NULL)
        return (enum exit_status)check_unknown(stdout, failure.text);
    enum check_status status = check_run(&check, monitor, o->interval_ns, stdout);
    monitor_free(monitor);
    return (enum exit_status)status;
}

/* A line in any case: what is not printed leaves the last one there. */
static enum exit_status run_status(const struct options *o, struct target_list *list)
{
    struct target target;
    char error[TARGET_ERROR_BYTES];
    struct monitor_options how = {.lint_window_ns = o->lint_window_ns, .lints = &o->lints};
    struct monitor_failure failure = {.status = EXIT_NO_TARGET};
    enum target_match match = target_find(o->target, list, &target, error);
    struct monitor *monitor = match != TARGET_FOUND ? NULL : monitor_new(&target, &how, &failure);

    if (monitor == NULL) {
        printf("%s: %s\n", o->target, match == TARGET_SEVERAL ? "several" : "not there");
        return match == TARGET_FOUND ? failure.status : several_status_of(match);
    }
    monitor_tick(monitor, clock_mono_ns(), clock_real_ns());
    export_status(stdout, monitor_model(monitor));
    monitor_free(monitor);
    return EXIT_OK;
}

static enum exit_status run_metrics(const struct options *o)
{
    struct metric_table table;

    metric_table_init(&table);
    if (o->json)
        return export_figures_json(stdout, &table) ? EXIT_OK : batch_no_json();
    export_figures(stdout, &table);
    return EXIT_OK;
}

static enum exit_status run_prom_of_several(const struct several *s)
{
    struct target *target = calloc(s->nfound + 1, sizeof *target);
    enum exit_status status = several_tell_missing(s);
    unsigned n = 0;

    if (target == NULL)
        return fail(EXIT_FAILED, "out of memory");
    for (unsigned i = 0; i < s->n; i++)
        if (s->one[i].status == EXIT_OK)
            target[n++] = s->one[i].target;
    enum exit_status written = n > 0 ? prom_command_run(target, n, stdout) : EXIT_OK;
    free(target);
    return status != EXIT_OK ? status : written;
}

static enum exit_status run_prom_of_all(struct target_list *list)
{
    unsigned live = 0;

    target_list_read(list);
    while (live < list->n && list->target[live].live)
        live++;
    return prom_command_run(list->target, live, stdout);
}

static enum target_match find(const struct options *o, struct target_list *list,
                              struct target *target, char *error)
{
    if (o->dead)
        return target_find_dead(o->target, list, target, error);
    return (o->wait ? target_wait : target_find)(o->target, list, target, error);
}

static enum exit_status run_on_target(const struct options *o, struct target_list *list)
{
    struct target target;
    char error[TARGET_ERROR_BYTES];
    enum target_match match = find(o, list, &target, error);
    bool on_screen = o->mode == MODE_WATCH && app_has_terminal();

    if (match == TARGET_SEVERAL && on_screen)
        return (enum exit_status)app_run(o, NULL);
    if (match != TARGET_FOUND) {
        fail(several_status_of(match), "%s", error);
        if (match == TARGET_SEVERAL)
            export_targets(stderr, list);
        return several_status_of(match);
    }
    if (o->mode == MODE_PROM)
        return prom_command_run(&target, 1, stdout);
    if (o->mode == MODE_DUMP)
        return run_dump(o, &target);
    if (o->mode == MODE_REPORT)
        return report_command_run(o, &target, STDOUT_FILENO);
    return on_screen ? (enum exit_status)app_run(o, &target) : batch_run(o, &target);
}

static enum exit_status run_on_several(const struct options *o, struct target_list *list)
{
    bool on_screen = o->mode == MODE_WATCH && app_has_terminal();
    struct several *s;
    enum exit_status status;

    s = several_find(o, list);
    if (s == NULL)
        return fail(EXIT_FAILED, "out of memory");
    if (o->mode == MODE_CHECK)
        status = (enum exit_status)check_command_run_several(o, s, stdout);
    else if (o->mode == MODE_PROM)
        status = run_prom_of_several(s);
    else if (on_screen)
        status = (enum exit_status)app_run_several(o, s);
    else
        status = batch_run_several(o, s);
    free(s);
    return status;
}

static bool is_of_several(const struct options *o)
{
    return o->several.n > 1 && (o->mode == MODE_WATCH || o->mode == MODE_BATCH ||
                                o->mode == MODE_PROM || o->mode == MODE_CHECK);
}

static enum exit_status run(const struct options *o, struct target_list *list)
{
    if ((o->demo || o->command != NULL) && o->mode < MODE_METRICS)
        return launched_run(o, list, run);
    if (is_of_several(o))
        return run_on_several(o, list);
    switch (o->mode) {
    case MODE_HELP:
        options_print_help(stdout);
        return EXIT_OK;
    case MODE_VERSION:
        puts("gomon " PACKAGE_VERSION);
        return EXIT_OK;
    case MODE_LIST:
        return list_targets(o, list);
    case MODE_DIFF:
        return diff_command_run(o->diff, o->target, dump_format_of(o), stdout);
    case MODE_SYMBOLIZE:
        return symbolize_run(stdin, stdout, o->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL);
    case MODE_CONFIG:
        rcfile_print(o, stdout);
        return EXIT_OK;
    case MODE_METRICS:
        return run_metrics(o);
    case MODE_STATUS:
        return run_status(o, list);
    case MODE_CHECK:
        return run_check(o, list);
    case MODE_PROM:
        return o->target == NULL ? run_prom_of_all(list) : run_on_target(o, list);
    case MODE_WATCH:
        if (o->read_path != NULL)
            return run_recording(o);
        if (o->target != NULL)
            return run_on_target(o, list);
        return app_has_terminal() ? (enum exit_status)app_run(o, NULL) : list_targets(o, list);
    case MODE_BATCH:
        if (o->read_path != NULL)
            return run_recording(o);
        return run_on_target(o, list);
    case MODE_DUMP:
        return o->read_path != NULL ? run_recorded_dump(o) : run_on_target(o, list);
    case MODE_REPORT:
        return report_command_may_write(STDOUT_FILENO) ? run_on_target(o, list) : EXIT_USAGE;
    }
    return EXIT_FAILED;
}

/* The file that the user names, else his own. False: the one that he named cannot be read. */
static bool read_settings(struct options *o, const char *named)
{
    char path[RCFILE_PATH_BYTES];

    if (named != NULL)
        return rcfile_read(o, named, true, stderr);
    if (rcfile_path(getenv("XDG_CONFIG_HOME"), getenv("HOME"), path))
        rcfile_read(o, path, false, stderr);
    return true;
}

/* Of a wrong command line. */
static enum exit_status wrong_usage(const struct options *o, const char *error)
{
    if (o->check != NULL || o->critical != NULL)
        return (enum exit_status)check_unknown(stdout, error);
    return fail(EXIT_USAGE, "%s; gomon --help tells more", error);
}

static enum exit_status start(int argc, char **argv, struct target_list *list)
{
    struct options options;
    char error[OPTIONS_ERROR_BYTES];
    enum exit_status status = EXIT_USAGE;

    options_init(&options);
    if (read_settings(&options, options_config(argc, argv)))
        status = options_parse(&options, argc, argv, getenv("NO_COLOR"), error)
                     ? run(&options, list)
                     : wrong_usage(&options, error);
    options_fini(&options);
    return status;
}

/* Fills the places of stdin, stdout and stderr if they are closed: else a file of the target would
 * come to lie there, and what is printed be written into its mailbox. Opened the wrong way round,
 * so that using them fails as it does when they are closed. Source: gnulib's stdopen. */
static bool open_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

/* What did not fit into the buffer may have failed long before. */
static enum exit_status flushed(enum exit_status status)
{
    bool failed_before = ferror(stdout) != 0;

    if (status != EXIT_OK)
        return status;
    if (fflush(stdout) != 0)
        return fail(EXIT_FAILED, "standard output: %s", strerror(errno));
    return failed_before ? fail(EXIT_FAILED, "standard output: not all was written") : EXIT_OK;
}

int main(int argc, char **argv)
{
    if (!open_standard_fds())
        return (int)EXIT_FAILED;

    struct target_list *list = calloc(1, sizeof *list);
    enum exit_status status;

    if (list == NULL)
        return (int)fail(EXIT_FAILED, "out of memory");
    status = flushed(start(argc, argv, list));
    free(list);
    return (int)status;
}
