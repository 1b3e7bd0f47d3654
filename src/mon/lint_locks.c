/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_locks.h"

#include <inttypes.h>
#include <stdio.h>

#include "page.h"

#define HOLDER_BYTES 72

/* ---- deadlock ---- */

/* Whether there are tasks, all of them parked, and nothing left that could wake one. What the
 * source does not tell is no proof. */
static bool all_wait(const struct snapshot *s)
{
    static const unsigned could_wake[] = {MON_TASKS_RUNNING, MON_TASKS_RUNNABLE, MON_TASKS_BLOCKING,
                                          MON_TIMERS, MON_NETPOLL_WAITERS};
    uint64_t value;

    for (size_t i = 0; i < ARRAY_COUNT(could_wake); i++)
        if (!snapshot_value(s, could_wake[i], &value) || value > 0)
            return false;
    return snapshot_value(s, MON_TASKS, &value) && value > 0;
}

static void judge_deadlock(struct lint_locks *l, const struct lint_ask *q)
{
    struct alert *a;

    if (!all_wait(q->in->snapshot)) {
        l->dead_since_ns = 0;
        lint_clear(q, LINT_DEADLOCK, 0);
        return;
    }
    if (l->dead_since_ns == 0)
        l->dead_since_ns = q->in->mono_ns;
    if ((double)(q->in->mono_ns - l->dead_since_ns) < lint_limit(q, LINT_DEADLOCK) ||
        !lint_is_on(q, LINT_DEADLOCK))
        return;
    a = lint_raise(q, LINT_DEADLOCK, 0);
    snprintf(a->text, sizeof a->text,
             "all %" PRIu64 " tasks wait, and no timer or file can wake one",
             q->in->snapshot->value[MON_TASKS]);
}

/* ---- what both lints on locks look at ---- */

static bool waits_for_lock(const struct task_group *g)
{
    return g->state == TASK_WAITING &&
           (g->reason == PAGE_WAIT_MUTEX || g->reason == PAGE_WAIT_RWMUTEX_RLOCK ||
            g->reason == PAGE_WAIT_RWMUTEX_LOCK);
}

static double waited_ns(const struct lint_ask *q, const struct task_group *g)
{
    return (double)q->in->tasks->mono_ns - (double)g->oldest_since_ns;
}

/* "task 40037 (stock keeper)". */
static void put_holder(char text[HOLDER_BYTES], const struct task_holder *h)
{
    if (h->id == 0)
        snprintf(text, HOLDER_BYTES, "%" PRIu64 " readers", h->readers);
    else
        snprintf(text, HOLDER_BYTES, "task %" PRIu64 "%s%s%s", h->id, h->name[0] ? " (" : "",
                 h->name, h->name[0] ? ")" : "");
}

/* ---- lock-cycle ---- */

/* The first group that has waited long for a task in a circle, or NULL. */
static const struct task_group *group_in_circle(const struct lint_ask *q)
{
    const struct task_groups *tasks = q->in->tasks;

    for (uint32_t i = 0; i < tasks->n; i++) {
        const struct task_holder *h = task_group_holder(tasks, &tasks->group[i]);

        if (h != NULL && h->circle > 0 &&
            waited_ns(q, &tasks->group[i]) >= lint_limit(q, LINT_LOCK_CYCLE))
            return &tasks->group[i];
    }
    return NULL;
}

static void tell_circle(const struct lint_ask *q, const struct task_group *g)
{
    struct alert *a = lint_raise(q, LINT_LOCK_CYCLE, 0);
    const struct task_holder *h = task_group_holder(q->in->tasks, g);
    char holder[HOLDER_BYTES];
    char time[FMT_BYTES_MAX];

    put_holder(holder, h);
    fmt_duration(time, sizeof time, waited_ns(q, g));
    a->pc = h->pc != 0 ? h->pc : g->spawn_pc;
    if (h->circle == 1)
        snprintf(a->text, sizeof a->text,
                 "%s waits for a lock that it holds itself; others have waited for it for %s",
                 holder, time);
    else
        snprintf(a->text, sizeof a->text,
                 "%" PRIu32 " tasks wait for each other's locks in a circle, for %s: one of them "
                 "is %s",
                 h->circle, time, holder);
}

