/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/taskholders.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/tasktab_read.h"

#define USED_MAX    (TASKHOLDERS_MAX / 4 * 3)
#define CIRCLE_MOST 64 /* tasks; a larger one is not found */

_Static_assert((TASKHOLDERS_MAX & (TASKHOLDERS_MAX - 1)) == 0, "the hash is cut by a mask");
_Static_assert(sizeof((struct blocker *)0)->name ==
                   sizeof((struct page_task_group *)0)->holder_name,
               "names are told whole");

static size_t hash(uint32_t group, const struct blocker *b)
{
    uint64_t h = (b->holder ^ b->readers << 40 ^ (uint64_t)group << 48) *
                 UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(h >> 40) & (TASKHOLDERS_MAX - 1);
}

static bool is_of(const struct taskholder *pair, uint32_t group, const struct blocker *b)
{
    return pair->group == group && pair->blocker.holder == b->holder &&
           pair->blocker.readers == b->readers;
}

void taskholders_add(struct taskholders *h, uint32_t group, const struct blocker *b)
{
    size_t i = hash(group, b);

    if (b->holder == 0 && b->readers == 0)
        return;
    while (h->pair[i].count > 0 && !is_of(&h->pair[i], group, b))
        i = (i + 1) & (TASKHOLDERS_MAX - 1);
    if (h->pair[i].count == 0) {
        if (h->used == USED_MAX)
            return;
        h->used++;
        h->pair[i] = (struct taskholder){.group = group, .blocker = *b};
    }
    h->pair[i].count++;
}

/* Whether A is to be told rather than B: of equal ones the older task, as it is the same one the
 * next time. */
static bool is_before(const struct taskholder *a, const struct taskholder *b)
{
    if (b == NULL || a->count != b->count)
        return b == NULL || a->count > b->count;
    return a->blocker.holder < b->blocker.holder;
}

static void tell_place(struct page_task_group *group, uint32_t slot)
{
    struct page_task row;

    if (slot >= tasktab_used() || !tasktab_read(slot, &row) || row.id != group->holder)
        return;
    group->holder_state = PAGE_TASK_STATE(row.word);
    group->holder_reason = PAGE_TASK_REASON(row.word);
    if (group->holder_state != PAGE_TASK_RUNNING)
        group->holder_pc = row.pc;
}

/* Goes from the task in SLOT to who holds what it waits for, and so on, back to task ID. Each step
 * is looked at a little later than the one before: a circle that stays is one. */
static uint32_t circle_through(uint32_t slot, uint64_t id)
{
    for (uint32_t n = 1; n <= CIRCLE_MOST && slot < tasktab_used(); n++) {
        struct blocker b;

        blocker_look(&b, task_at(slot));
        if (b.holder == 0)
            return 0;
        if (b.holder == id)
            return n;
        slot = b.slot;
    }
    return 0;
}

void taskholders_tell(const struct taskholders *h, uint32_t number, struct page_task_group *group)
{
    const struct taskholder *best = NULL;

    for (size_t i = 0; i < TASKHOLDERS_MAX; i++) {
        const struct taskholder *pair = &h->pair[i];

        if (pair->count > 0 && pair->group == number && is_before(pair, best))
            best = pair;
    }
    if (best == NULL)
        return;
    group->held = best->count;
    group->holder = best->blocker.holder;
    group->readers = best->blocker.readers;
    memcpy(group->holder_name, best->blocker.name, sizeof group->holder_name);
    if (group->holder == 0)
        return;
    tell_place(group, best->blocker.slot);
    group->circle = circle_through(best->blocker.slot, group->holder);
}
