/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/monitor_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/addrspace.h"
#include "mon/gap.h"
#include "mon/procstat.h"

/* After more than this gomon itself has slept: what the page kept meanwhile fills the hole. */
#define SLEPT_NS (3 * NS_PER_S)

/* The table is counted every second up to this many rows; one of a million every 16 s, so that
 * counting stays below a thousandth of a core. Rows that are free now are read as well. */
#define ROWS_A_SECOND 65536

/* Of seconds to go back to: a day of a program of two procs. */
#define TEMPORARY_BYTES (INT64_C(64) << 20)

/* How often a target that has ended is looked for among the processes, and for how long so often.
 */
#define SEARCH_NS         NS_PER_S
#define OFTEN_SEARCHED_NS (60 * NS_PER_S)
#define LATE_SEARCH_NS    (10 * NS_PER_S)

/* ---- life ---- */

static struct source *open_source(const struct target *t, struct metric_table *table,
                                  struct source_failure *failure)
{
    if (t->live)
        return source_page_open(t->pid, t->start_ticks, table, failure);
    return source_page_open_image(t->image, t->uid, table, failure);
}

static bool allocate(struct monitor *m, const struct monitor_options *options)
{
    m->reader = procinfo_reader_new();
    m->history = options->sparing ? history_new_sparing(&m->table) : history_new(&m->table);
    m->procs = options->sparing ? proc_history_new_sparing() : proc_history_new();
    m->groups = options->sparing ? grouppast_new_sparing() : grouppast_new();
    m->latencies = latency_past_new();
    m->lints = lints_new(options->lint_window_ns, options->lints);
    for (unsigned i = MON_PROCESS_RSS; i < MON_KNOWN; i++)
        m->table.info[i].present = m->target.live && m->reader != NULL;
    return m->history != NULL && m->procs != NULL && m->groups != NULL && m->latencies != NULL &&
           m->lints != NULL;
}

static void fill_model(struct monitor *m)
{
    const struct source_facts *facts = m->source->ops->facts(m->source);
    struct model_target *t = &m->model.target;

    t->pid = m->target.pid;
    t->start_real_ns = facts->start_real_ns;
    t->post_mortem = !m->target.live;
    snprintf(t->name, sizeof t->name, "%s", facts->name);
    snprintf(t->page_version, sizeof t->page_version, "%s", facts->version);
    snprintf(t->build_id, sizeof t->build_id, "%s", facts->build_id);
    m->model.metrics = &m->table;
    m->model.history = m->history;
    m->model.procs = m->procs;
    m->model.groups = m->groups;
    m->model.alerts = &m->alerts;
    m->model.forecast = lints_forecast(m->lints);
    monitor_freeze(m, false);
}

/* Without a temporary recording there is less to go back to, and nothing worse. */
static bool start_recorder(struct monitor *m, const struct monitor_options *options,
                           char why[static RECORDER_WHY_BYTES])
{
    if (options->record == MONITOR_RECORDS_NOTHING)
        return true;
    m->recorder = recorder_new(&options->recorder, &m->target, &m->model, why);
    if (m->recorder != NULL && options->record == MONITOR_RECORDS_FILE)
        m->model.record = recorder_status(m->recorder);
    return m->recorder != NULL || options->record == MONITOR_RECORDS_PAST;
}

static struct monitor *fail(struct monitor *m, struct monitor_failure *failure,
                            enum exit_status status, const char *text)
{
    failure->status = status;
    snprintf(failure->text, sizeof failure->text, "%s", text);
    monitor_free(m);
    return NULL;
}

struct monitor_options monitor_options_of(const struct options *o, enum monitor_record unnamed)
{
    struct monitor_options m = {
        .lint_window_ns = o->lint_window_ns,
        .lints = &o->lints,
        .record = o->write_path != NULL ? MONITOR_RECORDS_FILE : unnamed,
        .recorder = {.path = o->write_path, .keep_ns = o->keep_ns, .max_bytes = o->max_bytes}};

    if (o->write_path == NULL)
        m.recorder = (struct recorder_options){.max_bytes = TEMPORARY_BYTES};
    return m;
}

struct monitor *monitor_new(const struct target *target, const struct monitor_options *options,
                            struct monitor_failure *failure)
{
    struct monitor *m = calloc(1, sizeof *m);
    struct source_failure why;

