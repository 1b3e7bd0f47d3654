/* SPDX-License-Identifier: MIT */
/* monitor_time.c - what a monitor shows of time: now, frozen, then; and a recording in the place of
 * a target. Interface: monitor.h. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mon/monitor_parts.h"
#include "mon/timetext.h"

#define JUDGED_AT_ONCE 8192            /* samples: a second or so */
#define SKIPPED_NS (10 * NS_PER_S) /* a replay goes over longer holes at once */

/* ---- the model ---- */

void monitor_freeze(struct monitor *m, bool on)
{
    struct model *model = &m->model;

    if (on && !model->view.frozen) {
        m->frozen.snapshot = m->now;
        m->frozen.tasks = m->tasks;
        m->frozen.process = m->process;
    }
    model->view.frozen = on;
    model->snapshot = on ? &m->frozen.snapshot : &m->now;
    model->tasks = on ? &m->frozen.tasks : &m->tasks;
    model->process = on ? &m->frozen.process : &m->process;
}

const struct model *monitor_model(const struct monitor *m)
{
    const struct model *past = timeview_model(m->timeview);

    return past != NULL ? past : &m->model;
}

const struct model *monitor_model_now(const struct monitor *m)
{
    return &m->model;
}

/* Where the cursor can't go beyond. */
static int64_t latest_ns(const struct monitor *m)
{
    const struct target_status *status = &m->model.status;

    if (m->replay.recording != NULL)
        return m->model.view.end_ns;
    return target_has_ended(status->state) ? status->since_ns : m->model.mono_ns;
}

/* The oldest time that the recording has something of: its first sample, or the minutes that were
 * known before that. */
static int64_t earliest_ns(struct monitor *m)
{
    return m->replay.recording != NULL ? m->replay.from_ns : history_oldest_ns(m->history);
}

void monitor_bring_up_to_date(struct monitor *m)
{
    struct model *past = timeview_model(m->timeview);

    if (past == NULL)
        return;
    past->view.now_ns = m->model.mono_ns;
    past->view.first_ns = earliest_ns(m);
    past->view.last_ns = latest_ns(m);
    past->view.playing = m->replay.playing;
    past->marks = m->model.marks;
    past->baseline = m->model.baseline;
    past->base_groups = m->model.base_groups;
    past->code = m->model.code;
    past->incidents = m->model.incidents;
    past->dump = m->model.dump;
    past->diff = m->model.diff;
    past->dump_status = m->model.dump_status;
}

/* ---- moving ---- */

static struct recording *recording_of(struct monitor *m)
{
    if (m->replay.recording != NULL)
        return m->replay.recording;
    return m->recorder != NULL ? recorder_past(m->recorder) : NULL;
}

static bool show(struct monitor *m, int64_t at_ns, bool at_edge)
{
    struct timeview_ask ask = {.recording = recording_of(m),
                               .live = &m->model,
                               .history = m->history,
                               .lints = m->replay.lints,
                               .procs = m->replay.recording != NULL ? m->procs : NULL,
                               .at_ns = at_ns,
                               .window_ns = m->window_ns,
                               .at_edge = at_edge};

    if (m->timeview == NULL)
        m->timeview = timeview_new();
    if (ask.recording == NULL || m->timeview == NULL)
        return false;
    m->replay.is_judged = ask.lints == NULL ||
                          !lint_replay_judge(m->replay.lints, at_ns, JUDGED_AT_ONCE);
    if (!timeview_show(m->timeview, &ask))
        return false;
    if (m->replay.recording != NULL)
        monitor_choose_stacks(m, at_ns);
    monitor_bring_up_to_date(m);
    return true;
}

static bool go_live(struct monitor *m)
{
    bool was_past = timeview_model(m->timeview) != NULL;

    if (m->replay.recording != NULL)
        return show(m, latest_ns(m), true);
    if (was_past)
        timeview_leave(m->timeview);
    was_past |= m->model.view.frozen;
    monitor_freeze(m, false);
    return was_past;
}

