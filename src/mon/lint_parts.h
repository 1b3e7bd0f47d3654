/* SPDX-License-Identifier: MIT */
/* lint_parts.h - what the lints have in common: what they are asked with, how they answer, and K
 * yeses of N judgements.
 * Each file of lints has a struct of what it remembers and a function that judges; none knows
 * another.
 * Who: lint.c and the files of the lints. Threads: one. */
#ifndef MON_LINT_PARTS_H
#define MON_LINT_PARTS_H

#include "base/bits.h"
#include "mon/lint.h"

struct lint_ask {
    const struct lint_input *in;
    const struct lint_set *set;
    struct alerts *alerts;
    int64_t start_ns; /* monotonic: when the program began */
};

static inline bool lint_is_on(const struct lint_ask *q, enum alert_lint lint)
{
    return q->set->rule[lint].on;
}

static inline double lint_limit(const struct lint_ask *q, enum alert_lint lint)
{
    return q->set->rule[lint].limit;
}

/* The alert of this lint and key, with the severity of the table: the caller fills in the rest. */
static inline struct alert *lint_raise(const struct lint_ask *q, enum alert_lint lint, uint64_t key)
{
    struct alert *a = alerts_raise(q->alerts, lint, key, q->in->mono_ns, q->in->real_ns);

    a->severity = lint_info(lint)->severity;
    return a;
}

static inline void lint_clear(const struct lint_ask *q, enum alert_lint lint, uint64_t key)
{
    alerts_clear(q->alerts, lint, key, q->in->mono_ns);
}

/* ---- K of N ---- */

struct lint_votes {
    uint32_t over; /* the latest judgement in bit 0 */
    uint32_t near; /* over, or not far below */
    bool stands;
};

/* How many of the last judgements that count for LINT said yes. */
static inline unsigned lint_votes_over(const struct lint_votes *v, enum alert_lint lint)
{
    return bits_count(v->over & ((UINT32_C(1) << lint_info(lint)->of) - 1));
}

/* Counts a judgement. It stands when enough of the last ones were over, and no longer when none of
 * them was near. */
static inline void lint_vote(struct lint_votes *v, enum alert_lint lint, bool over, bool near)
{
    uint32_t all = (UINT32_C(1) << lint_info(lint)->of) - 1;

    v->over = v->over << 1 | over;
    v->near = v->near << 1 | (over || near);
    if (lint_votes_over(v, lint) >= lint_info(lint)->need)
        v->stands = true;
    else if ((v->near & all) == 0)
        v->stands = false;
}

#endif
