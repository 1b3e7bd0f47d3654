/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/taskgroups.h"

#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "runtime/blocker.h"
#include "runtime/task.h"
#include "runtime/tasktab_read.h"

#define HOG_NS       (10 * NS_PER_S)
#define ROWS_AT_ONCE 256u /* between looks at the clock */
#define USED_MAX     (TASKGROUPS_MAX / 4 * 3)

_Static_assert(TASKGROUPS_MAX <= UINT16_MAX, "groups have numbers");
_Static_assert((TASKGROUPS_MAX & (TASKGROUPS_MAX - 1)) == 0, "the hash is cut by a mask");

void taskgroups_begin(struct taskgroups *g, int64_t now_ns)
{
    memset(g, 0, sizeof *g);
    g->hog_before_ns = now_ns - HOG_NS;
    g->nrows = tasktab_used();
}

static size_t hash(const struct page_task *row)
{
    uint64_t h = (row->spawn_pc ^ row->start_fn << 20 ^
                  (uint64_t)PAGE_TASK_STATE(row->word) << 56 ^
                  (uint64_t)PAGE_TASK_REASON(row->word) << 48) *
                 UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(h >> 40) & (TASKGROUPS_MAX - 1);
}

static bool is_of(const struct taskgroup *group, const struct page_task *row)
{
    return group->spawn_pc == row->spawn_pc && group->start_fn == row->start_fn &&
           group->state == PAGE_TASK_STATE(row->word) &&
           group->reason == PAGE_TASK_REASON(row->word);
}

/* The group that ROW is of, or the free place for it. There is one: the table never fills up. */
static struct taskgroup *find(struct taskgroups *g, const struct page_task *row)
{
    for (size_t i = hash(row);; i = (i + 1) & (TASKGROUPS_MAX - 1)) {
        struct taskgroup *group = &g->group[i];

        if (group->count == 0 || is_of(group, row))
            return group;
    }
}

static void note_hog(struct taskgroups *g, const struct page_task *row)
{
    if (g->nhogs < TASKGROUPS_HOGS)
        g->hog[g->nhogs++] = (struct taskgroups_hog){row->id, row->since_ns};
}

uint32_t taskgroups_add(struct taskgroups *g, const struct page_task *row)
{
    struct taskgroup *group = find(g, row);

    if (group->count == 0) {
        if (g->used == USED_MAX)
            return TASKGROUPS_MAX; /* more kinds than anyone would look at */
        g->used++;
        *group = (struct taskgroup){.spawn_pc = row->spawn_pc,
                                    .start_fn = row->start_fn,
                                    .state = (uint8_t)PAGE_TASK_STATE(row->word),
                                    .reason = (uint8_t)PAGE_TASK_REASON(row->word),
                                    .oldest_since_ns = row->since_ns};
    }
    if (group->state == PAGE_TASK_RUNNING && (int64_t)row->since_ns <= g->hog_before_ns)
        note_hog(g, row);
    group->count++;
    group->leaked += (row->word & PAGE_TASK_LEAKED) != 0;
    if (row->since_ns < group->oldest_since_ns)
        group->oldest_since_ns = row->since_ns;
    return (uint32_t)(group - g->group);
}

/* Whether a task in ROW may wait for a lock. Of the others, of which there may be a million, the
 * records are not looked at. */
static bool may_want_lock(const struct page_task *row)
{
    unsigned reason = PAGE_TASK_REASON(row->word);

    return PAGE_TASK_STATE(row->word) == PAGE_TASK_WAITING &&
           (reason == PAGE_WAIT_MUTEX || reason == PAGE_WAIT_RWMUTEX_RLOCK ||
            reason == PAGE_WAIT_RWMUTEX_LOCK || reason == PAGE_WAIT_ONCE);
}

/* One that never rests counts with what was seen of it. */
static void count_row(struct taskgroups *g, size_t slot)
{
    struct page_task row;
    struct blocker blocker;
    uint32_t group;

    tasktab_read(slot, &row);
    if (PAGE_TASK_STATE(row.word) == PAGE_TASK_DEAD)
        return;
    group = taskgroups_add(g, &row);
    if (group == TASKGROUPS_MAX || !may_want_lock(&row))
        return;
    blocker_look(&blocker, task_at(slot));
    if (tasktab_is_unchanged(slot, &row))
        taskholders_add(&g->holders, group, &blocker);
}

static void count_rows(struct taskgroups *g, size_t end)
{
    for (; g->next_row < end; g->next_row++)
        if (!tasktab_is_free(g->next_row))
            count_row(g, g->next_row);
}

bool taskgroups_count(struct taskgroups *g, int64_t deadline_ns)
{
    do
        count_rows(g, min_size(g->nrows, g->next_row + ROWS_AT_ONCE));
    while (g->next_row < g->nrows && clock_mono_ns() < deadline_ns);
    return g->next_row == g->nrows;
}

/* Puts group NUMBER into the N first of the order, largest first. Returns how many there are
 * then. */
static size_t insert(struct taskgroups *g, size_t n, uint16_t number)
{
    size_t at = n;

    while (at > 0 && g->group[g->order[at - 1]].count < g->group[number].count)
        at--;
    if (at == TASKGROUPS_TOP)
        return n;
    if (n == TASKGROUPS_TOP)
        n--;
    memmove(&g->order[at + 1], &g->order[at], (n - at) * sizeof g->order[0]);
    g->order[at] = number;
    return n + 1;
}

static void tell(const struct taskgroups *g, uint16_t number, struct page_task_group *group)
{
    const struct taskgroup *from = &g->group[number];

    *group = (struct page_task_group){.spawn_pc = from->spawn_pc,
                                      .start_fn = from->start_fn,
                                      .state = from->state,
                                      .reason = from->reason,
                                      .count = from->count,
                                      .leaked = from->leaked,
                                      .oldest_since_ns = from->oldest_since_ns};
    if (g->holders.used > 0)
        taskholders_tell(&g->holders, number, group);
}

size_t taskgroups_top(struct taskgroups *g, struct page_task_group top[TASKGROUPS_TOP])
{
    size_t n = 0;

    for (size_t i = 0; i < TASKGROUPS_MAX; i++)
        if (g->group[i].count > 0)
            n = insert(g, n, (uint16_t)i);
    for (size_t i = 0; i < n; i++)
        tell(g, g->order[i], &top[i]);
    return n;
}

/* Tasks of the groups from I on that were spawned where group I was; 0 if an earlier one was too.
 */
static uint64_t count_of_site(const struct page_task_group *group, size_t n, size_t i)
{
    uint64_t count = 0;

    for (size_t before = 0; before < i; before++)
        if (group[before].spawn_pc == group[i].spawn_pc)
            return 0;
    for (size_t same = i; same < n; same++)
        if (group[same].spawn_pc == group[i].spawn_pc)
            count += group[same].count;
    return count;
}

void taskgroups_sites(const struct page_task_group *group, size_t n,
                      struct page_site_count site[PAGE_SITES_KEPT])
{
    memset(site, 0, PAGE_SITES_KEPT * sizeof site[0]);
    for (size_t i = 0; i < n; i++) {
        uint64_t count = count_of_site(group, n, i);
        size_t at = PAGE_SITES_KEPT;

        while (at > 0 && site[at - 1].value < count)
            at--;
        if (at == PAGE_SITES_KEPT)
            continue;
        memmove(&site[at + 1], &site[at], (PAGE_SITES_KEPT - 1 - at) * sizeof site[0]);
        site[at] = (struct page_site_count){group[i].spawn_pc, count};
    }
}
