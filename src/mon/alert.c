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
#define LINT(id, name, severity, unit, limit, clear, slot_s, need, of, warm_s, help) {name, help},
#include "mon/lints.def"
#undef LINT
};

const char *alert_lint_name(enum alert_lint lint)
{
    return texts[lint].name;
}

const char *alert_lint_help(enum alert_lint lint)
{
    return texts[lint].help;
}

/* ---- the three parts of the list: heard, silenced, cleared ---- */

static uint32_t count_uncleared(const struct alerts *a)
{
    return a->nstanding + a->nsilenced;
}

static struct alert *find_standing(struct alerts *a, enum alert_lint lint, uint64_t key)
{
    for (uint32_t i = 0; i < count_uncleared(a); i++)
        if (a->alert[i].lint == lint && a->alert[i].key == key)
            return &a->alert[i];
    return NULL;
}

/* Puts ALERT at place I; what was last goes if there is no more room. */
static struct alert *put_at(struct alerts *a, uint32_t i, const struct alert *alert)
{
    uint32_t behind = (a->n == ALERTS_MAX ? ALERTS_MAX - 1 : a->n) - i;

    memmove(&a->alert[i + 1], &a->alert[i], behind * sizeof a->alert[0]);
    if (a->n < ALERTS_MAX)
        a->n++;
    a->alert[i] = *alert;
    return &a->alert[i];
}

/* Takes the standing alert at place I out of the list. */
static struct alert take_out(struct alerts *a, uint32_t i)
{
    struct alert alert = a->alert[i];

    DCHECK(i < count_uncleared(a));
    a->n--;
    memmove(&a->alert[i], &a->alert[i + 1], (a->n - i) * sizeof a->alert[0]);
    if (i < a->nstanding)
        a->nstanding--;
    else
        a->nsilenced--;
    return alert;
}

/* Puts one that stands where it belongs. Those may fill the list only if that many lints have
 * something to say: then the one that has stood longest gives way. */
static struct alert *put_standing(struct alerts *a, const struct alert *alert)
{
    if (count_uncleared(a) == ALERTS_MAX)
        take_out(a, ALERTS_MAX - 1);
    if (alert->silenced) {
        a->nsilenced++;
        return put_at(a, a->nstanding, alert);
    }
    a->nstanding++;
    return put_at(a, 0, alert);
}

int alert_by_standing(const void *a, const void *b)
{
    const struct alert *x = a;
    const struct alert *y = b;

    if ((x->cleared_ns == 0) != (y->cleared_ns == 0))
        return x->cleared_ns == 0 ? -1 : 1;
    return (x->raised_ns < y->raised_ns) - (x->raised_ns > y->raised_ns);
}

/* ---- silences ---- */

/* The place of a silence, or how many there are. */
static uint32_t find_silence(const struct alerts *a, enum alert_lint lint, uint64_t key)
{
    uint32_t i = 0;

    while (i < a->nsilences && (a->silence[i].lint != lint || a->silence[i].key != key))
        i++;
    return i;
}

bool alerts_is_silenced(const struct alerts *a, enum alert_lint lint, uint64_t key)
{
    return find_silence(a, lint, key) < a->nsilences;
}

/* False: there is no room. */
static bool note_silence(struct alerts *a, enum alert_lint lint, uint64_t key, bool on)
{
    uint32_t at = find_silence(a, lint, key);

    if (at == ALERT_SILENCES)
        return !on;
    if (!on && at < a->nsilences)
        a->silence[at] = a->silence[--a->nsilences];
    if (!on)
        return true;
    a->silence[at].lint = lint;
    a->silence[at].key = key;
    if (at == a->nsilences)
        a->nsilences++;
    return true;
}

bool alerts_silence(struct alerts *a, enum alert_lint lint, uint64_t key, bool on)
{
    struct alert *alert = find_standing(a, lint, key);
    struct alert moved;

    if (!note_silence(a, lint, key, on))
        return false;
    if (alert == NULL || alert->silenced == on)
        return true;
    moved = take_out(a, (uint32_t)(alert - a->alert));
    moved.silenced = on;
    put_standing(a, &moved);
    return true;
}

/* ---- raising and clearing ---- */

struct alert *alerts_raise(struct alerts *a, enum alert_lint lint, uint64_t key, int64_t mono_ns,
                           int64_t real_ns)
{
    struct alert *alert = find_standing(a, lint, key);

    if (alert != NULL)
        return alert;
    return put_standing(a, &(struct alert){.lint = lint,
                                           .key = key,
                                           .raised_ns = mono_ns,
                                           .raised_real_ns = real_ns,
                                           .silenced = alerts_is_silenced(a, lint, key)});
}

void alerts_clear(struct alerts *a, enum alert_lint lint, uint64_t key, int64_t mono_ns)
{
    struct alert *alert = find_standing(a, lint, key);
    struct alert cleared;

    if (alert == NULL)
        return;
    cleared = take_out(a, (uint32_t)(alert - a->alert));
    cleared.cleared_ns = mono_ns;
    put_at(a, count_uncleared(a), &cleared);
}