static bool go_to(struct monitor *m, int64_t at_ns)
{
    int64_t now_ns = monitor_model(m)->mono_ns;
    int64_t first_ns = earliest_ns(m);

    if (at_ns >= latest_ns(m))
        return go_live(m);
    if (at_ns < first_ns)
        at_ns = first_ns;
    return show(m, at_ns, false) && at_ns != now_ns;
}

/* The last mark before the time that is shown, or the last of all. */
static bool mark_before(const struct monitor *m, int64_t now_ns, int64_t *at_ns)
{
    const struct model_marks *marks = &m->marks;

    if (marks->n == 0)
        return false;
    *at_ns = marks->at_ns[marks->n - 1];
    for (uint32_t i = 0; i < marks->n && marks->at_ns[i] < now_ns; i++)
        *at_ns = marks->at_ns[i];
    return true;
}

/* Where a move leads to; false: nowhere. */
static bool aim(struct monitor *m, enum monitor_move move, int64_t ns, int64_t *at_ns)
{
    const struct model *shown = monitor_model(m);
    int64_t from_ns = shown->view.past ? shown->mono_ns : latest_ns(m);

    *at_ns = ns;
    switch (move) {
    case MOVE_LIVE:
        *at_ns = INT64_MAX;
        return true;
    case MOVE_BY:
        *at_ns = from_ns + ns;
        return true;
    case MOVE_TO:
        return true;
    case MOVE_TO_CLOCK:
        return recording_mono(recording_of(m), ns, at_ns);
    case MOVE_SAMPLE:
        return ns > 0 ? recording_next(recording_of(m), from_ns, at_ns)
                      : recording_previous(recording_of(m), from_ns, at_ns);
    case MOVE_MARK:
        return mark_before(m, from_ns, at_ns);
    case MOVE_NOT:
        *at_ns = from_ns;
        return shown->view.past;
    }
    return false;
}

bool monitor_move(struct monitor *m, enum monitor_move move, int64_t ns, int64_t window_ns)
{
    int64_t at_ns;

    m->window_ns = window_ns;
    if (recording_of(m) == NULL)
        return move == MOVE_LIVE && go_live(m);
    if (!aim(m, move, ns, &at_ns))
        return false;
    if (move == MOVE_LIVE)
        return go_live(m);
    return go_to(m, at_ns);
}

/* The seconds that the live history drops are still wanted by who looks at them. */
void monitor_keep_past(struct monitor *m)
{
    struct model *past = timeview_model(m->timeview);

    if (past == NULL)
        return;
    if (!history_has_seconds(m->history, past->view.end_ns - m->window_ns, past->view.end_ns))
        show(m, past->mono_ns, false);
    monitor_bring_up_to_date(m);
}

/* ---- marks and the baseline ---- */

struct recorder_marks monitor_set(const struct monitor *m)
{
    return (struct recorder_marks){
        .marks = m->model.marks,
        .baseline_ns = m->model.baseline != NULL ? m->model.baseline->mono_ns : 0,
        .ahead_ns = m->model.real_ns - m->model.mono_ns};
}

/* Not with the next sample: there may be none any more. */
static void record_marks(struct monitor *m)
{
    struct recorder_marks set = monitor_set(m);

    if (m->recorder != NULL)
        recorder_mark(m->recorder, &set, m->model.mono_ns);
}

/* False: there is no room. A time is marked once. */
static bool insert_mark(struct model_marks *marks, int64_t at_ns)
{
    uint32_t i = marks->n;

    while (i > 0 && marks->at_ns[i - 1] > at_ns)
        i--;
    if (i > 0 && marks->at_ns[i - 1] == at_ns)
        return true;
    if (marks->n == MODEL_MARKS)
        return false;
    memmove(&marks->at_ns[i + 1], &marks->at_ns[i], (marks->n - i) * sizeof marks->at_ns[0]);
    marks->at_ns[i] = at_ns;
    marks->n++;
    return true;
}

