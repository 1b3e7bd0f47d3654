/* SPDX-License-Identifier: MIT */
/* main.c - what the command line asks for: the screen, or output without one.
 * The one place beside app.c that reads a clock. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/alert_command.h"
#include "mon/app.h"
#include "mon/check_command.h"
#include "mon/demo_command.h"
#include "mon/dump_command.h"
#include "mon/export.h"
#include "mon/follow.h"
#include "mon/monitor.h"
#include "mon/options.h"
#include "mon/rcfile.h"
#include "mon/prom_command.h"
#include "mon/symbol.h"
#include "mon/target.h"
#include "mon/target_wait.h"

#define ROWS_A_TITLE 24
#define NAMING_NS    (2 * NS_PER_S)
#define FOLLOW_MS    200
#define DEMO_NS      (10 * NS_PER_S) /* the longest that its page is waited for */

__attribute__((format(printf, 2, 3))) static enum exit_status fail(enum exit_status status,
                                                                   const char *format, ...)
{
    va_list args;

    fputs("gomon: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

/* ---- targets ---- */

static enum exit_status no_json(void)
{
    return fail(EXIT_FAILED, "built without JSON: configure found no jansson");
}

static enum exit_status list_targets(const struct options *o, struct target_list *list)
{
    target_clear_images(clock_real_ns());
    target_list_read(list);
    if (o->json)
        return export_targets_json(stdout, list) ? EXIT_OK : no_json();
    export_targets(stdout, list);
    if (list->n == 0)
        fputs("no program that uses libgort runs here, and none has left a page\n", stderr);
    if (list->ndenied > 0)
        fprintf(stderr, "%u processes could not be looked into: root can\n", list->ndenied);
    return EXIT_OK;
}

static enum exit_status status_of(enum target_match match)
{
    switch (match) {
    case TARGET_FOUND:
        return EXIT_OK;
    case TARGET_SEVERAL:
        return EXIT_USAGE;
    case TARGET_NONE:
    case TARGET_NO_PAGE:
        return EXIT_NO_TARGET;
    case TARGET_DENIED:
        return EXIT_PERMISSION;
    }
    return EXIT_FAILED;
}

/* ---- batch output ---- */

struct batch {
    const struct options *options;
    struct monitor *monitor;
    struct symbols *symbols;
    struct alert_command on_alert;
    struct code_line code[ALERTS_MAX];
    uint64_t nsamples;
    bool is_titled;  /* of CSV */
    int64_t told_ns; /* alerts up to here were written */
};

static bool is_named(const struct batch *b, uint32_t n, uint64_t pc)
{
    for (uint32_t i = 0; i < n; i++)
        if (b->code[i].pc == pc)
            return true;
    return false;
}

/* Looks up what the alerts blame, waiting for it: an alert without its line is half an alert. */
static void name_code(struct batch *b)
{
    const struct alerts *alerts = monitor_model(b->monitor)->alerts;
    int64_t deadline_ns = clock_mono_ns() + NAMING_NS;
    uint32_t n = 0;

    for (uint32_t i = 0; i < alerts->nstanding; i++) {
        uint64_t pc = alerts->alert[i].pc;

        if (pc == 0 || is_named(b, n, pc))
            continue;
        symbols_wait(b->symbols, pc, SYMBOL_AT_RETURN, deadline_ns);
        b->code[n].pc = pc;
        symbols_text(b->symbols, pc, SYMBOL_AT_RETURN, b->code[n].text, sizeof b->code[n].text);
        n++;
    }
    monitor_set_code_lines(b->monitor, (struct code_lines){.n = n, .line = b->code});
}

static bool write_sample(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);

    name_code(b);
    if (alert_command_tick(&b->on_alert, m) && b->options->bell && isatty(STDERR_FILENO))
        fputc('\a', stderr);
    if (b->options->json)
        return export_json(stdout, m);
    if (b->options->csv) {
        if (!b->is_titled)
            export_csv_titles(stdout, m);
        b->is_titled = true;
        export_csv_row(stdout, m);
        return true;
    }
    if (b->options->once) {
        export_metrics(stdout, m);
    } else {
        if (b->nsamples % ROWS_A_TITLE == 0)
            export_titles(stdout);
        export_row(stdout, m);
    }
    export_alerts(stdout, m, b->told_ns);
    b->told_ns = m->mono_ns;
    return true;
}

/* Waits for the next sample, or for the end of the target. */
static void wait_for(const struct batch *b, int64_t deadline_ns)
{
    struct pollfd p = {.fd = monitor_pidfd(b->monitor), .events = POLLIN};
    int64_t left_ns = deadline_ns - clock_mono_ns();
    struct timespec t = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};

    if (left_ns > 0)
        ppoll(&p, 1, &t, NULL);
}