    if (m == NULL)
        return fail(m, failure, EXIT_FAILED, "out of memory");
    m->target = *target;
    m->taken = options->taken;
    m->pidfd = target->live ? liveness_pidfd(target->pid) : -1;
    m->spacefd = target->live ? addrspace_open(target->pid) : -1;
    metric_table_init(&m->table);
    m->source = open_source(target, &m->table, &why);
    if (m->source == NULL)
        return fail(m, failure, why.status, why.why);
    if (!allocate(m, options))
        return fail(m, failure, EXIT_FAILED, "out of memory");
    fill_model(m);
    if (!start_recorder(m, options, why.why))
        return fail(m, failure, EXIT_FAILED, why.why);
    return m;
}

bool monitor_record(struct monitor *m, const struct monitor_options *options,
                    char why[static RECORDER_WHY_BYTES])
{
    return m->recorder != NULL || start_recorder(m, options, why);
}

void monitor_record_end(struct monitor *m)
{
    recorder_free(m->recorder);
    m->recorder = NULL;
    m->model.record = NULL;
}

bool monitor_record_once(struct monitor *m, const struct recorder_once *once)
{
    return m->recorder != NULL && recorder_put(m->recorder, once);
}

/* What refers to the parent's database is left as it is, so that nothing of it is closed here; the
 * reader may hold files whose position the parent moves. */
bool monitor_part(struct monitor *m)
{
    m->recorder = NULL;
    m->timeview = NULL;
    m->model.record = NULL;
    m->reader = procinfo_reader_new();
    monitor_freeze(m, false);
    return history_part(m->history) && proc_history_part(m->procs);
}

void monitor_free(struct monitor *m)
{
    if (m == NULL)
        return;
    timeview_free(m->timeview);
    free(m->baseline);
    grouppast_free(m->base_groups);
    lint_replay_free(m->replay.lints);
    monitor_stacks_fini(m);
    recording_free(m->replay.recording);
    recorder_free(m->recorder);
    if (m->source != NULL)
        m->source->ops->close(m->source);
    if (m->pidfd >= 0)
        close(m->pidfd);
    if (m->spacefd >= 0)
        close(m->spacefd);
    procinfo_reader_free(m->reader);
    history_free(m->history);
    proc_history_free(m->procs);
    grouppast_free(m->groups);
    latency_past_free(m->latencies);
    lints_free(m->lints);
    free(m);
}

/* ---- what the target publishes ---- */

static void take_past(struct monitor *m, int64_t mono_ns, int64_t real_ns)
{
    const struct source_facts *facts = m->source->ops->facts(m->source);
    int64_t start_ns = mono_ns - (real_ns - facts->start_real_ns);
    bool first = m->last_tick_ns == 0;

    if (!first && mono_ns - m->last_tick_ns <= SLEPT_NS)
        return;
    if (first) {
        lints_set_start(m->lints, start_ns < mono_ns ? start_ns : mono_ns);
        history_begin(m->history, start_ns);
    }
    if ((m->source->can & SOURCE_CAN_HISTORY) != 0)
        m->source->ops->history(m->source, m->history);
    if (first && (m->source->can & SOURCE_CAN_SITES) != 0)
        m->source->ops->sites(m->source, lints_take_site, m->lints);
}

/* Reads the values; true if they are newer than what was there. */
static bool read_source(struct monitor *m)
{
    enum source_status status;

    snapshot_copy(&m->before, &m->now);
    m->now.mono_ns = m->model.mono_ns;
    m->now.real_ns = m->model.real_ns;
    status = m->source->ops->read(m->source, &m->now);
    m->now.stale = status != SOURCE_READ;
    return m->now.published_ns > m->before.published_ns;
}

static void keep_published(struct monitor *m)
{
    for (unsigned i = 0; i < m->table.n; i++)
        if (m->now.has_value[i] && !metric_is_measured((int)i))
            history_add(m->history, i, m->now.published_ns, m->now.value[i]);
    m->last_kept_ns = m->now.published_ns;
}

/* It has published again, after FROM_NS. */
static void explain_gap(struct monitor *m, int64_t from_ns)
{
    uint64_t throttled_ns;

    snapshot_value(&m->now, MON_CGROUP_THROTTLED, &throttled_ns);
    gap_mark(m->history,
             &(struct gap){.from_ns = from_ns,
                           .to_ns = m->now.published_ns,
                           .throttled_ns = (int64_t)throttled_ns - m->kept_throttled_ns},
             &m->now);
    m->kept_throttled_ns = (int64_t)throttled_ns;
}

