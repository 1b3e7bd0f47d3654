/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "base/clock.h"
#include "gort/sync.h"
#include "runtime/parklot.h"
#include "runtime/taskgroups.h"
#include "runtime/tasktab.h"
#include "tests/support/faketask.h"

static struct taskgroups groups;
static struct page_task_group top[TASKGROUPS_TOP];

static void add(uint64_t pc, enum page_task_state state, enum page_wait_reason reason,
                uint64_t since_ns, unsigned times)
{
    struct page_task row = {
        .word = PAGE_TASK_WORD(state, reason, 2), .spawn_pc = pc, .since_ns = since_ns};

    while (times-- > 0)
        taskgroups_add(&groups, &row);
}

Test(taskgroups, tasks_of_one_site_state_and_reason_are_one_group)
{
    size_t n = 0;

    add(1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 50, 3);
    add(1, PAGE_TASK_WAITING, PAGE_WAIT_MUTEX, 50, 2);
    add(1, PAGE_TASK_RUNNABLE, PAGE_WAIT_NONE, 50, 1);
    add(2, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 50, 4);
    add(1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 40, 3);
    n = taskgroups_top(&groups, top);

    cr_assert_eq(n, 4, "%zu groups", n);
    cr_assert_eq(top[0].count, 6, "%" PRIu64 " in the largest", top[0].count);
    cr_assert_eq(top[0].spawn_pc, 1, "of site %" PRIu64, top[0].spawn_pc);
    cr_assert_eq(top[0].reason, PAGE_WAIT_SLEEP, "reason %u", top[0].reason);
    cr_assert_eq(top[0].oldest_since_ns, 40, "oldest since %" PRIu64, top[0].oldest_since_ns);
    for (size_t i = 1; i < n; i++)
        cr_assert_leq(top[i].count, top[i - 1].count, "group %zu is larger", i);
}

Test(taskgroups, only_the_largest_are_told)
{
    size_t n = 0;

    for (unsigned i = 1; i <= 600; i++)
        add(i, PAGE_TASK_WAITING, PAGE_WAIT_IO, 1, (i * 7919) % 601);
    n = taskgroups_top(&groups, top);

    cr_assert_eq(n, 256, "%zu groups", n);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(top[i].count, 600 - i, "group %zu has %" PRIu64, i, top[i].count);
}

Test(taskgroups, more_kinds_than_there_is_room_for_are_left_out)
{
    for (unsigned i = 1; i <= 2 * TASKGROUPS_MAX; i++)
        add(i, PAGE_TASK_WAITING, PAGE_WAIT_IO, 1, 1);
    add(1, PAGE_TASK_WAITING, PAGE_WAIT_IO, 1, 1);
    cr_assert_lt(groups.used, TASKGROUPS_MAX, "%zu groups", groups.used);
    taskgroups_top(&groups, top);
    cr_assert_eq(top[0].count, 2, "the first kind has %" PRIu64, top[0].count);
}

Test(taskgroups, a_count_goes_on_where_it_stopped)
{
    const unsigned ntasks = 1000;
    unsigned steps = 1;

    faketask_init(2 * ntasks);
    for (unsigned i = 0; i < ntasks; i++)
        faketask_born();
    taskgroups_begin(&groups, 0);
    while (!taskgroups_count(&groups, 0)) /* no time at all */
        steps++;

    cr_assert_gt(steps, 1, "all at once");
    uint64_t sum = 0;
    size_t n = taskgroups_top(&groups, top);

    for (size_t i = 0; i < n; i++)
        sum += top[i].count;
    cr_assert_eq(n, 256, "%zu groups: each task has a site of its own", n);
    cr_assert_eq(groups.used, ntasks, "%zu kinds", groups.used);
    cr_assert_eq(sum, 256, "%" PRIu64 " tasks in them", sum);
}

Test(taskgroups, sites_sum_their_groups)
{
    struct page_site_count site[PAGE_SITES_KEPT];
    const struct page_task_group group[] = {
        {.spawn_pc = 1, .count = 10}, {.spawn_pc = 2, .count = 8}, {.spawn_pc = 3, .count = 6},
        {.spawn_pc = 2, .count = 5},  {.spawn_pc = 3, .count = 1},
    };

    taskgroups_sites(group, sizeof group / sizeof group[0], site);
    cr_assert(site[0].pc == 2 && site[0].value == 13, "%" PRIu64 " has %" PRIu64, site[0].pc,
              site[0].value);
    cr_assert(site[1].pc == 1 && site[1].value == 10, "%" PRIu64 " has %" PRIu64, site[1].pc,
              site[1].value);
    cr_assert(site[2].pc == 3 && site[2].value == 7, "%" PRIu64 " has %" PRIu64, site[2].pc,
              site[2].value);
    cr_assert_eq(site[3].value, 0, "a fourth site");
}