bool monitor_mark(struct monitor *m)
{
    if (!insert_mark(&m->marks, monitor_model(m)->mono_ns))
        return false;
    m->model.marks = &m->marks;
    record_marks(m);
    monitor_bring_up_to_date(m);
    return true;
}

/* The groups of tasks as they are known at the time that is shown; without memory, none. */
static void keep_groups(struct monitor *m)
{
    const struct grouppast *groups = monitor_model(m)->groups;

    grouppast_free(m->base_groups);
    m->base_groups = groups != NULL ? grouppast_clone(groups) : NULL;
    m->model.base_groups = m->base_groups;
}

bool monitor_set_baseline(struct monitor *m, bool on)
{
    if (on && m->baseline == NULL)
        m->baseline = malloc(sizeof *m->baseline);
    if (on && m->baseline == NULL)
        return false;
    if (on)
        *m->baseline = *monitor_model(m)->snapshot;
    if (on)
        keep_groups(m);
    m->model.baseline = on ? m->baseline : NULL;
    record_marks(m);
    monitor_bring_up_to_date(m);
    return true;
}

/* ---- a replay ---- */

void monitor_play(struct monitor *m, bool on)
{
    m->replay.playing = on;
    monitor_bring_up_to_date(m);
}

bool monitor_judge_anew(struct monitor *m, int64_t window_ns, const struct lint_set *set)
{
    m->replay.lints = lint_replay_new(m->replay.recording, &m->table, window_ns, set);
    return m->replay.lints != NULL;
}

bool monitor_judge(struct monitor *m)
{
    const struct model *shown = timeview_model(m->timeview);

    if (m->replay.is_judged || shown == NULL)
        return false;
    show(m, shown->mono_ns, false);
    return !m->replay.is_judged;
}

static bool is_within(const struct replay *r, int64_t at_ns)
{
    return at_ns >= r->from_ns && at_ns <= r->to_ns;
}

/* Those that were set when it was recorded, among those that are set now. */
static void take_marks(struct monitor *m)
{
    struct model_marks *recorded = &m->replay.marks;

    recording_marks(m->replay.recording, recorded);
    for (uint32_t i = 0; i < recorded->n; i++)
        if (is_within(&m->replay, recorded->at_ns[i]))
            insert_mark(&m->marks, recorded->at_ns[i]);
    if (m->marks.n > 0)
        m->model.marks = &m->marks;
}

/* As if somebody had gone there and set it. */
static void take_baseline(struct monitor *m)
{
    int64_t at_ns;

    if (recording_baseline(m->replay.recording, &at_ns) && is_within(&m->replay, at_ns) &&
        show(m, at_ns, true))
        monitor_set_baseline(m, true);
}

/* What has been recorded since: the file may be written at this time. */
static void look_at_end(struct monitor *m)
{
    struct replay *r = &m->replay;
    struct recording_moment last;

    if (recording_last(r->recording, &last))
        r->last_ns = last.mono_ns;
    recording_minutes(r->recording, &r->after_ns, m->history);
    take_marks(m);
    r->nlines = recording_code(r->recording, r->line, REPLAY_LINES);
    m->model.code = (struct code_lines){.n = r->nlines, .line = r->line};
    m->model.view.end_ns = r->last_ns < r->to_ns ? r->last_ns : r->to_ns;
}

static int64_t play_on(struct monitor *m, int64_t from_ns, int64_t by_ns)
{
    int64_t at_ns = from_ns + by_ns;
    int64_t next_ns;

    if (recording_next(m->replay.recording, from_ns, &next_ns) && next_ns > at_ns + SKIPPED_NS)
        at_ns = next_ns;
    return at_ns < m->model.view.end_ns ? at_ns : m->model.view.end_ns;
}

