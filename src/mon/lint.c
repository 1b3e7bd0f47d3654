/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint.h"

#include <stdlib.h>

#include "mon/leaks.h"
#include "mon/lint_hog.h"
#include "mon/lint_leaked.h"
#include "mon/lint_level.h"
#include "mon/lint_life.h"
#include "mon/lint_limit.h"
#include "mon/lint_locks.h"
#include "mon/lint_parts.h"
#include "mon/lint_pause.h"

struct lints {
    struct lint_set set;
    int64_t start_ns;
    struct lint_life life;
    struct lint_locks locks;
    struct lint_hog hog;
    struct lint_levels levels;
    struct lint_limits limits;
    struct leaks *leaks;
};

struct lints *lints_new(int64_t window_ns, const struct lint_set *set)
{
    struct lints *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    if (set != NULL)
        l->set = *set;
    else
        lint_set_init(&l->set);
    l->leaks = leaks_new(window_ns);
    if (l->leaks == NULL) {
        free(l);
        return NULL;
    }
    window_ns = leaks_window_ns(l->leaks);
    lint_limits_init(&l->limits, window_ns, window_ns * LEAKS_LONG);
    return l;
}

void lints_free(struct lints *l)
{
    if (l == NULL)
        return;
    leaks_free(l->leaks);
    free(l);
}

void lints_set_start(struct lints *l, int64_t start_ns)
{
    l->start_ns = start_ns;
    leaks_set_start(l->leaks, start_ns);
}

void lints_take_site(void *lints, const struct source_site *site)
{
    struct lints *l = lints;

    leaks_take_site(l->leaks, site);
}

const struct forecast *lints_forecast(const struct lints *l)
{
    return &l->limits.first;
}

void lints_tick(struct lints *l, const struct lint_input *in, struct alerts *alerts)
{
    struct lint_ask q = {.in = in, .set = &l->set, .alerts = alerts, .start_ns = l->start_ns};

    if (target_has_ended(in->status->state)) {
        lint_life_judge_end(&q);
        return;
    }
    lint_life_judge(&l->life, &q);
    if (in->status->state != TARGET_LIVE)
        return;
    lint_locks_judge(&l->locks, &q);
    lint_leaked_judge(&q);
    lint_hog_judge(&l->hog, &q);
    lint_pause_judge(&q);
    lint_levels_judge(&l->levels, &q);
    leaks_judge(l->leaks, &q);
    lint_limits_judge(&l->limits, &q, leaks_guilty_pc(l->leaks));
}
