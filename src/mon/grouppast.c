/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/grouppast.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct grouppast {
    int64_t nslots;
    int64_t newest;                  /* slot number, -1: none yet */
    int64_t number[GROUPPAST_SLOTS]; /* of the slot that lies there, -1: none */
    uint32_t n;
    struct grouppast_key key[GROUPPAST_GROUPS];
    int64_t seen[GROUPPAST_GROUPS]; /* slot number of its last task */
    uint32_t *count[GROUPPAST_GROUPS]; /* one for each slot; NULL: a group that never was */
};

static struct grouppast *new_of(int64_t nslots)
{
    struct grouppast *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->nslots = nslots;
    grouppast_clear(p);
    return p;
}

struct grouppast *grouppast_new(void)
{
    return new_of(GROUPPAST_SLOTS);
}

struct grouppast *grouppast_new_sparing(void)
{
    return new_of(GROUPPAST_SLOTS_SPARING);
}

void grouppast_free(struct grouppast *p)
{
    for (uint32_t i = 0; p != NULL && i < GROUPPAST_GROUPS; i++)
        free(p->count[i]);
    free(p);
}

void grouppast_clear(struct grouppast *p)
{
    p->newest = -1;
    p->n = 0;
    for (int i = 0; i < GROUPPAST_SLOTS; i++)
        p->number[i] = -1;
}

static size_t row_bytes(const struct grouppast *p)
{
    return (size_t)p->nslots * sizeof *p->count[0];
}

/* Of group I, all 0; false if memory is short. */
static bool clear_counts(struct grouppast *p, uint32_t i)
{
    if (p->count[i] == NULL)
        p->count[i] = malloc(row_bytes(p));
    if (p->count[i] == NULL)
        return false;
    memset(p->count[i], 0, row_bytes(p));
    return true;
}

struct grouppast *grouppast_clone(const struct grouppast *from)
{
    struct grouppast *p = new_of(from->nslots);

    if (p == NULL)
        return NULL;
    memcpy(p, from, offsetof(struct grouppast, count));
    for (uint32_t i = 0; i < from->n; i++) {
        if (!clear_counts(p, i)) {
            p->n = i;
            break;
        }
        memcpy(p->count[i], from->count[i], row_bytes(p));
    }
    return p;
}

bool grouppast_begin(struct grouppast *p, int64_t mono_ns)
{
    int64_t number = mono_ns / GROUPPAST_SLOT_NS;
    int64_t at = number % p->nslots;

    if (mono_ns < 0 || number <= p->newest)
        return false;
    p->newest = p->number[at] = number;
    for (uint32_t i = 0; i < p->n; i++)
        p->count[i][at] = 0;
    return true;
}

uint32_t grouppast_find(const struct grouppast *p, const struct grouppast_key *key)
{
    uint32_t i = 0;

    while (i < p->n && !(p->key[i].spawn_pc == key->spawn_pc && p->key[i].state == key->state &&
                         p->key[i].reason == key->reason))
        i++;
    return i;
}

/* A place for a new group, or that of the one that is gone for longest; GROUPPAST_GROUPS if all
 * have tasks now. */
static uint32_t place_for_one(struct grouppast *p)
{
    uint32_t oldest = 0;

    if (p->n < GROUPPAST_GROUPS)
        return p->n;
    for (uint32_t i = 1; i < p->n; i++)
        if (p->seen[i] < p->seen[oldest])
            oldest = i;
    return p->seen[oldest] < p->newest ? oldest : GROUPPAST_GROUPS;
}

static uint32_t find_or_add(struct grouppast *p, const struct task_group *group)
{
    struct grouppast_key key = {group->spawn_pc, group->state, group->reason};
    uint32_t i = grouppast_find(p, &key);

    if (i < p->n)
        return i;
    i = place_for_one(p);
    if (i == GROUPPAST_GROUPS || !clear_counts(p, i))
        return GROUPPAST_GROUPS;
    p->key[i] = key;
    if (i == p->n)
        p->n++;
    return i;
}

void grouppast_count(struct grouppast *p, const struct task_group *group)
{
    uint32_t i = group->count > 0 && p->newest >= 0 ? find_or_add(p, group) : GROUPPAST_GROUPS;
    uint32_t *count;

    if (i == GROUPPAST_GROUPS)
        return;
    count = &p->count[i][p->newest % p->nslots];
    *count = group->count < UINT32_MAX - *count ? *count + (uint32_t)group->count : UINT32_MAX;
    p->seen[i] = p->newest;
}

void grouppast_add(struct grouppast *p, const struct task_groups *groups)
{
    if (!groups->valid || !grouppast_begin(p, groups->mono_ns))
        return;
    for (uint32_t i = 0; i < groups->n; i++)
        grouppast_count(p, &groups->group[i]);
}

int64_t grouppast_oldest_ns(const struct grouppast *p)
{
    int64_t oldest = p->newest;

    for (int64_t i = 0; i < p->nslots; i++)
        if (p->number[i] > p->newest - p->nslots && p->number[i] >= 0 && p->number[i] < oldest)
            oldest = p->number[i];
    return oldest > 0 ? oldest * GROUPPAST_SLOT_NS : 0;
}

uint32_t grouppast_n(const struct grouppast *p)
{
    return p->n;
}

const struct grouppast_key *grouppast_at(const struct grouppast *p, uint32_t i)
{
    return &p->key[i];
}

bool grouppast_mean(const struct grouppast *p, uint32_t i, int64_t from_ns, int64_t to_ns,
                    double *mean)
{
    int64_t first = from_ns > 0 ? (from_ns + GROUPPAST_SLOT_NS - 1) / GROUPPAST_SLOT_NS : 0;
    int64_t end = to_ns > 0 ? (to_ns + GROUPPAST_SLOT_NS - 1) / GROUPPAST_SLOT_NS : 0;
    double sum = 0;
    int known = 0;

    if (first <= p->newest - p->nslots)
        first = p->newest - p->nslots + 1;
    if (end > p->newest + 1)
        end = p->newest + 1;
    for (int64_t k = first < 0 ? 0 : first; k < end; k++) {
        if (p->number[k % p->nslots] != k)
            continue;
        sum += i < p->n ? p->count[i][k % p->nslots] : 0;
        known++;
    }
    *mean = known > 0 ? sum / known : 0;
    return known > 0;
}