Test(taskgroups, sixteen_sites_are_kept)
{
    struct page_site_count site[PAGE_SITES_KEPT];
    struct page_task_group group[40] = {0};

    for (unsigned i = 0; i < 40; i++)
        group[i] = (struct page_task_group){.spawn_pc = i + 1, .count = 100 + i};
    taskgroups_sites(group, 40, site);
    for (unsigned i = 0; i < PAGE_SITES_KEPT; i++)
        cr_assert_eq(site[i].value, 139 - i, "site %u has %" PRIu64, i, site[i].value);
}

Test(taskgroups, a_task_that_runs_without_end_is_named)
{
    struct page_task row = {.word = PAGE_TASK_WORD(PAGE_TASK_RUNNING, PAGE_WAIT_NONE, 2)};

    groups.hog_before_ns = 100;
    for (uint64_t since_ns = 99; since_ns <= 101; since_ns++) {
        row.id = since_ns;
        row.since_ns = since_ns;
        taskgroups_add(&groups, &row);
    }
    row.word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_IO, 2);
    row.since_ns = 1;
    taskgroups_add(&groups, &row);

    cr_assert_eq(groups.nhogs, 2, "%zu hogs", groups.nhogs);
    cr_assert_eq(groups.hog[0].id, 99, "id %" PRIu64, groups.hog[0].id);
    cr_assert_eq(groups.hog[1].id, 100, "id %" PRIu64, groups.hog[1].id);
}

/* ---- Who holds what ---- */

/* N tasks of one site that wait at ADDR, a part of a lock. */
static void waiters(unsigned n, const void *addr, enum lot_kind kind, enum wait_reason reason)
{
    while (n-- > 0) {
        struct task *t = faketask_waiting(512);

        t->spawn_pc = 0x77;
        t->reason = (uint8_t)reason;
        atomic_store_explicit(&t->lot_word, (uintptr_t)addr | (uintptr_t)kind,
                              memory_order_relaxed);
        tasktab_born(t, 1);
        tasktab_update(t, TASK_WAITING, 1);
    }
}

static struct task *take(gort_mutex *m)
{
    struct task *t = faketask_waiting(512);

    atomic_store_explicit(&m->gort_holder, t->slot + 1, memory_order_relaxed);
    return t;
}

/* Counts all, and returns the group of those who wait for REASON. */
static const struct page_task_group *count_of(enum page_wait_reason reason)
{
    size_t n;

    taskgroups_begin(&groups, 0);
    while (!taskgroups_count(&groups, INT64_MAX))
        ;
    n = taskgroups_top(&groups, top);
    for (size_t i = 0; i < n; i++)
        if (top[i].reason == reason)
            return &top[i];
    cr_assert_fail("no group of reason %d", (int)reason);
    return NULL;
}

static void prepare_locks(void)
{
    faketask_init(4096);
    lots_init();
}

Test(taskgroups, the_holder_that_most_wait_for_is_told, .init = prepare_locks)
{
    gort_mutex m[3] = {0};
    struct task *holder[3];
    const struct page_task_group *g;

    for (unsigned i = 0; i < 3; i++) {
        holder[i] = take(&m[i]);
        waiters(i == 1 ? 5 : 2, &m[i], LOT_MUTEX, WAIT_MUTEX);
    }
    g = count_of(PAGE_WAIT_MUTEX);

    cr_assert_eq(g->count, 9, "%" PRIu64 " tasks", g->count);
    cr_assert(g->holder == holder[1]->id && g->held == 5, "%" PRIu64 " of them wait for %" PRIu64,
              g->held, g->holder);
    cr_assert_eq(g->readers, 0, "%" PRIu64 " readers", g->readers);
    cr_assert_str_eq((const char *)g->holder_name, holder[1]->name, "%s", g->holder_name);
    cr_assert(g->holder_state == PAGE_TASK_WAITING && g->holder_reason == PAGE_WAIT_CHAN_RECV,
              "state %u, reason %u", g->holder_state, g->holder_reason);
    cr_assert_eq(g->holder_pc, holder[1]->wait_pc, "pc %" PRIx64, g->holder_pc);
}

