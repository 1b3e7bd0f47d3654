/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "mon/lint.h"

#define FOUND_MAX 1024 /* alerts of a recording; further ones take the place of the oldest */

struct lint_replay {
    struct recording *recording;
    const struct metric_table *table;
    struct history *history;
    struct lints *lints;
    struct lint_set set;
    struct snapshot now;
    struct task_groups tasks;
    struct alerts alerts;
    int64_t start_real_ns; /* of the program */
    int64_t judged_ns;     /* up to here; INT64_MIN: nothing was yet */
    int64_t published_ns;  /* of the last sample */
    uint32_t nfound;       /* ever */
    struct alert found[FOUND_MAX];
};

struct lint_replay *lint_replay_new(struct recording *r, const struct metric_table *t,
                                    int64_t window_ns, const struct lint_set *set)
{
    struct lint_replay *l = calloc(1, sizeof *l);
    struct model_target target;

    if (l == NULL)
        return NULL;
    l->recording = r;
    l->table = t;
    l->judged_ns = INT64_MIN;
    if (set != NULL)
        l->set = *set;
    else
        lint_set_init(&l->set);
    l->history = history_new_sparing(t);
    l->lints = lints_new(window_ns, &l->set);
    if (l->history == NULL || l->lints == NULL) {
        lint_replay_free(l);
        return NULL;
    }
    recording_target(r, &target);
    l->start_real_ns = target.start_real_ns;
    return l;
}

void lint_replay_free(struct lint_replay *l)
{
    if (l == NULL)
        return;
    history_free(l->history);
    lints_free(l->lints);
    free(l);
}

/* ---- judging ---- */

static void keep_sample(struct lint_replay *l)
{
    const struct snapshot *s = &l->now;
    bool is_new = s->published_ns > l->published_ns;

    for (unsigned i = 0; i < l->table->n; i++) {
        bool measured = metric_is_measured((int)i);

        if (s->has_value[i] && (measured || is_new))
            history_add(l->history, i, measured ? s->mono_ns : s->published_ns, s->value[i]);
    }
    l->published_ns = s->published_ns;
}

static void begin(struct lint_replay *l, const struct recording_moment *m)
{
    int64_t start_ns = m->mono_ns - (m->real_ns - l->start_real_ns);

    if (l->start_real_ns <= 0 || start_ns > m->mono_ns)
        start_ns = m->mono_ns;
    lints_set_start(l->lints, start_ns);
    history_begin(l->history, start_ns);
}

/* The place of ALERT among those that were found, or one for it. */
static struct alert *place_of(struct lint_replay *l, const struct alert *alert)
{
    uint32_t first = l->nfound > FOUND_MAX ? l->nfound - FOUND_MAX : 0;

    for (uint32_t k = l->nfound; k > first; k--) {
        struct alert *a = &l->found[(k - 1) % FOUND_MAX];

        if (a->lint == alert->lint && a->key == alert->key && a->raised_ns == alert->raised_ns)
            return a;
    }
    return &l->found[l->nfound++ % FOUND_MAX];
}

/* Those that were cleared before the last look do not change any more. */
static void note_alerts(struct lint_replay *l, int64_t before_ns)
{
    for (uint32_t i = 0; i < l->alerts.n; i++)
        if (l->alerts.alert[i].cleared_ns == 0 || l->alerts.alert[i].cleared_ns > before_ns)
            *place_of(l, &l->alerts.alert[i]) = l->alerts.alert[i];
}

static void judge(struct lint_replay *l, struct recording_moment *m)
{
    int64_t before_ns = l->judged_ns;

    if (before_ns == INT64_MIN)
        begin(l, m);
    keep_sample(l);
    m->status.heartbeat_age_ns = m->mono_ns - l->now.published_ns;
    lints_tick(l->lints,
               &(struct lint_input){.mono_ns = m->mono_ns,
                                    .real_ns = m->real_ns,
                                    .history = l->history,
                                    .snapshot = &l->now,
                                    .tasks = &l->tasks,
                                    .status = &m->status},
               &l->alerts);
    note_alerts(l, before_ns);
}

bool lint_replay_judge(struct lint_replay *l, int64_t until_ns, uint32_t most)
{
    struct recording_moment m;

    for (uint32_t i = 0; i < most; i++) {
        int64_t after_ns = l->judged_ns == INT64_MIN ? 0 : l->judged_ns;

        if (!recording_step(l->recording, after_ns, until_ns, &l->now, &l->tasks, &m))
            return false;
        judge(l, &m);
        l->judged_ns = m.mono_ns;
    }
    return true;
}

/* ---- the alerts of a moment ---- */

static bool is_tuned(const struct lint_replay *l, enum alert_lint lint)
{
    return !l->set.rule[lint].on || l->set.rule[lint].limit != lint_info(lint)->limit;
}

/* Whether two tell of one thing: they stood at the same time. */
static bool is_same(const struct alert *a, const struct alert *b)
{
    return a->lint == b->lint && a->key == b->key &&
           (a->cleared_ns == 0 || b->raised_ns <= a->cleared_ns) &&
           (b->cleared_ns == 0 || a->raised_ns <= b->cleared_ns);
}

struct merged {
    uint32_t n;
    struct alert alert[2 * ALERTS_MAX];
};

static void merge(struct merged *all, const struct alert *alert)
{
    for (uint32_t i = 0; i < all->n; i++)
        if (is_same(&all->alert[i], alert))
            return;
    if (all->n < ARRAY_COUNT(all->alert))
        all->alert[all->n++] = *alert;
}

void lint_replay_alerts(const struct lint_replay *l, int64_t mono_ns, struct alerts *a)
{
    struct merged all = {0};
    uint32_t first = l->nfound > FOUND_MAX ? l->nfound - FOUND_MAX : 0;

    for (uint32_t i = 0; i < a->n; i++)
        if (!is_tuned(l, a->alert[i].lint))
            merge(&all, &a->alert[i]);
    for (uint32_t k = l->nfound; k > first; k--) {
        struct alert alert = l->found[(k - 1) % FOUND_MAX];

        if (alert.raised_ns > mono_ns)
            continue;
        if (alert.cleared_ns > mono_ns)
            alert.cleared_ns = 0;
        merge(&all, &alert);
    }
    qsort(all.alert, all.n, sizeof all.alert[0], alert_by_standing);
    *a = (struct alerts){.n = all.n < ALERTS_MAX ? all.n : ALERTS_MAX};
    memcpy(a->alert, all.alert, a->n * sizeof a->alert[0]);
    while (a->nstanding < a->n && a->alert[a->nstanding].cleared_ns == 0)
        a->nstanding++;
}
