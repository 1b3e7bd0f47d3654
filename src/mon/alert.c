/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/alert.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"

static const struct {
    const char *name;
    const char *help;
} texts[LINTS] = {
    [LINT_HEAP_GROWTH] = {"heap-growth", "the live heap grows from collection to collection"},
    [LINT_TASK_GROWTH] = {"task-growth", "the tasks of one spawn site grow in number"},
    [LINT_DEADLOCK] = {"deadlock", "every task waits, and no timer or file can wake one"},
    [LINT_LONG_PAUSE] = {"long-pause", "half of the collections stop the world for 200 ms or more"},
    [LINT_STALE] = {"stale", "the process runs but has published nothing for 5 s"},
    [LINT_LEAKED] = {"leaked", "the collector has proven that tasks wait for what nothing reaches"},
};

const char *alert_lint_name(enum alert_lint lint)
{
    return texts[lint].name;
}

const char *alert_lint_help(enum alert_lint lint)
{
    return texts[lint].help;
}

static struct alert *find_standing(struct alerts *a, enum alert_lint lint, uint64_t key)
{
    for (uint32_t i = 0; i < a->nstanding; i++)
        if (a->alert[i].lint == lint && a->alert[i].key == key)
            return &a->alert[i];
    return NULL;
}

/* Opens a place at I; what was last goes if there is no more room. */
static struct alert *open_place(struct alerts *a, uint32_t i)
{
    uint32_t behind = (a->n == ALERTS_MAX ? ALERTS_MAX - 1 : a->n) - i;

    memmove(&a->alert[i + 1], &a->alert[i], behind * sizeof a->alert[0]);
    if (a->n < ALERTS_MAX)
        a->n++;
    return &a->alert[i];
}

/* Standing ones fill the list only if that many lints have something to say: then the one that has
 * stood longest gives way. */
struct alert *alerts_raise(struct alerts *a, enum alert_lint lint, uint64_t key, int64_t mono_ns,
                           int64_t real_ns)
{
    struct alert *alert = find_standing(a, lint, key);

    if (alert != NULL)
        return alert;
    if (a->nstanding == ALERTS_MAX)
        a->nstanding--;
    alert = open_place(a, 0);
    a->nstanding++;
    *alert = (struct alert){
        .lint = lint, .key = key, .raised_ns = mono_ns, .raised_real_ns = real_ns};
    return alert;
}

void alerts_clear(struct alerts *a, enum alert_lint lint, uint64_t key, int64_t mono_ns)
{
    struct alert *alert = find_standing(a, lint, key);
    struct alert cleared;
    uint32_t i;

    if (alert == NULL)
        return;
    i = (uint32_t)(alert - a->alert);
    cleared = *alert;
    cleared.cleared_ns = mono_ns;
    a->nstanding--;
    memmove(&a->alert[i], &a->alert[i + 1], (a->nstanding - i) * sizeof a->alert[0]);
    a->alert[a->nstanding] = cleared;
    DCHECK(a->nstanding < a->n);
}
