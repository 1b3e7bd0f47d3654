/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dump_holders.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"

/* ---- The holders of one group ---- */

static int by_id(const void *a, const void *b)
{
    const struct dump_holder *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->readers < y->readers ? -1 : x->readers > y->readers;
}

static int most_waiters_first(const void *a, const void *b)
{
    const struct dump_holder *x = a, *y = b;

    if (x->nwaiters != y->nwaiters)
        return x->nwaiters > y->nwaiters ? -1 : 1;
    return by_id(a, b);
}

static bool is_held(const struct dump_task *t)
{
    return t->holder != 0 || t->readers != 0;
}

static size_t count_held(const struct dump_group *group)
{
    size_t n = 0;

    for (size_t i = 0; i < group->ntasks; i++)
        n += is_held(&group->task[i]);
    return n;
}

/* Sorts and counts the N holders in ALL, of which many are the same; returns how many are not. */
static size_t merge(struct dump_holder *all, size_t n)
{
    size_t used = 0;

    qsort(all, n, sizeof *all, by_id);
    for (size_t i = 0; i < n; i++) {
        if (used > 0 && by_id(&all[used - 1], &all[i]) == 0)
            all[used - 1].nwaiters++;
        else
            all[used++] = all[i];
    }
    qsort(all, used, sizeof *all, most_waiters_first);
    return used;
}

/* The holders of GROUP, without their names; returns how many there are. */
static size_t find_in(struct pool *pool, struct dump_group *group)
{
    size_t n = count_held(group), at = 0;
    struct dump_holder *all, *kept;

    if (n == 0)
        return 0;
    all = calloc(n, sizeof *all);
    CHECK(all != NULL);
    for (size_t i = 0; i < group->ntasks; i++) {
        const struct dump_task *t = &group->task[i];

        if (is_held(t))
            all[at++] = (struct dump_holder){.id = t->holder,
                                             .readers = t->holder == 0 ? t->readers : 0,
                                             .name = "",
                                             .group = DUMP_NO_GROUP,
                                             .nwaiters = 1};
    }
    n = merge(all, n);
    group->nholders = min_size(n, DUMP_HOLDERS_MAX);
    group->nholders_more = n - group->nholders;
    kept = pool_alloc(pool, group->nholders * sizeof *kept);
    memcpy(kept, all, group->nholders * sizeof *kept);
    group->holder = kept;
    free(all);
    return group->nholders;
}

/* ---- Who they are ---- */

static int by_id_of(const void *a, const void *b)
{
    return by_id(*(struct dump_holder *const *)a, *(struct dump_holder *const *)b);
}

/* All holders of all groups, by id; freed by the caller. */
static struct dump_holder **sort_all(struct dump_group *group, size_t ngroups, size_t n)
{
    struct dump_holder **all = calloc(n, sizeof *all);
    size_t at = 0;

    CHECK(all != NULL);
    for (size_t g = 0; g < ngroups; g++) {
        for (size_t i = 0; i < group[g].nholders; i++)
            all[at++] = (struct dump_holder *)(uintptr_t)&group[g].holder[i];
    }
    qsort(all, n, sizeof(struct dump_holder *), by_id_of);
    return all;
}

/* The first of ALL whose id is not below ID. */
static size_t first_of(struct dump_holder *const *all, size_t n, uint64_t id)
{
    size_t lo = 0;

    while (n > 0) {
        size_t half = n / 2;

        if (all[lo + half]->id < id) {
            lo += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return lo;
}

static void name_them(struct dump_holder **all, size_t n, const struct dump_group *group,
                      size_t number)
{
    for (size_t t = 0; t < group->ntasks; t++) {
        const struct dump_task *task = &group->task[t];

        size_t i = first_of(all, n, task->id);

        /* A hostile target has tasks without an id, as readers have none, or many of one id. */
        if (task->id == 0 || i == n || all[i]->group != DUMP_NO_GROUP)
            continue;
        for (; i < n && all[i]->id == task->id; i++) {
            all[i]->name = task->name;
            all[i]->group = number;
        }
    }
}

void dump_holders_find(struct pool *pool, struct dump_group *group, size_t ngroups)
{
    struct dump_holder **all;
    size_t n = 0;

    for (size_t g = 0; g < ngroups; g++)
        n += find_in(pool, &group[g]);
    if (n == 0)
        return;
    all = sort_all(group, ngroups, n);
    for (size_t g = 0; g < ngroups; g++)
        name_them(all, n, &group[g], g);
    free(all);
}
