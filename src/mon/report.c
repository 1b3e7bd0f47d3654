/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/report.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mon/about.h"
#include "mon/codeline.h"
#include "mon/dump.h"
#include "mon/options.h"
#include "mon/symbol.h"

#define TICK_NS   NS_PER_S
#define STEP_NS   (50 * NS_PER_MS)
#define NAMING_NS (2 * NS_PER_S) /* the longest that names of code are waited for in the end */

struct work {
    const struct report *how;
    struct monitor *monitor;
    struct symbols *symbols;
    struct code_table *code;
    struct dumpjob *job; /* NULL: no dump is under way */
    struct about about;
    int64_t start_ns;
    int64_t end_ns;
    int64_t next_tick_ns;
};

static const struct model *model_of(const struct work *w)
{
    return monitor_model_now(w->monitor);
}

static bool is_written(const struct work *w)
{
    const struct recorder_status *status = model_of(w)->record;

    return status != NULL && !status->failing;
}

static bool must_end(const struct work *w)
{
    return w->how->must_end != NULL && w->how->must_end();
}

/* ---- samples ---- */

static void name_code(struct work *w)
{
    symbols_step(w->symbols);
    code_table_refresh(w->code, model_of(w), w->symbols);
    monitor_set_code_lines(w->monitor, code_table_lines(w->code));
}

static void tick(struct work *w, int64_t now_ns)
{
    monitor_tick(w->monitor, now_ns, clock_real_ns());
    name_code(w);
    w->next_tick_ns += TICK_NS;
    if (w->next_tick_ns <= now_ns)
        w->next_tick_ns = now_ns + TICK_NS;
}

/* ---- what is written once ---- */

/* All facts up to now; those that were written before are the same again. */
static bool put(struct work *w, const struct dump *dump)
{
    return monitor_record_once(w->monitor,
                               &(struct recorder_once){.mono_ns = w->start_ns,
                                                       .dump = dump,
                                                       .about = &w->about,
                                                       .code = code_table_lines(w->code)});
}

/* At the beginning: the target may end. */
static void describe(struct work *w)
{
    about_add(&w->about, "cause", "%s", w->how->cause);
    about_add(&w->about, "lint-window", "%g s", (double)w->how->options->lint_window_ns / 1e9);
    about_read(&w->about, model_of(w));
    put(w, NULL);
}

static void begin_dump(struct work *w)
{
    const struct model *m = model_of(w);

    if (m->target.post_mortem || target_has_ended(m->status.state))
        about_add(&w->about, "stacks", "none: the process has ended");
    else
        w->job = dumpjob_new(m->target.pid, w->symbols, w->how->way);
}

static void take_dump(struct work *w)
{
    struct dump *dump = dumpjob_take(w->job);

    if (dump == NULL)
        about_add(&w->about, "stacks", "none: %s", dumpjob_status(w->job)->message);
    else
        about_add(&w->about, "stacks", "%s",
                  dump->origin == DUMP_ASKED ? "the runtime was asked" : "read from outside");
    put(w, dump);
    dump_free(dump);
    dumpjob_free(w->job);
    w->job = NULL;
}

static void step_dump(struct work *w)
{
    if (w->job == NULL)
        return;
    dumpjob_step(w->job, STEP_NS);
    enum dump_stage stage = dumpjob_status(w->job)->stage;
    if (stage == DUMP_STAGE_DONE || stage == DUMP_STAGE_FAILED)
        take_dump(w);
}

/* ---- the loop ---- */

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void wait_for(const struct work *w)
{
    bool dumps = w->job != NULL;
    struct pollfd fd = {.fd = dumps ? dumpjob_fd(w->job) : symbols_fd(w->symbols),
                        .events = POLLIN};
    int64_t wake_ns = earliest(w->next_tick_ns, symbols_wake_ns(w->symbols));

    if (dumps)
        wake_ns = earliest(wake_ns, dumpjob_wake_ns(w->job));
    else
        wake_ns = earliest(wake_ns, w->end_ns);
    int64_t left_ns = wake_ns - clock_mono_ns();
    if (left_ns > 0)
        poll(&fd, 1, (int)(left_ns / NS_PER_MS) + 1);
}

static bool is_over(const struct work *w, int64_t now_ns)
{
    if (!is_written(w) || must_end(w))
        return true;
    return w->job == NULL && (now_ns >= w->end_ns || target_has_ended(model_of(w)->status.state));
}

/* The names that are still being looked up. */
static void wait_for_names(struct work *w)
{
    int64_t now_ns = clock_mono_ns();
    int64_t end_ns = now_ns + NAMING_NS;

    name_code(w);
    while (now_ns < end_ns && !code_table_is_final(w->code) && !must_end(w)) {
        w->next_tick_ns = w->end_ns = end_ns;
        wait_for(w);
        name_code(w);
        now_ns = clock_mono_ns();
    }
}

/* False: WHY says why. */
static bool finish(struct work *w, char why[static RECORDER_WHY_BYTES])
{
    bool good;

    wait_for_names(w);
    if (w->job != NULL)
        about_add(&w->about, "stacks", "none: gomon ended before they had come");
    good = is_written(w) && put(w, NULL);
    if (!good && model_of(w)->record != NULL)
        snprintf(why, RECORDER_WHY_BYTES, "%s", model_of(w)->record->why);
    monitor_set_code_lines(w->monitor, (struct code_lines){0});
    dumpjob_free(w->job);
    about_clear(&w->about);
    code_table_free(w->code);
    symbols_free(w->symbols);
    return good;
}

bool report_run(const struct report *r, char why[static RECORDER_WHY_BYTES])
{
    enum symbol_download download = r->options->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL;
    int64_t now_ns = clock_mono_ns();
    struct work w = {.how = r,
                     .monitor = r->monitor,
                     .symbols = symbols_new(monitor_model_now(r->monitor)->target.pid, download),
                     .code = code_table_new(),
                     .start_ns = now_ns,
                     .end_ns = now_ns + r->after_ns,
                     .next_tick_ns = now_ns};

    tick(&w, now_ns);
    describe(&w);
    begin_dump(&w);
    while (!is_over(&w, now_ns)) {
        step_dump(&w);
        now_ns = clock_mono_ns();
        if (now_ns >= w.next_tick_ns)
            tick(&w, now_ns);
        if (!is_over(&w, now_ns))
            wait_for(&w);
        now_ns = clock_mono_ns();
    }
    if (must_end(&w)) /* perhaps because the target has ended: that belongs to it */
        tick(&w, clock_mono_ns());
    return finish(&w, why);
}
