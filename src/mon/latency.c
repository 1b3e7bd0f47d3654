/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/latency.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MOMENTS 31
#define STEP_NS (LATENCY_LATELY_NS / (MOMENTS - 1)) /* between two that are kept, or more */

struct latency_past {
    uint32_t n; /* buckets */
    uint64_t from_ns[SNAPSHOT_MAX_LATENCIES];
    unsigned nkept;           /* moments ever */
    int64_t mono_ns[MOMENTS]; /* number i lies in place i % MOMENTS; so below */
    uint64_t count[MOMENTS][SNAPSHOT_MAX_LATENCIES];
};

struct latency_past *latency_past_new(void)
{
    return calloc(1, sizeof(struct latency_past));
}

void latency_past_free(struct latency_past *past)
{
    free(past);
}

static bool has_same_buckets(const struct latency_past *past, const struct latency_sample *l)
{
    return past->n == l->n && memcmp(past->from_ns, l->from_ns, l->n * sizeof l->from_ns[0]) == 0;
}

static void keep(struct latency_past *past, const struct snapshot *s)
{
    const struct latency_sample *l = &s->latency;
    unsigned place = past->nkept % MOMENTS;
    unsigned newest = (past->nkept + MOMENTS - 1) % MOMENTS;

    if (past->nkept > 0 && s->published_ns - past->mono_ns[newest] < STEP_NS)
        return;
    past->mono_ns[place] = s->published_ns;
    memcpy(past->count[place], l->count, l->n * sizeof l->count[0]);
    past->nkept++;
}

/* The place of the oldest moment of the last minute before NOW_NS, or else of the last one before
 * that; -1: there is none. */
static int begin_of(const struct latency_past *past, int64_t now_ns)
{
    unsigned first = past->nkept > MOMENTS ? past->nkept - MOMENTS : 0;
    int best = -1;

    for (unsigned i = first; i < past->nkept; i++) {
        int place = (int)(i % MOMENTS);

        if (past->mono_ns[place] >= now_ns)
            break;
        best = place;
        if (now_ns - past->mono_ns[place] <= LATENCY_LATELY_NS)
            break;
    }
    return best;
}

void latency_past_add(struct latency_past *past, struct snapshot *s)
{
    struct latency_sample *l = &s->latency;
    int begin;

    if (!has_same_buckets(past, l)) {
        past->nkept = 0;
        past->n = l->n;
        memcpy(past->from_ns, l->from_ns, l->n * sizeof l->from_ns[0]);
    }
    begin = begin_of(past, s->published_ns);
    l->lately_ns = begin < 0 ? 0 : s->published_ns - past->mono_ns[begin];
    for (uint32_t i = 0; i < l->n; i++) {
        uint64_t before = begin < 0 ? 0 : past->count[begin][i];

        l->lately[i] = l->count[i] > before ? l->count[i] - before : 0;
    }
    keep(past, s);
}