/* Waits for the next process of the same name, and goes on with it. */
static void follow(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);
    struct monitor_options how = {.lint_window_ns = b->options->lint_window_ns};
    struct monitor *next;
    pid_t pid;

    fprintf(stderr, "gomon: process %d (%s): %s; waiting for the next\n", (int)m->target.pid,
            m->target.name, target_state_name(m->status.state));
    while ((next = follow_next(b->monitor, &how, &pid)) == NULL) {
        poll(NULL, 0, FOLLOW_MS);
        monitor_tick(b->monitor, clock_mono_ns(), clock_real_ns());
    }
    b->is_titled &= memcmp(m->metrics, monitor_model(next)->metrics, sizeof *m->metrics) == 0;
    symbols_free(b->symbols);
    monitor_free(b->monitor);
    b->monitor = next;
    b->symbols = symbols_new(pid, b->options->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL);
}

static enum exit_status write_samples(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);
    int64_t next_ns = clock_mono_ns();

    for (;;) {
        monitor_tick(b->monitor, clock_mono_ns(), clock_real_ns());
        if (!write_sample(b))
            return no_json();
        if (fflush(stdout) != 0)
            return fail(EXIT_FAILED, "standard output: %s", strerror(errno));
        b->nsamples++;
        if (b->nsamples == b->options->count)
            return EXIT_OK;
        if (target_has_ended(m->status.state) && b->options->follow) {
            follow(b);
            m = monitor_model(b->monitor);
            continue;
        }
        if (m->target.post_mortem)
            return EXIT_OK;
        if (target_has_ended(m->status.state))
            return fail(EXIT_TARGET_ENDED, "process %d (%s): %s", (int)m->target.pid,
                        m->target.name, target_state_name(m->status.state));
        next_ns += b->options->interval_ns;
        wait_for(b, next_ns);
    }
}

static enum exit_status run_batch(const struct options *o, const struct target *target)
{
    struct batch *b = calloc(1, sizeof *b);
    struct monitor_options how = {.lint_window_ns = o->lint_window_ns};
    struct monitor_failure failure;
    enum exit_status status;

    if (b == NULL)
        return fail(EXIT_FAILED, "out of memory");
    b->options = o;
    b->monitor = monitor_new(target, &how, &failure);
    if (b->monitor == NULL) {
        free(b);
        return fail(failure.status, "%s", failure.text);
    }
    b->symbols = symbols_new(target->pid, o->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL);
    alert_command_init(&b->on_alert, o->on_alert);
    status = write_samples(b);
    symbols_free(b->symbols);
    monitor_free(b->monitor);
    free(b);
    return status;
}

/* ---- what is asked for ---- */

static enum exit_status run(const struct options *o, struct target_list *list);

static enum exit_status run_dump(const struct options *o, const struct target *target)
{
    struct dump_command command = {
        .pid = target->pid,
        .way = o->read_only ? DUMPJOB_PEEK : DUMPJOB_ASK_OR_PEEK,
        .format = o->json ? DUMP_FORMAT_JSON : DUMP_FORMAT_TEXT,
        .download = o->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL,
    };

    if (!target->live)
        return fail(EXIT_NO_TARGET, "process %d (%s) has ended: its stacks are gone",
                    (int)target->pid, target->name);
    return dump_command_run(&command, stdout);
}

/* Monitors take its status for Nagios', in which 2 means critical: so even a wrong command line is
 * reported as unknown. */