void monitor_replay_tick(struct monitor *m, int64_t mono_ns, int64_t real_ns)
{
    const struct model *shown = timeview_model(m->timeview);

    look_at_end(m);
    if (m->replay.dump == NULL && shown != NULL)
        monitor_choose_stacks(m, shown->mono_ns); /* the first ones may just have been written */
    m->model.mono_ns = mono_ns;
    m->model.real_ns = real_ns;
    if (shown == NULL) {
        take_baseline(m);
        show(m, m->replay.from_ns, true);
    } else if (m->replay.playing) {
        show(m, play_on(m, shown->mono_ns, mono_ns - m->last_tick_ns), true);
    } else {
        monitor_judge(m);
    }
    monitor_bring_up_to_date(m);
    m->last_tick_ns = mono_ns;
}

static bool bound(struct monitor *m, const char *text, int64_t *mono_ns,
                  struct monitor_failure *failure)
{
    struct recording_moment first, last;
    int64_t real_ns;

    if (text == NULL)
        return true;
    if (recording_first(m->replay.recording, &first) &&
        recording_last(m->replay.recording, &last) &&
        timetext_parse(text, first.real_ns, last.real_ns, &real_ns) &&
        recording_mono(m->replay.recording, real_ns, mono_ns))
        return true;
    failure->status = EXIT_USAGE;
    snprintf(failure->text, sizeof failure->text, "\"%.40s\" is no time: write %s", text,
             TIMETEXT_FORMS);
    return false;
}

static bool set_bounds(struct monitor *m, const char *from, const char *to,
                       struct monitor_failure *failure)
{
    struct replay *r = &m->replay;
    struct recording_moment first, last;

    r->to_ns = INT64_MAX;
    r->after_ns = INT64_MIN;
    if (!recording_first(r->recording, &first) || !recording_last(r->recording, &last))
        return false;
    r->from_ns = first.mono_ns;
    if (!bound(m, from, &r->from_ns, failure) || !bound(m, to, &r->to_ns, failure))
        return false;
    if (r->from_ns < first.mono_ns)
        r->from_ns = first.mono_ns;
    if (r->from_ns <= r->to_ns && r->from_ns <= last.mono_ns && r->to_ns >= first.mono_ns)
        return true;
    failure->status = EXIT_FAILED;
    snprintf(failure->text, sizeof failure->text, "the recording has nothing of that time");
    return false;
}

static bool open_replay(struct monitor *m, const char *path, struct monitor_failure *failure)
{
    struct source_failure why;

    m->pidfd = -1;
    metric_table_init(&m->table);
    m->replay.recording = recording_open(path, &m->table, &why);
    if (m->replay.recording == NULL) {
        failure->status = why.status;
        snprintf(failure->text, sizeof failure->text, "%s", why.why);
        return false;
    }
    m->history = history_new(&m->table);
    m->procs = proc_history_new();
    failure->status = EXIT_FAILED;
    snprintf(failure->text, sizeof failure->text, "out of memory");
    return m->history != NULL && m->procs != NULL;
}

struct monitor *monitor_new_replay(const char *path, const char *from, const char *to,
                                   struct monitor_failure *failure)
{
    struct monitor *m = calloc(1, sizeof *m);

    if (m == NULL) {
        *failure = (struct monitor_failure){EXIT_FAILED, "out of memory"};
        return NULL;
    }
    if (!open_replay(m, path, failure) || !set_bounds(m, from, to, failure)) {
        monitor_free(m);
        return NULL;
    }
    recording_target(m->replay.recording, &m->model.target);
    m->window_ns = 900 * NS_PER_S;
    m->replay.playing = true;
    m->model.view = (struct model_view){.replay = true, .playing = true};
    m->model.metrics = &m->table;
    m->model.history = m->history;
    m->model.procs = m->procs;
    m->model.alerts = &m->alerts;
    monitor_freeze(m, false);
    return m;
}