static void count_tasks(struct monitor *m, int64_t mono_ns)
{
    int64_t seconds;

    if ((m->source->can & SOURCE_CAN_TASKS) == 0 || mono_ns < m->next_tasks_ns)
        return;
    if (!m->source->ops->tasks(m->source, &m->tasks))
        return;
    m->tasks.mono_ns = mono_ns;
    grouppast_add(m->groups, &m->tasks);
    seconds = (int64_t)(m->tasks.nrows / ROWS_A_SECOND);
    m->next_tasks_ns = seconds > 0 ? mono_ns + seconds * NS_PER_S : 0;
}

/* ---- life and death of the target ---- */

static void look_at(struct monitor *m, int64_t mono_ns, struct target_status *status)
{
    struct liveness_ask ask = {.pid = m->target.live ? m->target.pid : 0,
                               .start_ticks = m->target.start_ticks,
                               .pidfd = m->pidfd,
                               .spacefd = m->spacefd,
                               .replaced = m->target.replaced,
                               .facts = m->source->ops->facts(m->source)};

    liveness_look(&ask, mono_ns, status);
    if (!target_has_ended(status->state))
        m->alive_ns = mono_ns;
}

/* When it ended is known to the time between two looks; it may have been started again since then.
 * A heartbeat is a sign of life too, and the only one of a program whose process went on. */
static void note_end(struct monitor *m, int64_t mono_ns)
{
    int64_t heartbeat_ns = m->source->ops->facts(m->source)->heartbeat_ns;
    bool replaced = m->model.status.state == TARGET_REPLACED;
    int64_t alive_ns = replaced || m->alive_ns < heartbeat_ns ? heartbeat_ns : m->alive_ns;

    m->end_ticks = procstat_ticks_ago(mono_ns > alive_ns ? mono_ns - alive_ns : 0);
}

/* How it ended may have been written after the last read: so an end is looked at twice. */
static void look_at_life(struct monitor *m, int64_t mono_ns)
{
    struct target_status before = m->model.status;

    look_at(m, mono_ns, &m->model.status);
    if (target_has_ended(before.state) || !target_has_ended(m->model.status.state))
        return;
    if (read_source(m))
        keep_published(m);
    m->next_tasks_ns = 0;
    count_tasks(m, mono_ns);
    m->model.status = before;
    look_at(m, mono_ns, &m->model.status);
    note_end(m, mono_ns);
}

/* Of an image it is known about when its process ended: when it was written last. */
static void date_the_end(struct monitor *m, int64_t mono_ns, int64_t real_ns)
{
    int64_t ago_ns = real_ns - m->target.since_real_ns;

    if (m->target.live || m->last_tick_ns != 0)
        return;
    m->model.status.since_ns = ago_ns > 0 && ago_ns < mono_ns ? mono_ns - ago_ns : mono_ns;
    m->end_ticks = procstat_ticks_ago(ago_ns > 0 ? ago_ns : 0);
}

/* Each time anew: the one that was found may have ended too. */
static void search_successor(struct monitor *m, int64_t mono_ns)
{
    struct target found;
    struct target old = m->target;
    bool ended_lately = mono_ns - m->model.status.since_ns < OFTEN_SEARCHED_NS;

    if (!target_has_ended(m->model.status.state) || mono_ns < m->next_search_ns)
        return;
    m->next_search_ns = mono_ns + (ended_lately ? SEARCH_NS : LATE_SEARCH_NS);
    snprintf(old.name, sizeof old.name, "%s", m->model.target.name);
    m->model.status.successor = target_find_successor(&old, m->end_ticks, m->taken, &m->list,
                                                      &found)
                                    ? found.pid
                                    : 0;
}

/* The target lives, but what it published is no longer now; or it ended. */
static void note_silence(struct monitor *m)
{
    static const enum gap_cause cause[] = {
        [TARGET_LIVE] = GAP_NONE,
        [TARGET_STALLED] = GAP_STALLED,
        [TARGET_STOPPED] = GAP_STOPPED,
        [TARGET_EXITED] = GAP_TARGET_GONE,
        [TARGET_CRASHED] = GAP_TARGET_GONE,
        [TARGET_KILLED] = GAP_TARGET_GONE,
        [TARGET_REPLACED] = GAP_TARGET_GONE,
    };
    enum target_state state = m->model.status.state;

    if (state == TARGET_LIVE)
        return;
    m->now.stale = true;
    if (m->last_kept_ns > 0)
        history_mark_gap(m->history, m->last_kept_ns, m->model.mono_ns, cause[state]);
    if (!target_has_ended(state)) /* else the last picture stays whole */
        snapshot_forget_rates(&m->now, &m->table);
}