static enum exit_status run_check(const struct options *o, struct target_list *list)
{
    struct check check;
    struct target target;
    char error[TARGET_ERROR_BYTES];
    struct monitor_options how = {.lint_window_ns = o->lint_window_ns};
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
    struct monitor_options how = {.lint_window_ns = o->lint_window_ns};
    struct monitor_failure failure = {.status = EXIT_NO_TARGET};
    enum target_match match = target_find(o->target, list, &target, error);
    struct monitor *monitor = match != TARGET_FOUND ? NULL : monitor_new(&target, &how, &failure);

    if (monitor == NULL) {
        printf("%s: %s\n", o->target, match == TARGET_SEVERAL ? "several" : "not there");
        return match == TARGET_FOUND ? failure.status : status_of(match);
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
        return export_figures_json(stdout, &table) ? EXIT_OK : no_json();
    export_figures(stdout, &table);
    return EXIT_OK;
}

static enum exit_status run_prom_of_all(struct target_list *list)
{
    unsigned live = 0;

    target_list_read(list);
    while (live < list->n && list->target[live].live)
        live++;
    return prom_command_run(list->target, live, stdout);
}

static enum exit_status run_on_target(const struct options *o, struct target_list *list)
{
    struct target target;
    char error[TARGET_ERROR_BYTES];
    enum target_match match = (o->wait ? target_wait : target_find)(o->target, list, &target,
                                                                    error);
    bool on_screen = o->mode == MODE_WATCH && app_has_terminal();

    if (match == TARGET_SEVERAL && on_screen)
        return (enum exit_status)app_run(o, NULL);
    if (match != TARGET_FOUND) {
        fail(status_of(match), "%s", error);
        if (match == TARGET_SEVERAL)
            export_targets(stderr, list);
        return status_of(match);
    }
    if (o->mode == MODE_PROM)
        return prom_command_run(&target, 1, stdout);
    if (o->mode == MODE_DUMP)
        return run_dump(o, &target);
    return on_screen ? (enum exit_status)app_run(o, &target) : run_batch(o, &target);
}

/* A demo of its own, then as if its pid had been given. */
static enum exit_status run_demo(const struct options *o, struct target_list *list)
{
    struct options with_pid = *o;
    struct target target;
    char error[TARGET_ERROR_BYTES > DEMO_ERROR_BYTES ? TARGET_ERROR_BYTES : DEMO_ERROR_BYTES];
    char number[16];
    pid_t pid = demo_start(o->target != NULL ? o->target : "leak", error);

    if (pid == 0)
        return fail(EXIT_FAILED, "%s", error);
    if (!target_wait_page(pid, DEMO_NS, list, &target, error)) {
        demo_stop(pid);
        return fail(EXIT_NO_TARGET, "the demo did not start: gort-demo --help lists scenarios");
    }
    snprintf(number, sizeof number, "%d", (int)pid);
    with_pid.target = number;
    with_pid.demo = false;
    enum exit_status status = run(&with_pid, list);
    demo_stop(pid);
    return status;
}

static enum exit_status run(const struct options *o, struct target_list *list)
{
    if (o->demo && o->mode < MODE_METRICS)
        return run_demo(o, list);
    switch (o->mode) {
    case MODE_HELP:
        options_print_help(stdout);
        return EXIT_OK;
    case MODE_VERSION:
        puts("gomon " PACKAGE_VERSION);
        return EXIT_OK;
    case MODE_LIST:
        return list_targets(o, list);
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
        if (o->target != NULL)
            return run_on_target(o, list);
        return app_has_terminal() ? (enum exit_status)app_run(o, NULL) : list_targets(o, list);
    case MODE_BATCH:
    case MODE_DUMP:
        return run_on_target(o, list);
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

int main(int argc, char **argv)
{
    if (!open_standard_fds())
        return (int)EXIT_FAILED;

    struct target_list *list = calloc(1, sizeof *list);
    enum exit_status status;

    if (list == NULL)
        return (int)fail(EXIT_FAILED, "out of memory");
    status = start(argc, argv, list);
    if (fflush(stdout) != 0 && status == EXIT_OK)
        status = fail(EXIT_FAILED, "standard output: %s", strerror(errno));
    free(list);
    return (int)status;
}
