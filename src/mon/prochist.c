/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/prochist.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/spill.h"

#define LEVELS       2
#define SECONDS_KEPT 900
#define MINUTES_KEPT 1440
#define MOST_SAMPLES 60 /* of one bucket: their sum stays below 2^16 */

struct bucket {
    uint16_t sum[PROC_STATES]; /* shares in thousandths */
    uint16_t n;                /* samples */
};

struct level {
    int64_t newest;        /* number of the newest bucket; -1: none yet */
    struct bucket *bucket; /* [PROCHIST_PROCS][kept] */
};

struct proc_history {
    bool is_spilled;
    unsigned nprocs; /* rows that have ever been written to */
    struct level level[LEVELS];
};

static const int64_t width_ns[LEVELS] = {NS_PER_S, 60 * NS_PER_S};
static const int64_t kept[LEVELS] = {SECONDS_KEPT, MINUTES_KEPT};

static struct bucket *bucket_at(const struct proc_history *h, int level, unsigned proc,
                                int64_t number)
{
    return &h->level[level].bucket[(int64_t)proc * kept[level] + number % kept[level]];
}

static size_t level_bytes(int level)
{
    return (size_t)kept[level] * PROCHIST_PROCS * sizeof(struct bucket);
}

static struct proc_history *new_in(bool spilled)
{
    struct proc_history *h = calloc(1, sizeof *h);

    if (h == NULL)
        return NULL;
    h->is_spilled = spilled;
    for (int i = 0; i < LEVELS; i++) {
        h->level[i].newest = -1;
        h->level[i].bucket = spilled ? spill_new(level_bytes(i)) : calloc(1, level_bytes(i));
        if (h->level[i].bucket == NULL) {
            proc_history_free(h);
            return NULL;
        }
    }
    return h;
}

struct proc_history *proc_history_new(void)
{
    return new_in(false);
}

struct proc_history *proc_history_new_sparing(void)
{
    return new_in(true);
}

void proc_history_free(struct proc_history *h)
{
    for (int i = 0; h != NULL && i < LEVELS; i++) {
        if (h->is_spilled)
            spill_free(h->level[i].bucket, level_bytes(i));
        else
            free(h->level[i].bucket);
    }
    free(h);
}

bool proc_history_part(struct proc_history *h)
{
    bool good = true;

    for (int i = 0; h->is_spilled && i < LEVELS && good; i++)
        good = spill_part(h->level[i].bucket, level_bytes(i));
    return good;
}

void proc_history_clear(struct proc_history *h)
{
    for (int i = 0; i < LEVELS; i++) {
        h->level[i].newest = -1;
        memset(h->level[i].bucket, 0, h->nprocs * (size_t)kept[i] * sizeof *h->level[i].bucket);
    }
    h->nprocs = 0;
}

/* Makes NUMBER the newest bucket of a level; those skipped over are empty. */
static void advance(struct proc_history *h, int level, int64_t number)
{
    int64_t from = h->level[level].newest + 1;

    if (h->level[level].newest < 0 || number - from >= kept[level])
        from = number - kept[level] + 1;
    for (int64_t at = from < 0 ? 0 : from; at <= number; at++) {
        for (unsigned proc = 0; proc < h->nprocs; proc++)
            *bucket_at(h, level, proc, at) = (struct bucket){0};
    }
    h->level[level].newest = number;
}

static void add_sample(struct bucket *bucket, const struct proc_sample *proc)
{
    uint64_t total = 0;

    for (int i = 0; i < PROC_STATES; i++)
        total += proc->share_ppm[i];
    if (total == 0 || bucket->n >= MOST_SAMPLES)
        return;
    for (int i = 0; i < PROC_STATES; i++)
        bucket->sum[i] = (uint16_t)(bucket->sum[i] + proc->share_ppm[i] * UINT64_C(1000) / total);
    bucket->n++;
}

void proc_history_add(struct proc_history *h, const struct snapshot *snapshot)
{
    unsigned nprocs = snapshot->nprocs < PROCHIST_PROCS ? snapshot->nprocs : PROCHIST_PROCS;

    if (nprocs > h->nprocs)
        h->nprocs = nprocs;
    for (int level = 0; level < LEVELS; level++) {
        int64_t number = snapshot->mono_ns / width_ns[level];
        if (number < 0 || number < h->level[level].newest)
            return;
        if (number > h->level[level].newest)
            advance(h, level, number);
        for (unsigned proc = 0; proc < nprocs; proc++)
            add_sample(bucket_at(h, level, proc, number), &snapshot->proc[proc]);
    }
}

/* The finest level that still has the time FROM_NS, else the coarsest. */
static int level_for(const struct proc_history *h, int64_t from_ns)
{
    int level = 0;

    while (level < LEVELS - 1 && from_ns / width_ns[level] <= h->level[level].newest - kept[level])
        level++;
    return level;
}

bool proc_history_range(const struct proc_history *h, unsigned index, int64_t from_ns,
                        int64_t to_ns, struct proc_shares *out)
{
    int level = level_for(h, from_ns);
    int64_t newest = h->level[level].newest;
    int64_t first = from_ns / width_ns[level];
    int64_t last = (to_ns - 1) / width_ns[level];
    double sum[PROC_STATES] = {0};
    double total = 0;

    *out = (struct proc_shares){{0}};
    if (index >= h->nprocs || first < 0)
        return false;
    last = last > newest ? newest : last;
    first = first <= newest - kept[level] ? newest - kept[level] + 1 : first;
    for (int64_t number = first < 0 ? 0 : first; number <= last; number++) {
        const struct bucket *bucket = bucket_at(h, level, index, number);
        for (int i = 0; i < PROC_STATES; i++) {
            sum[i] += bucket->sum[i];
            total += bucket->sum[i];
        }
    }
    for (int i = 0; i < PROC_STATES && total > 0; i++)
        out->share[i] = (float)(sum[i] / total);
    return total > 0;
}
