/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/watched.h"

#include "mon/codeline.h"
#include "mon/monitor.h"
#include "mon/options.h"
#include "mon/symbol.h"

void watched_init(struct watched *w, const struct options *options, struct monitor *monitor)
{
    *w = (struct watched){.options = options, .monitor = monitor};
    alert_command_init(&w->on_alert, options->on_alert);
    incident_init(&w->incident, options);
}

static void clear(struct watched *w)
{
    dumpjob_free(w->job);
    dumpdiff_free(w->diff);
    dump_free(w->dump);
    dump_free(w->before);
    code_table_free(w->code);
    symbols_free(w->symbols);
    monitor_free(w->monitor);
    w->job = NULL;
    w->dump = NULL;
    w->before = NULL;
    w->diff = NULL;
    w->code = NULL;
    w->symbols = NULL;
    w->monitor = NULL;
}

void watched_fini(struct watched *w)
{
    incident_fini(&w->incident);
    clear(w);
}

void watched_replace(struct watched *w, struct monitor *monitor)
{
    bool named = w->symbols != NULL;

    clear(w);
    w->monitor = monitor;
    if (named)
        watched_name_code(w);
}

void watched_name_code(struct watched *w)
{
    pid_t pid = watched_model(w)->target.pid;

    if (w->symbols != NULL)
        return;
    w->symbols = symbols_new(pid, w->options->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL);
    w->code = code_table_new();
}

const struct model *watched_model(const struct watched *w)
{
    return monitor_model(w->monitor);
}

/* ---- Time ---- */

bool watched_refresh_code(struct watched *w)
{
    bool changed;

    if (w->symbols == NULL || watched_model(w)->view.replay) /* it brings its own */
        return false;
    if (watched_model(w)->status.state == TARGET_REPLACED)
        symbols_keep(w->symbols);
    symbols_step(w->symbols);
    changed = code_table_refresh(w->code, watched_model(w), w->symbols);
    monitor_set_code_lines(w->monitor, code_table_lines(w->code));
    return changed;
}

bool watched_tick(struct watched *w, int64_t mono_ns, int64_t real_ns)
{
    monitor_tick(w->monitor, mono_ns, real_ns);
    watched_refresh_code(w);
    w->news = incident_tick(&w->incident, w->monitor);
    return alert_command_tick(&w->on_alert, watched_model(w));
}

/* ---- Dumps ---- */

void watched_show_dump(struct watched *w)
{
    static const struct dump_status none = {.stage = DUMP_STAGE_NONE};

    monitor_set_dump(w->monitor, w->dump, w->diff, w->job != NULL ? *dumpjob_status(w->job) : none);
}

void watched_start_dump(struct watched *w, enum watched_dump how)
{
    enum dumpjob_way way = w->options->read_only ? DUMPJOB_PEEK : DUMPJOB_ASK_OR_PEEK;

    dumpjob_free(w->job);
    w->compares = how == WATCHED_COMPARE;
    w->job = dumpjob_new(watched_model(w)->target.pid, w->symbols, way);
    watched_show_dump(w);
}

void watched_stop_dump(struct watched *w)
{
    dumpjob_free(w->job);
    w->job = NULL;
    watched_show_dump(w);
}

/* What somebody looked at belongs to a recording that has a name. */
static void record_dump(struct watched *w)
{
    const struct model *m = monitor_model_now(w->monitor);

    if (m->record != NULL)
        monitor_record_once(
            w->monitor,
            &(struct recorder_once){.mono_ns = m->mono_ns, .dump = w->dump, .code = m->code});
}

static void take_dump(struct watched *w)
{
    struct dump *last = w->dump, *before = w->before;
    struct dumpdiff *diff = w->diff;

    w->dump = dumpjob_take(w->job);
    w->before = !w->compares ? NULL : before != NULL ? before : last;
    w->diff = w->before != NULL ? dumpdiff_new(w->before, w->dump) : NULL;
    watched_stop_dump(w); /* nothing shows the old ones any more */
    record_dump(w);
    dumpdiff_free(diff);
    if (last != w->before)
        dump_free(last);
    if (before != w->before)
        dump_free(before);
}

enum dump_stage watched_step_dump(struct watched *w, int64_t budget_ns)
{
    dumpjob_step(w->job, budget_ns);
    enum dump_stage stage = dumpjob_status(w->job)->stage;

    if (stage == DUMP_STAGE_DONE) {
        take_dump(w);
    } else if (stage == DUMP_STAGE_FAILED) { /* its message stays on the screen */
        watched_show_dump(w);
        dumpjob_free(w->job);
        w->job = NULL;
    }
    return stage;
}