/* ---- the tick ---- */

static void watch(struct monitor *m, int64_t mono_ns)
{
    bool is_new = read_source(m);
    int64_t kept_ns = m->last_kept_ns;

    if (is_new && m->before.published_ns > 0)
        snapshot_copy(&m->prev, &m->before);
    if (is_new)
        keep_published(m);
    monitor_measure(m);
    if (is_new)
        explain_gap(m, kept_ns);
    snapshot_derive(&m->now, m->prev.published_ns > 0 ? &m->prev : NULL, &m->table);
    snapshot_derive_measured(&m->now, &m->before);
    if (is_new) {
        proc_history_add(m->procs, &m->now);
        latency_past_add(m->latencies, &m->now);
    }
    count_tasks(m, mono_ns);
}

static void judge(struct monitor *m, int64_t mono_ns, int64_t real_ns)
{
    lints_tick(m->lints,
               &(struct lint_input){.mono_ns = mono_ns,
                                    .real_ns = real_ns,
                                    .boot_ns = clock_boot_ns(),
                                    .history = m->history,
                                    .snapshot = &m->now,
                                    .tasks = &m->tasks,
                                    .status = &m->model.status,
                                    .recorder = m->model.record},
               &m->alerts);
}

static void record(struct monitor *m, int64_t mono_ns, int64_t real_ns)
{
    if (m->recorder == NULL || m->now.mono_ns == 0)
        return;
    recorder_take(m->recorder, &(struct recorder_input){.mono_ns = mono_ns,
                                                        .real_ns = real_ns,
                                                        .snapshot = &m->now,
                                                        .tasks = &m->tasks,
                                                        .status = &m->model.status,
                                                        .history = m->history,
                                                        .procs = m->procs,
                                                        .alerts = &m->alerts,
                                                        .set = monitor_set(m),
                                                        .code = m->model.code});
}

/* A target that has ended is drawn up to its end: its last picture stays. */
static void move_view(struct monitor *m, int64_t mono_ns)
{
    struct model *model = &m->model;

    if (!model->view.frozen)
        model->view.end_ns = target_has_ended(model->status.state) ? model->status.since_ns
                                                                   : mono_ns;
}

void monitor_tick(struct monitor *m, int64_t mono_ns, int64_t real_ns)
{
    if (m->replay.recording != NULL) {
        monitor_replay_tick(m, mono_ns, real_ns);
        return;
    }
    m->model.mono_ns = mono_ns;
    m->model.real_ns = real_ns;
    if (!target_has_ended(m->model.status.state)) {
        take_past(m, mono_ns, real_ns);
        watch(m, mono_ns);
        look_at_life(m, mono_ns);
        date_the_end(m, mono_ns, real_ns);
        note_silence(m);
        judge(m, mono_ns, real_ns);
        record(m, mono_ns, real_ns);
    }
    search_successor(m, mono_ns);
    move_view(m, mono_ns);
    monitor_keep_past(m);
    m->last_tick_ns = mono_ns;
}

bool monitor_check(struct monitor *m, int64_t mono_ns, int64_t real_ns)
{
    struct target_status status = m->model.status;

    if (m->replay.recording != NULL)
        return false;
    m->model.mono_ns = mono_ns;
    m->model.real_ns = real_ns;
    monitor_keep_past(m);
    if (target_has_ended(status.state))
        return mono_ns >= m->next_search_ns;
    m->source->ops->look(m->source);
    look_at(m, mono_ns, &status);
    return status.state != m->model.status.state;
}

/* ---- the model ---- */

int monitor_pidfd(const struct monitor *m)
{
    return m->pidfd;
}

void monitor_set_dump(struct monitor *m, const struct dump *dump, const struct dumpdiff *diff,
                      struct dump_status status)
{
    m->model.dump = dump;
    m->model.diff = diff;
    m->model.dump_status = status;
}

bool monitor_silence(struct monitor *m, enum alert_lint lint, uint64_t key)
{
    return alerts_silence(&m->alerts, lint, key, !alerts_is_silenced(&m->alerts, lint, key));
}

void monitor_set_incidents(struct monitor *m, const struct incident_notes *notes)
{
    m->model.incidents = notes;
}

void monitor_set_code_lines(struct monitor *m, struct code_lines lines)
{
    m->model.code = lines;
}