Test(taskgroups, a_holder_that_runs_is_nowhere_in_particular, .init = prepare_locks)
{
    gort_mutex m = {0};
    struct task *holder = take(&m);
    const struct page_task_group *g;

    tasktab_update(holder, TASK_RUNNING, 1);
    waiters(2, &m, LOT_MUTEX, WAIT_ONCE);
    g = count_of(PAGE_WAIT_ONCE);
    cr_assert(g->holder == holder->id && g->holder_state == PAGE_TASK_RUNNING,
              "held by %" PRIu64 " in state %u", g->holder, g->holder_state);
    cr_assert_eq(g->holder_pc, 0, "pc %" PRIx64, g->holder_pc);
}

Test(taskgroups, readers_wait_for_a_writer_and_a_writer_for_readers, .init = prepare_locks)
{
    gort_rwmutex written = {0}, read = {0};
    struct task *writer = take(&written.gort_writers);
    const struct page_task_group *g;

    waiters(3, &written.gort_readers, LOT_RW_READERS, WAIT_RWMUTEX_RLOCK);
    atomic_store_explicit(&read.gort_readers, 7, memory_order_relaxed);
    waiters(1, &read.gort_writers.gort_waiters, LOT_RW_WRITER, WAIT_RWMUTEX_LOCK);
    g = count_of(PAGE_WAIT_RWMUTEX_RLOCK);
    cr_assert(g->holder == writer->id && g->held == 3 && g->readers == 0,
              "%" PRIu64 " wait for %" PRIu64, g->held, g->holder);
    g = count_of(PAGE_WAIT_RWMUTEX_LOCK);
    cr_assert(g->holder == 0 && g->readers == 7 && g->held == 1,
              "%" PRIu64 " for %" PRIu64 " readers", g->held, g->readers);
}

/* T waits for M. */
static void want(struct task *t, gort_mutex *m)
{
    t->reason = WAIT_MUTEX;
    atomic_store_explicit(&t->lot_word, (uintptr_t)m | LOT_MUTEX, memory_order_relaxed);
}

Test(taskgroups, a_holder_that_waits_in_a_circle_is_told, .init = prepare_locks)
{
    gort_mutex m[3] = {0};
    struct task *holder[3];
    const struct page_task_group *g;

    for (unsigned i = 0; i < 3; i++)
        holder[i] = take(&m[i]);
    want(holder[0], &m[1]);
    want(holder[1], &m[2]);
    waiters(2, &m[0], LOT_MUTEX, WAIT_MUTEX);
    g = count_of(PAGE_WAIT_MUTEX);
    cr_assert(g->holder == holder[0]->id && g->circle == 0, "holder %" PRIu64 ", circle of %u",
              g->holder, g->circle);

    want(holder[2], &m[0]);
    g = count_of(PAGE_WAIT_MUTEX);
    cr_assert_eq(g->circle, 3, "circle of %u", g->circle);

    want(holder[2], &m[1]); /* the first one waits for a circle, and is in none */
    g = count_of(PAGE_WAIT_MUTEX);
    cr_assert_eq(g->circle, 0, "circle of %u", g->circle);

    want(holder[0], &m[0]);
    g = count_of(PAGE_WAIT_MUTEX);
    cr_assert_eq(g->circle, 1, "its own lock: circle of %u", g->circle);
}

Test(taskgroups, a_lock_that_was_let_go_has_no_holder, .init = prepare_locks)
{
    gort_mutex m = {0};
    const struct page_task_group *g;

    waiters(2, &m, LOT_MUTEX, WAIT_MUTEX);
    g = count_of(PAGE_WAIT_MUTEX);
    cr_assert(g->count == 2 && g->holder == 0 && g->held == 0, "%" PRIu64 " wait for %" PRIu64,
              g->held, g->holder);
}

Test(taskgroups, more_holders_than_there_is_room_for_are_left_out, .init = prepare_locks)
{
    static gort_mutex m[TASKHOLDERS_MAX];
    const struct page_task_group *g;

    for (unsigned i = 0; i < TASKHOLDERS_MAX; i++) {
        take(&m[i]);
        waiters(1, &m[i], LOT_MUTEX, WAIT_MUTEX);
    }
    g = count_of(PAGE_WAIT_MUTEX);
    cr_assert_lt(groups.holders.used, TASKHOLDERS_MAX, "%zu pairs", groups.holders.used);
    cr_assert(g->count == TASKHOLDERS_MAX && g->held == 1 && g->holder == 1,
              "%" PRIu64 " of %" PRIu64 " wait for %" PRIu64, g->held, g->count, g->holder);
}

Test(taskgroups, no_more_hogs_are_named_than_there_is_room_for)
{
    groups.hog_before_ns = 100;
    add(1, PAGE_TASK_RUNNING, PAGE_WAIT_NONE, 1, 5 * TASKGROUPS_HOGS);
    cr_assert_eq(groups.nhogs, TASKGROUPS_HOGS, "%zu hogs", groups.nhogs);
}
