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
#include "mon/incident.h"
#include "mon/monitor.h"
#include "mon/symbol.h"

#define ROWS_A_TITLE 24
#define NAMING_NS    (2 * NS_PER_S)
#define FOLLOW_MS    200

enum exit_status batch_no_json(void)
{
    return fail(EXIT_FAILED, "built without JSON: configure found no jansson");
}

/* What is written, whatever number of targets it is of. */
struct output {
    bool several; /* lines begin with the pid */
    uint64_t nrows;
    bool is_titled; /* of CSV: with the metrics of `titled` */
    struct metric_table titled;
};

struct batch {
    const struct options *options;
    struct output *out;
    struct monitor *monitor;
    struct symbols *symbols;
    struct alert_command on_alert;
    struct incident incident;
    struct code_line code[ALERTS_MAX + EXPORT_CODES];
    uint32_t ncodes;
    struct code_table *lines; /* of what is recorded, or NULL */
    bool told_trouble;        /* that the recording fails */
    uint64_t nsamples;
    int64_t told_ns; /* alerts up to here were written */
    bool is_over;
};

static bool is_named(const struct batch *b, uint64_t pc)
{
    for (uint32_t i = 0; i < b->ncodes; i++)
        if (b->code[i].pc == pc)
            return true;
    return false;
}

static void name(struct batch *b, uint64_t pc, int64_t deadline_ns)
{
    struct code_line *line = &b->code[b->ncodes];

    if (pc == 0 || is_named(b, pc))
        return;
    symbols_wait(b->symbols, pc, SYMBOL_AT_RETURN, deadline_ns);
    line->pc = pc;
    symbols_text(b->symbols, pc, SYMBOL_AT_RETURN, line->text, sizeof line->text);
    b->ncodes++;
}

/* Looks up what the alerts blame, waiting for it: an alert without its line is half an alert. The
 * same for the code that JSON tells of, but of several targets that would take too long. */
static void name_code(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);
    int64_t deadline_ns = clock_mono_ns() + NAMING_NS;
    uint64_t pc[EXPORT_CODES];
    uint32_t n = b->options->json && !b->out->several ? export_codes(m, pc) : 0;

    b->ncodes = 0;
    for (uint32_t i = 0; i < m->alerts->nstanding; i++)
        name(b, m->alerts->alert[i].pc, deadline_ns);
    for (uint32_t i = 0; i < n; i++)
        name(b, pc[i], deadline_ns);
    if (b->lines == NULL) {
        monitor_set_code_lines(b->monitor, (struct code_lines){.n = b->ncodes, .line = b->code});
        return;
    }
    symbols_step(b->symbols);
    code_table_refresh(b->lines, monitor_model(b->monitor), b->symbols);
    monitor_set_code_lines(b->monitor, code_table_lines(b->lines));
}

/* Titles come again where the columns are others: the next target has other metrics. */
static void write_csv(struct output *out, const struct model *m)
{
    if (!out->is_titled || memcmp(&out->titled, m->metrics, sizeof out->titled) != 0)
        export_csv_titles(stdout, m);
    out->is_titled = true;
    out->titled = *m->metrics;
    export_csv_row(stdout, m);
}

static void write_row(struct output *out, const struct model *m)
{
    if (out->nrows++ % ROWS_A_TITLE == 0) {
        printf("%s", out->several ? "    pid  " : "");
        export_titles(stdout);
    }
    if (out->several)
        printf("%7d  ", (int)m->target.pid);
    export_row(stdout, m);
}

static void write_text(struct batch *b, const struct model *m)
{
    if (b->options->once) {
        if (b->out->several)
            printf("process %d (%s)\n", (int)m->target.pid, m->target.name);
        export_metrics(stdout, m);
    } else {
        write_row(b->out, m);
    }
    export_alerts(stdout, m,
                  &(struct export_alerts_how){.since_ns = b->told_ns, .with_pid = b->out->several});
    b->told_ns = m->mono_ns;
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
    if (b->options->csv)
        write_csv(b->out, m);
    else
        write_text(b, m);
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

/* Of a recording of an alert: where it is, or once why there is none. */
static void tell_incident(struct batch *b, enum incident_news news)
{
    if (news != INCIDENT_NO_NEWS)
        fprintf(stderr, "gomon: process %d (%s): %s\n", (int)monitor_model(b->monitor)->target.pid,
                monitor_model(b->monitor)->target.name, b->incident.text);
}

/* Waits for the next process of the same name, and goes on with it. */
static void follow(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);
    struct monitor_options how = {.lint_window_ns = b->options->lint_window_ns,
                                  .lints = &b->options->lints};
    struct monitor *next;
    pid_t pid;

    fprintf(stderr, "gomon: process %d (%s): %s; waiting for the next\n", (int)m->target.pid,
            m->target.name, target_state_text(m->status.state));
    while ((next = follow_next(b->monitor, &how, &pid)) == NULL) {
        poll(NULL, 0, FOLLOW_MS);
        monitor_tick(b->monitor, clock_mono_ns(), clock_real_ns());
    }
    symbols_free(b->symbols);
    monitor_free(b->monitor);
    b->monitor = next;
    b->symbols = symbols_new(pid, b->options->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL);
}

