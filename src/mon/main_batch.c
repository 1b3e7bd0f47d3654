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
#include "mon/export.h"
#include "mon/fail.h"
#include "mon/main_batch_parts.h"

#define ROWS_A_TITLE 24
#define NAMING_NS    (2 * NS_PER_S)

enum exit_status batch_no_json(void)
{
    return fail(EXIT_FAILED, "built without JSON: configure found no jansson");
}

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
        fprintf(stderr, "gomon: process %d (%s): %s\n", (int)b->incident.of.pid,
                b->incident.of.name, b->incident.text);
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
        batch_await_next(b);
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

/* Whether any is waited for. */
static bool any_waits(const struct batches *all)
{
    for (unsigned i = 0; i < all->n; i++)
        if (all->one[i]->waits)
            return true;
    return false;
}

/* Until the deadline, or until it is time to look at what is waited for; false: a target has
 * ended. */
static bool pass_time(const struct batches *all, int64_t deadline_ns)
{
    struct pollfd p[PIDLIST_MAX];
    int64_t left_ns = deadline_ns - clock_mono_ns();

    if (left_ns > BATCH_LOOK_MS * NS_PER_MS && any_waits(all))
        left_ns = BATCH_LOOK_MS * NS_PER_MS;
    struct timespec t = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
    for (unsigned i = 0; i < all->n; i++) {
        const struct batch *b = all->one[i];

        p[i] = (struct pollfd){.fd = b->is_over || b->waits ? -1 : monitor_pidfd(b->monitor),
                               .events = POLLIN};
    }
    return left_ns <= 0 || ppoll(p, all->n, &t, NULL) <= 0;
}

/* Waits for the next sample, for the end of a target, or for one that is to come. */
static void wait_for(struct batches *all, int64_t deadline_ns)
{
    bool goes_on;

    do
        goes_on = pass_time(all, deadline_ns) && !batch_any_came(all);
    while (goes_on && clock_mono_ns() < deadline_ns);
}

/* A line of each; false: none goes on, or nothing can be written any more. */
static bool write_all(struct batches *all)
{
    bool any = false;

    for (unsigned i = 0; i < all->n; i++) {
        struct batch *b = all->one[i];

        if (!b->is_over && !b->waits) {
            enum exit_status status = write_next(b);

            batch_note(all, status);
            if (status == EXIT_FAILED)
                return false;
        }
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
        if (next_ns < now_ns) /* after a wait: at once, but once */
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

/* NULL: out of memory. */
static struct batch *add(struct batches *all, const struct options *o)
{
    struct batch *b = calloc(1, sizeof *b);

    if (b == NULL) {
        batch_note(all, fail(EXIT_FAILED, "out of memory"));
        return NULL;
    }
    b->options = o;
    b->out = &all->out;
    alert_command_init(&b->on_alert, o->on_alert);
    incident_init(&b->incident, o);
    if (o->write_path != NULL)
        b->lines = code_table_new();
    all->one[all->n++] = b;
    return b;
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
    struct monitor_failure failure;
    struct batch *b;

    if (all == NULL)
        return fail(EXIT_FAILED, "out of memory");
    b = add(all, o);
    if (b != NULL && batch_open(all, b, target, &failure) != EXIT_OK)
        batch_note(all, fail(failure.status, "%s", failure.text));
    else if (b != NULL)
        write_samples(all, o->interval_ns);
    return finish(all);
}

/* One of several. */
static void begin(struct batches *all, struct batch *b, const struct several_one *one)
{
    struct monitor_failure failure = {.status = one->status};

    snprintf(failure.text, sizeof failure.text, "%s", one->error);
    b->word = one->word;
    fleetwait_init(&b->wait, one->pid);
    if (one->status == EXIT_OK && batch_open(all, b, &one->target, &failure) == EXIT_OK)
        return;
    if (!batch_await(b, failure.status, failure.text))
        batch_note(all, fail(failure.status, "%s", failure.text));
}

enum exit_status batch_run_several(const struct options *o, const struct several *targets)
{
    struct batches *all = calloc(1, sizeof *all);

    if (all == NULL)
        return fail(EXIT_FAILED, "out of memory");
    all->out.several = true;
    for (unsigned i = 0; i < targets->n; i++) {
        struct batch *b = add(all, o);

        if (b != NULL)
            begin(all, b, &targets->one[i]);
    }
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
