/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/taskgroups.h"

#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "runtime/tasktab_read.h"

#define HOG_NS       (10 * NS_PER_S)
#define ROWS_AT_ONCE 256u /* between looks at the clock */
#define USED_MAX     (TASKGROUPS_MAX / 4 * 3)

_Static_assert((TASKGROUPS_MAX & (TASKGROUPS_MAX - 1)) == 0, "the hash is cut by a mask");

void taskgroups_begin(struct taskgroups *g, int64_t now_ns)
{
    memset(g, 0, sizeof *g);
    g->hog_before_ns = now_ns - HOG_NS;
    g->nrows = tasktab_used();
}

static size_t hash(uint64_t pc, uint32_t state, uint32_t reason)
{
    uint64_t h = (pc ^ (uint64_t)state << 56 ^ (uint64_t)reason << 48) *
                 UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(h >> 40) & (TASKGROUPS_MAX - 1);
}

/* The group of a kind, or the free place for it. There is one: the table never fills up. */
static struct page_task_group *find(struct taskgroups *g, uint64_t pc, uint32_t state,
                                    uint32_t reason)
{
    for (size_t i = hash(pc, state, reason);; i = (i + 1) & (TASKGROUPS_MAX - 1)) {
        struct page_task_group *group = &g->group[i];

        if (group->count == 0 ||
            (group->spawn_pc == pc && group->state == state && group->reason == reason))
            return group;
    }
}

static void note_hog(struct taskgroups *g, const struct page_task *row)
{
    if (g->nhogs < TASKGROUPS_HOGS)
        g->hog[g->nhogs++] = (struct taskgroups_hog){row->id, row->since_ns};
}

void taskgroups_add(struct taskgroups *g, const struct page_task *row)
{
    uint32_t state = PAGE_TASK_STATE(row->word);
    uint32_t reason = PAGE_TASK_REASON(row->word);
    struct page_task_group *group = find(g, row->spawn_pc, state, reason);

    if (group->count == 0) {
        if (g->used == USED_MAX)
            return; /* more kinds than anyone would look at */
        g->used++;
        *group = (struct page_task_group){.spawn_pc = row->spawn_pc,
                                          .start_fn = row->start_fn,
                                          .state = state,
                                          .reason = reason,
                                          .oldest_since_ns = row->since_ns};
    }
    if (state == PAGE_TASK_RUNNING && (int64_t)row->since_ns <= g->hog_before_ns)
        note_hog(g, row);
    group->count++;
    if (row->since_ns < group->oldest_since_ns)
        group->oldest_since_ns = row->since_ns;
}

static void count_rows(struct taskgroups *g, size_t end)
{
    struct page_task row;

    for (; g->next_row < end; g->next_row++) {
        if (tasktab_is_free(g->next_row))
            continue;
        tasktab_read(g->next_row, &row); /* one that never rests counts with what was seen of it */
        if (PAGE_TASK_STATE(row.word) != PAGE_TASK_DEAD)
            taskgroups_add(g, &row);
    }
}

bool taskgroups_count(struct taskgroups *g, int64_t deadline_ns)
{
    do
        count_rows(g, min_size(g->nrows, g->next_row + ROWS_AT_ONCE));
    while (g->next_row < g->nrows && clock_mono_ns() < deadline_ns);
    return g->next_row == g->nrows;
}

/* Puts GROUP into the N first, largest first, of at most MAX. Returns how many there are then. */
static size_t insert(struct page_task_group *top, size_t n, size_t max,
                     const struct page_task_group *group)
{
    size_t at = n;

    while (at > 0 && top[at - 1].count < group->count)
        at--;
    if (at == max)
        return n;
    if (n == max)
        n--;
    memmove(&top[at + 1], &top[at], (n - at) * sizeof *top);
    top[at] = *group;
    return n + 1;
}

size_t taskgroups_top(const struct taskgroups *g, struct page_task_group *top, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < TASKGROUPS_MAX; i++)
        if (g->group[i].count > 0)
            n = insert(top, n, max, &g->group[i]);
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