/* One sample. Sets is_over, if it was the last one; else returns EXIT_OK. */
static enum exit_status write_next(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);
    enum incident_news news;

    monitor_tick(b->monitor, clock_mono_ns(), clock_real_ns());
    news = incident_tick(&b->incident, b->monitor); /* first: the alert's command is told of it */
    b->is_over = true;
    if (!write_sample(b))
        return batch_no_json();
    tell_trouble(b);
    tell_incident(b, news);
    if (fflush(stdout) != 0)
        return fail(EXIT_FAILED, "standard output: %s", strerror(errno));
    b->nsamples++;
    if (b->nsamples == b->options->count)
        return EXIT_OK;
    if (target_has_ended(m->status.state) && b->options->follow) {
        follow(b);
        b->is_over = false;
        return EXIT_OK;
    }
    if (m->target.post_mortem)
        return EXIT_OK;
    if (target_has_ended(m->status.state))
        return fail(EXIT_TARGET_ENDED, "process %d (%s): %s", (int)m->target.pid, m->target.name,
                    target_state_text(m->status.state));
    b->is_over = false;
    return EXIT_OK;
}

/* ---- several ---- */

struct batches {
    unsigned n;
    struct batch *one[PIDLIST_MAX];
    struct output out;
    enum exit_status status; /* the first that is not EXIT_OK */
};

static void note(struct batches *all, enum exit_status status)
{
    if (all->status == EXIT_OK)
        all->status = status;
}

/* Waits for the next sample, or for the end of a target. */
static void wait_for(const struct batches *all, int64_t deadline_ns)
{
    struct pollfd p[PIDLIST_MAX];
    int64_t left_ns = deadline_ns - clock_mono_ns();
    struct timespec t = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};

    for (unsigned i = 0; i < all->n; i++)
        p[i] = (struct pollfd){.fd = all->one[i]->is_over ? -1
                                                          : monitor_pidfd(all->one[i]->monitor),
                               .events = POLLIN};
    if (left_ns > 0)
        ppoll(p, all->n, &t, NULL);
}

/* A line of each; false: none goes on, or nothing can be written any more. */
static bool write_all(struct batches *all)
{
    bool any = false;

    for (unsigned i = 0; i < all->n; i++) {
        struct batch *b = all->one[i];

        if (b->is_over)
            continue;
        enum exit_status status = write_next(b);
        note(all, status);
        if (status == EXIT_FAILED)
            return false;
        any = any || !b->is_over;
    }
    return any;
}

static void write_samples(struct batches *all, int64_t interval_ns)
{
    int64_t next_ns = clock_mono_ns();

    while (write_all(all)) {
        int64_t now_ns = clock_mono_ns();

        next_ns += interval_ns;
        if (next_ns < now_ns) /* after a wait for the next process: at once, but once */
            next_ns = now_ns;
        wait_for(all, next_ns);
    }
}

static void batch_free(struct batch *b)
{
    incident_fini(&b->incident);
    code_table_free(b->lines);
    symbols_free(b->symbols);
    monitor_free(b->monitor);
    free(b);
}

static enum exit_status add(struct batches *all, const struct options *o,
                            const struct target *target)
{
    struct batch *b = calloc(1, sizeof *b);
    struct monitor_options how = monitor_options_of(o, MONITOR_RECORDS_NOTHING);
    struct monitor_failure failure;

    if (b == NULL)
        return fail(EXIT_FAILED, "out of memory");
    how.sparing = all->out.several;
    b->options = o;
    b->out = &all->out;
    b->monitor = monitor_new(target, &how, &failure);
    if (b->monitor == NULL) {
        free(b);
        return fail(failure.status, "%s", failure.text);
    }
    b->symbols = symbols_new(target->pid, o->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL);
    alert_command_init(&b->on_alert, o->on_alert);
    incident_init(&b->incident, o);
    if (o->write_path != NULL)
        b->lines = code_table_new();
    all->one[all->n++] = b;
    return EXIT_OK;
}

static enum exit_status finish(struct batches *all)
{
    enum exit_status status = all->status;

    for (unsigned i = 0; i < all->n; i++)
        batch_free(all->one[i]);
    free(all);
    return status;
}

enum exit_status batch_run(const struct options *o, const struct target *target)
{
    struct batches *all = calloc(1, sizeof *all);

    if (all == NULL)
        return fail(EXIT_FAILED, "out of memory");
    all->status = add(all, o, target);
    if (all->n > 0)
        write_samples(all, o->interval_ns);
    return finish(all);
}

enum exit_status batch_run_several(const struct options *o, const struct several *targets)
{
    struct batches *all = calloc(1, sizeof *all);

    if (all == NULL)
        return fail(EXIT_FAILED, "out of memory");
    all->out.several = true;
    all->status = several_tell_missing(targets);
    for (unsigned i = 0; i < targets->n; i++)
        if (targets->one[i].status == EXIT_OK)
            note(all, add(all, o, &targets->one[i].target));
    write_samples(all, o->interval_ns);
    return finish(all);
}

/* ---- recordings ---- */

/* Each sample of a recording. */
static enum exit_status write_recording(struct batch *b)
{
    const struct options *o = b->options;

    monitor_play(b->monitor, false);
    monitor_tick(b->monitor, clock_mono_ns(), clock_real_ns());
    do {
        while (monitor_judge(b->monitor))
            ;
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
    struct output *out = calloc(1, sizeof *out);
    struct batch *b = calloc(1, sizeof *b);
    struct monitor_failure failure;
    enum exit_status status;

    if (b == NULL || out == NULL) {
        free(b);
        free(out);
        return fail(EXIT_FAILED, "out of memory");
    }
    b->options = o;
    b->out = out;
    b->monitor = monitor_new_replay(o->read_path, o->begin, o->end, &failure);
    if (b->monitor == NULL)
        status = fail(failure.status, "%s", failure.text);
    else if (!monitor_judge_anew(b->monitor, o->lint_window_ns, &o->lints))
        status = fail(EXIT_FAILED, "out of memory");
    else
        status = write_recording(b);
    batch_free(b);
    free(out);
    return status;
}