static void judge_circle(struct lint_locks *l, const struct lint_ask *q)
{
    const struct task_group *g = group_in_circle(q);

    lint_vote(&l->circle, LINT_LOCK_CYCLE, g != NULL, g != NULL);
    if (!l->circle.stands)
        lint_clear(q, LINT_LOCK_CYCLE, 0);
    else if (g != NULL && lint_is_on(q, LINT_LOCK_CYCLE))
        tell_circle(q, g);
}

/* ---- lock-wait ---- */

/* What the group says of the longest wait: who holds the lock, and what that task does. */
static void tell_wait(const struct lint_ask *q, const struct task_group *g)
{
    struct alert *a = lint_raise(q, LINT_LOCK_WAIT, g->spawn_pc);
    const struct task_holder *h = task_group_holder(q->in->tasks, g);
    const char *does = "";
    char holder[HOLDER_BYTES] = "who holds it is not known";
    char time[FMT_BYTES_MAX];

    fmt_duration(time, sizeof time, waited_ns(q, g));
    a->pc = h != NULL && h->pc != 0 ? h->pc : g->spawn_pc;
    if (h != NULL)
        put_holder(holder, h);
    if (h != NULL && h->state == TASK_WAITING)
        does = task_reason_name(h->reason);
    else if (h != NULL && h->state != TASK_DEAD)
        does = task_state_name(h->state);
    snprintf(a->text, sizeof a->text,
             "%" PRIu64 " tasks wait for a lock, the longest for %s: %s%s%s%s", g->count, time,
             h == NULL ? "" : "held by ", holder, does[0] ? ", in: " : "", does);
}

/* The longest wait among the groups of a spawn site; NULL: none of them waits for a lock. */
static const struct task_group *longest_of(const struct lint_ask *q, uint64_t pc)
{
    const struct task_group *longest = NULL;

    for (uint32_t i = 0; i < q->in->tasks->n; i++) {
        const struct task_group *g = &q->in->tasks->group[i];

        if (g->spawn_pc == pc && waits_for_lock(g) &&
            (longest == NULL || g->oldest_since_ns < longest->oldest_since_ns))
            longest = g;
    }
    return longest;
}

static void judge_site(struct lint_locks_site *site, const struct lint_ask *q)
{
    const struct task_group *g = longest_of(q, site->pc);
    double limit = lint_limit(q, LINT_LOCK_WAIT);
    double ns = g == NULL ? 0.0 : waited_ns(q, g);

    lint_vote(&site->votes, LINT_LOCK_WAIT, ns >= limit,
              ns >= limit * lint_info(LINT_LOCK_WAIT)->clear);
    if (!site->votes.stands)
        lint_clear(q, LINT_LOCK_WAIT, site->pc);
    else if (ns >= limit)
        tell_wait(q, g);
    if (site->votes.near == 0)
        site->pc = 0;
}

/* Gives each site that has waited too long a place to be judged in. */
static void find_sites(struct lint_locks *l, const struct lint_ask *q)
{
    for (uint32_t i = 0; i < q->in->tasks->n; i++) {
        const struct task_group *g = &q->in->tasks->group[i];
        struct lint_locks_site *spare = NULL;
        bool known = g->spawn_pc == 0 || !waits_for_lock(g) ||
                     waited_ns(q, g) < lint_limit(q, LINT_LOCK_WAIT);

        for (size_t k = 0; k < LINT_LOCKS_SITES && !known; k++) {
            known = l->site[k].pc == g->spawn_pc;
            if (l->site[k].pc == 0)
                spare = &l->site[k];
        }
        if (!known && spare != NULL)
            *spare = (struct lint_locks_site){.pc = g->spawn_pc};
    }
}

static void judge_waits(struct lint_locks *l, const struct lint_ask *q)
{
    if (!lint_is_on(q, LINT_LOCK_WAIT))
        return;
    find_sites(l, q);
    for (size_t i = 0; i < LINT_LOCKS_SITES; i++)
        if (l->site[i].pc != 0)
            judge_site(&l->site[i], q);
}

void lint_locks_judge(struct lint_locks *l, const struct lint_ask *q)
{
    judge_deadlock(l, q);
    if (!q->in->tasks->valid || q->in->tasks->mono_ns <= l->counted_ns)
        return;
    l->counted_ns = q->in->tasks->mono_ns;
    judge_circle(l, q);
    judge_waits(l, q);
}
