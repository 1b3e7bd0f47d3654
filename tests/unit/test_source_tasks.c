/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/source.h"
#include "tests/support/fakepage.h"

#define START_NS (1000 * NS_PER_S)

static struct fakepage page;
static struct metric_table table;

static void setup(void)
{
    fakepage_init(&page,
                  &(struct fakepage_options){.name = "fake", .nprocs = 2, .task_rows = 1000});
}

static void teardown(void)
{
    fakepage_fini(&page);
}

TestSuite(source_tasks, .init = setup, .fini = teardown);

static struct source *open_own(void)
{
    struct source_failure failure;
    struct source *s;

    metric_table_init(&table);
    s = source_page_open(getpid(), fakepage_own_start_ticks(), &table, &failure);
    cr_assert_not_null(s, "status %d: %s", failure.status, failure.why);
    return s;
}

/* ---- Who holds what tasks wait for ---- */

static const struct page_task_group held = {.spawn_pc = 7,
                                            .start_fn = 8,
                                            .state = PAGE_TASK_WAITING,
                                            .reason = PAGE_WAIT_MUTEX,
                                            .count = 3,
                                            .held = 2,
                                            .holder = 55,
                                            .holder_pc = 0x99,
                                            .holder_state = PAGE_TASK_WAITING,
                                            .holder_reason = PAGE_WAIT_SLEEP,
                                            .holder_name = "ke\033ep",
                                            .circle = 4};

/* N tasks of the kind that HELD tells of, in the table. */
static void put_held_tasks(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        fakepage_task(&page, i,
                      &(struct page_task){.word = PAGE_TASK_WORD(held.state, held.reason, 2),
                                          .id = i + 1,
                                          .spawn_pc = held.spawn_pc,
                                          .start_fn = held.start_fn});
}

static struct task_groups counted;

/* The holder of the only group. */
static const struct task_holder *only_holder(void)
{
    struct source *s = open_own();
    bool read = s->ops->tasks(s, &counted);

    s->ops->close(s);
    cr_assert(read && counted.valid && counted.n == 1, "%" PRIu32 " groups", counted.n);
    return task_group_holder(&counted, &counted.group[0]);
}

static void assert_holder(uint64_t nwaiters)
{
    const struct task_holder *h = only_holder();

    cr_assert_not_null(h, "no holder");
    cr_assert(h->id == 55 && h->readers == 0, "held by %" PRIu64, h->id);
    cr_assert_eq(h->nwaiters, nwaiters, "%" PRIu64 " wait for it", h->nwaiters);
    cr_assert(h->state == TASK_WAITING && h->reason == PAGE_WAIT_SLEEP && h->pc == 0x99,
              "state %d, reason %" PRIu32, h->state, h->reason);
    cr_assert_str_eq(h->name, "ke?ep", "\"%s\"", h->name);
    cr_assert_eq(h->circle, 4, "in a circle of %" PRIu32, h->circle);
}

Test(source_tasks, the_target_tells_who_holds_what_counted_tasks_wait_for)
{
    put_held_tasks(4);
    fakepage_task_groups(&page, START_NS, &held, 1);
    assert_holder(2);
    cr_assert_eq(counted.group[0].count, 4, "%" PRIu64 " tasks", counted.group[0].count);
}

Test(source_tasks, the_groups_of_a_page_alone_have_their_holders)
{
    page.tasks->magic[0] = 'X';
    fakepage_task_groups(&page, START_NS, &held, 1);
    assert_holder(2);
}

Test(source_tasks, no_more_tasks_wait_than_there_are)
{
    put_held_tasks(1);
    fakepage_task_groups(&page, START_NS, &held, 1);
    assert_holder(1);
}

Test(source_tasks, a_holder_is_of_tasks_of_its_own_kind_only)
{
    struct page_task_group other[3] = {held, held, held};

    put_held_tasks(2);
    other[0].start_fn++;
    other[1].reason = PAGE_WAIT_ONCE;
    other[2].held = 0;
    fakepage_task_groups(&page, START_NS, other, 3);
    cr_assert_null(only_holder(), "held by %" PRIu64, only_holder()->id);
}

Test(source_tasks, a_page_of_before_holders_is_read)
{
    struct page_section *s = fakepage_section(&page, PAGE_SECTION_TASK_GROUPS);
    struct page_task_group group = held;

    page.tasks->magic[0] = 'X';
    s->stride = s->count * PAGE_TASK_GROUP_LEAST;
    fakepage_task_groups(&page, START_NS, &group, 1);
    cr_assert_null(only_holder(), "held by %" PRIu64, only_holder()->id);
    cr_assert_eq(counted.group[0].count, 3, "%" PRIu64 " tasks", counted.group[0].count);
}

Test(source_tasks, a_holder_may_be_in_a_state_that_nobody_knows)
{
    struct page_task_group group = held;

    put_held_tasks(2);
    group.holder_state = UINT32_MAX;
    group.holder_reason = UINT32_MAX;
    memset(group.holder_name, 'n', sizeof group.holder_name);
    fakepage_task_groups(&page, START_NS, &group, 1);
    const struct task_holder *h = only_holder();

    cr_assert(h != NULL && h->state == TASK_DEAD, "state %d", h == NULL ? -1 : (int)h->state);
    cr_assert_eq(strlen(h->name), sizeof h->name - 1, "\"%s\"", h->name);
}
