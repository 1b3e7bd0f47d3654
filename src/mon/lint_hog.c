/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_hog.h"

#include <stdio.h>

#include "base/clock.h"

#define WAITED_NS (10 * NS_PER_S) /* tasks were waiting for a proc all this time */

/* The group with the task that has run longest, or NULL. */
static const struct task_group *longest_run(const struct task_groups *tasks)
{
    const struct task_group *longest = NULL;

    for (uint32_t i = 0; i < tasks->n; i++) {
        const struct task_group *g = &tasks->group[i];

        if (g->state == TASK_RUNNING &&
            (longest == NULL || g->oldest_since_ns < longest->oldest_since_ns))
            longest = g;
    }
    return longest;
}

static bool others_wait(const struct lint_ask *q)
{
    struct history_bucket b;

    return history_range(q->in->history, MON_RUNQ, q->in->mono_ns - WAITED_NS, q->in->mono_ns,
                         &b) &&
           b.min >= 1.0f;
}

static void tell(const struct lint_ask *q, const struct task_group *g, double ran_ns)
{
    struct alert *a = lint_raise(q, LINT_TASK_HOG, 0);
    char time[FMT_BYTES_MAX];
    char waited[FMT_BYTES_MAX];

    a->pc = g->spawn_pc;
    snprintf(
        a->text, sizeof a->text,
        "a task has run for %s without giving way; others have been waiting for a proc all the "
        "last %s",
        fmt_duration(time, sizeof time, ran_ns),
        fmt_duration(waited, sizeof waited, (double)WAITED_NS));
}

void lint_hog_judge(struct lint_hog *l, const struct lint_ask *q)
{
    const struct task_groups *tasks = q->in->tasks;
    const struct task_group *g;
    double ran_ns;
    bool over;

    if (!tasks->valid || tasks->mono_ns <= l->counted_ns || !lint_is_on(q, LINT_TASK_HOG))
        return;
    l->counted_ns = tasks->mono_ns;
    g = longest_run(tasks);
    ran_ns = g == NULL ? 0.0 : (double)tasks->mono_ns - (double)g->oldest_since_ns;
    over = ran_ns >= lint_limit(q, LINT_TASK_HOG) && others_wait(q);
    lint_vote(&l->votes, LINT_TASK_HOG, over, false);
    if (!l->votes.stands)
        lint_clear(q, LINT_TASK_HOG, 0);
    else if (over)
        tell(q, g, ran_ns);
}
