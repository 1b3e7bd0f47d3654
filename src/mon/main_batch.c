/* SPDX-License-Identifier: MIT */
/* It reads a clock, as main.c and app.c do. */
#include "config.h"

#include "mon/main_batch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/alert_command.h"
#include "mon/codeline.h"
#include "mon/export.h"
#include "mon/fail.h"
#include "mon/follow.h"
#include "mon/monitor.h"
#include "mon/symbol.h"

#define ROWS_A_TITLE 24
#define NAMING_NS    (2 * NS_PER_S)
#define FOLLOW_MS    200

enum exit_status batch_no_json(void)
{
    return fail(EXIT_FAILED, "built without JSON: configure found no jansson");
}

struct batch {
    const struct options *options;
    struct monitor *monitor;
    struct symbols *symbols;
    struct alert_command on_alert;
    struct code_line code[ALERTS_MAX];
    struct code_table *lines; /* of what is recorded, or NULL */
    bool told_trouble;        /* that the recording fails */
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
    if (b->lines == NULL) {
        monitor_set_code_lines(b->monitor, (struct code_lines){.n = n, .line = b->code});
        return;
    }
    symbols_step(b->symbols);
    code_table_refresh(b->lines, monitor_model(b->monitor), b->symbols);
    monitor_set_code_lines(b->monitor, code_table_lines(b->lines));
}

static bool write_sample(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);

    if (!m->view.replay) {
        name_code(b);
        if (alert_command_tick(&b->on_alert, m) && b->options->bell && isatty(STDERR_FILENO))
            fputc('\a', stderr);
    }
    m = monitor_model(b->monitor);
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

/* A recording that fails is told once, and that it goes on again. */
static void tell_trouble(struct batch *b)
{
    const struct recorder_status *s = monitor_model(b->monitor)->record;

    if (s == NULL || s->failing == b->told_trouble)
        return;
    b->told_trouble = s->failing;
    if (s->failing)
        fail(EXIT_FAILED, "%s: %s; recording goes on when that is over", b->options->write_path,
             s->why);
    else
        fail(EXIT_FAILED, "%s: recording goes on, %" PRIu64 " samples are lost",
             b->options->write_path, s->lost);
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
            return batch_no_json();
        tell_trouble(b);
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

enum exit_status batch_run(const struct options *o, const struct target *target)
{
    struct batch *b = calloc(1, sizeof *b);
    struct monitor_options how = monitor_options_of(o, MONITOR_RECORDS_NOTHING);
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
    if (o->write_path != NULL)
        b->lines = code_table_new();
    status = write_samples(b);
    code_table_free(b->lines);
    symbols_free(b->symbols);
    monitor_free(b->monitor);
    free(b);
    return status;
}

/* ---- recordings ---- */

/* Each sample of a recording. */
static enum exit_status write_recording(struct batch *b)
{
    const struct options *o = b->options;

    monitor_play(b->monitor, false);
    monitor_tick(b->monitor, clock_mono_ns(), clock_real_ns());
    do {
        if (!write_sample(b))
            return batch_no_json();
        if (fflush(stdout) != 0)
            return fail(EXIT_FAILED, "standard output: %s", strerror(errno));
        b->nsamples++;
    } while (b->nsamples != o->count && monitor_move(b->monitor, MOVE_SAMPLE, 1, NS_PER_S));
    return EXIT_OK;
}

enum exit_status batch_replay(const struct options *o)
{
    struct batch *b = calloc(1, sizeof *b);
    struct monitor_failure failure;
    enum exit_status status;

    if (b == NULL)
        return fail(EXIT_FAILED, "out of memory");
    b->options = o;
    b->monitor = monitor_new_replay(o->read_path, o->begin, o->end, &failure);
    if (b->monitor == NULL)
        status = fail(failure.status, "%s", failure.text);
    else
        status = write_recording(b);
    monitor_free(b->monitor);
    free(b);
    return status;
}
