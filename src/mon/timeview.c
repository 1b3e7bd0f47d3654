/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/timeview.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mon/grouppast.h"
#include "mon/lint_replay.h"

#define LEAD_NS    (61 * NS_PER_S)  /* plots look so far beyond their left edge */
#define SECONDS_NS (900 * NS_PER_S) /* a wider window shows minutes */
#define STRETCH_NS (HISTORY_STRETCH_KEPT * NS_PER_S)
#define GROUPS_NS  (1800 * NS_PER_S)

struct timeview {
    bool shown;
    struct model model;
    struct snapshot snapshot;
    struct task_groups tasks;
    struct procinfo process; /* of the past nothing but its metrics is known */
    struct alerts alerts;
    int64_t procs_from_ns; /* what they are filled with; 0: nothing */
    int64_t procs_to_ns;
    struct grouppast *groups; /* NULL: none yet, or no memory */
    int64_t groups_from_ns;
    int64_t groups_to_ns;
};

struct timeview *timeview_new(void)
{
    return calloc(1, sizeof(struct timeview));
}

void timeview_free(struct timeview *v)
{
    if (v != NULL)
        grouppast_free(v->groups);
    free(v);
}

/* Plots stay as they are while the cursor is on them; else it comes to their middle. */
static int64_t place_edge(const struct timeview *v, const struct timeview_ask *ask)
{
    int64_t latest_ns = ask->live->view.end_ns;
    int64_t edge_ns = v->shown ? v->model.view.end_ns : latest_ns;

    if (ask->at_edge)
        return ask->at_ns;
    if (ask->at_ns > edge_ns || ask->at_ns < edge_ns - ask->window_ns * 15 / 16)
        edge_ns = ask->at_ns + ask->window_ns / 2;
    return edge_ns < latest_ns ? edge_ns : latest_ns;
}

/* The seconds that the plots show, if they show seconds and do not have them. */
static void fill_stretch(const struct timeview_ask *ask, int64_t edge_ns)
{
    int64_t from_ns = edge_ns - ask->window_ns - LEAD_NS;
    int64_t to_ns = edge_ns + NS_PER_S;
    int64_t spare_ns = (STRETCH_NS - (to_ns - from_ns)) / 2;

    if (from_ns < 0)
        from_ns = 0;
    if (ask->window_ns > SECONDS_NS || history_has_seconds(ask->history, from_ns, to_ns))
        return;
    if (spare_ns > 0)
        to_ns += spare_ns;
    from_ns = to_ns > STRETCH_NS ? to_ns - STRETCH_NS : 0;
    recording_stretch(ask->recording, from_ns, to_ns, ask->history);
}

static void fill_procs(struct timeview *v, const struct timeview_ask *ask, int64_t edge_ns)
{
    int64_t window_ns = ask->window_ns < SECONDS_NS ? ask->window_ns : SECONDS_NS;

    if (ask->procs == NULL ||
        (v->procs_from_ns <= edge_ns - window_ns && edge_ns <= v->procs_to_ns))
        return;
    v->procs_to_ns = edge_ns + SECONDS_NS / 8;
    v->procs_from_ns = v->procs_to_ns - SECONDS_NS;
    recording_procs(ask->recording, v->procs_from_ns, v->procs_to_ns, ask->procs);
    v->model.procs = ask->procs;
}

/* What was counted in the half hour up to the moment. */
static void fill_groups(struct timeview *v, const struct timeview_ask *ask)
{
    int64_t latest_ns = ask->live->view.end_ns;

    if (v->groups == NULL)
        v->groups = grouppast_new();
    v->model.groups = v->groups;
    if (v->groups == NULL)
        return;
    if (v->groups_from_ns <= ask->at_ns - GROUPS_NS && ask->at_ns <= v->groups_to_ns)
        return;
    v->groups_from_ns = ask->at_ns - GROUPS_NS - GROUPS_NS / 10;
    v->groups_to_ns = ask->at_ns + GROUPS_NS / 10;
    if (v->groups_to_ns > latest_ns)
        v->groups_to_ns = latest_ns;
    recording_groups(ask->recording, v->groups_from_ns, v->groups_to_ns + 1, v->groups);
}

bool timeview_show(struct timeview *v, const struct timeview_ask *ask)
{
    struct recording_moment moment;
    int64_t edge_ns = place_edge(v, ask);
    int64_t now_ns = model_now_ns(ask->live);

    if (!recording_at(ask->recording, ask->at_ns, &v->snapshot, &moment))
        return false;
    recording_tasks(ask->recording, ask->at_ns, &v->tasks);
    recording_alerts(ask->recording, ask->at_ns, &v->alerts);
    if (ask->lints != NULL)
        lint_replay_alerts(ask->lints, ask->at_ns, &v->alerts);
    fill_stretch(ask, edge_ns);
    v->model = *ask->live;
    v->model.mono_ns = ask->at_ns;
    v->model.real_ns = moment.real_ns + (ask->at_ns - moment.mono_ns);
    v->model.status = moment.status;
    v->model.status.heartbeat_age_ns = ask->at_ns - v->snapshot.published_ns;
    v->model.view.past = true;
    v->model.view.end_ns = edge_ns;
    v->model.view.now_ns = now_ns;
    v->model.snapshot = &v->snapshot;
    v->model.tasks = &v->tasks;
    v->model.process = &v->process;
    v->model.alerts = &v->alerts;
    v->model.forecast = NULL;
    fill_procs(v, ask, edge_ns);
    fill_groups(v, ask);
    v->shown = true;
    return true;
}

void timeview_leave(struct timeview *v)
{
    v->shown = false;
}

struct model *timeview_model(struct timeview *v)
{
    return v != NULL && v->shown ? &v->model : NULL;
}
