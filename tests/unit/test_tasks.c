/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/tasktable.h"
#include "tests/support/fakepage.h"

#define ROWS 200000

static struct fakepage page;
static struct tasktable *table;
static struct task_groups groups;

static void setup(void)
{
    fakepage_init(&page,
                  &(struct fakepage_options){.name = "fake", .nprocs = 1, .task_rows = ROWS});
    table = tasktable_open(dup(page.tasks_fd));
    cr_assert_not_null(table, "the table was refused");
}

static void teardown(void)
{
    tasktable_close(table);
    fakepage_fini(&page);
}

TestSuite(tasks, .init = setup, .fini = teardown);

static void put(uint64_t row, enum page_task_state state, enum page_wait_reason reason,
                uint64_t spawn_pc)
{
    fakepage_task(&page, row,
                  &(struct page_task){.word = PAGE_TASK_WORD(state, reason, 2),
                                      .id = row + 1,
                                      .since_ns = 1000 + row,
                                      .spawn_pc = spawn_pc});
}

static void count(void)
{
    enum tasktable_progress progress = tasktable_count(table, &groups);

    cr_assert_eq(progress, TASKTABLE_COUNTED, "progress %d", progress);
}

Test(tasks, an_empty_table_has_no_tasks)
{
    count();
    cr_assert(groups.valid && groups.ntasks == 0 && groups.n == 0, "%" PRIu64 " tasks",
              groups.ntasks);
}

Test(tasks, equal_ones_are_one_group_and_the_biggest_comes_first)
{
    put(0, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 77);
    for (uint64_t i = 1; i < 4; i++)
        put(i, PAGE_TASK_WAITING, PAGE_WAIT_CHAN_RECV, 77);
    put(4, PAGE_TASK_WAITING, PAGE_WAIT_CHAN_RECV, 88);
    put(5, PAGE_TASK_RUNNING, PAGE_WAIT_NONE, 77);
    count();

    cr_assert_eq(groups.n, 4, "%" PRIu32 " groups", groups.n);
    cr_assert(groups.group[0].count == 3 && groups.group[0].spawn_pc == 77 &&
                  groups.group[0].reason == PAGE_WAIT_CHAN_RECV,
              "first: %" PRIu64 " of %" PRIu64, groups.group[0].count, groups.group[0].spawn_pc);
    cr_assert_eq(groups.by_state[TASK_WAITING], 5, "waiting %" PRIu64,
                 groups.by_state[TASK_WAITING]);
    cr_assert_eq(groups.by_state[TASK_RUNNING], 1, "running %" PRIu64,
                 groups.by_state[TASK_RUNNING]);
}

Test(tasks, the_longest_wait_of_a_group_is_kept)
{
    put(0, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 1);
    put(9, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 1);
    count();

    cr_assert_eq(groups.group[0].oldest_since_ns, 1000, "since %" PRId64,
                 groups.group[0].oldest_since_ns);
}

Test(tasks, free_rows_and_unknown_states_do_not_count)
{
    put(0, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 1);
    put(1, PAGE_TASK_DEAD, PAGE_WAIT_NONE, 1);
    put(2, (enum page_task_state)77, PAGE_WAIT_NONE, 1);
    count();

    cr_assert_eq(groups.ntasks, 1, "%" PRIu64 " tasks", groups.ntasks);
}

Test(tasks, many_pieces_are_one_count)
{
    for (uint64_t i = 0; i < ROWS; i++)
        put(i, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, i % 3);
    count();

    cr_assert_eq(groups.ntasks, ROWS, "%" PRIu64 " tasks", groups.ntasks);
    cr_assert_eq(groups.n, 3, "%" PRIu32 " groups", groups.n);
}

Test(tasks, more_groups_than_there_is_room_for_are_counted_as_beyond)
{
    uint64_t shown = 0;

    for (uint64_t i = 0; i < 10000; i++)
        put(i, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, i + 1);
    count();
    for (uint32_t i = 0; i < groups.n; i++)
        shown += groups.group[i].count;

    cr_assert_eq(groups.n, TASK_GROUPS_MAX, "%" PRIu32 " groups", groups.n);
    cr_assert_eq(shown + groups.beyond, 10000, "%" PRIu64 " shown, %" PRIu64 " beyond", shown,
                 groups.beyond);
}

Test(tasks, a_second_count_starts_anew)
{
    put(0, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 1);
    count();
    put(0, PAGE_TASK_RUNNING, PAGE_WAIT_NONE, 1);
    count();

    cr_assert(groups.ntasks == 1 && groups.n == 1 && groups.group[0].state == TASK_RUNNING,
              "%" PRIu64 " tasks in %" PRIu32 " groups", groups.ntasks, groups.n);
}

Test(tasks, a_table_that_lies_about_its_size_is_no_count)
{
    page.tasks->used = UINT64_MAX;
    page.tasks->capacity = UINT64_MAX;
    cr_assert_eq(tasktable_count(table, &groups), TASKTABLE_CUT, "%" PRIu64 " tasks",
                 groups.ntasks);
}

Test(tasks, a_table_cut_meanwhile_is_no_count)
{
    put(ROWS - 1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 1);
    cr_assert_eq(ftruncate(page.tasks_fd, 100), 0, "ftruncate");
    cr_assert_eq(tasktable_count(table, &groups), TASKTABLE_CUT, "it was counted");
    cr_assert_not(groups.valid, "and is valid");
}

Test(tasks, a_table_of_more_than_a_gib_is_refused)
{
    page.tasks->capacity = TASKTABLE_BYTES_MAX / sizeof(struct page_task);
    tasktable_close(table);
    table = tasktable_open(dup(page.tasks_fd));
    cr_assert_not_null(table, "one of a GiB is refused");
    page.tasks->capacity++;
    cr_assert_null(tasktable_open(dup(page.tasks_fd)), "it was opened");
}

/* The rows lie in a hole of the file: they are read as free ones. */
Test(tasks, a_large_table_takes_several_calls)
{
    uint64_t nrows = TASKTABLE_CALL_BYTES / sizeof(struct page_task) + 1;
    struct page_task last = {.word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 2)};

    put(0, PAGE_TASK_RUNNING, PAGE_WAIT_NONE, 1);
    count();
    put(0, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 1);
    page.tasks->capacity = nrows;
    page.tasks->used = nrows;
    cr_assert_eq(pwrite(page.tasks_fd, &last, sizeof last,
                        (off_t)(page.tasks->header_bytes + (nrows - 1) * sizeof last)),
                 (ssize_t)sizeof last, "pwrite");
    tasktable_close(table);
    table = tasktable_open(dup(page.tasks_fd));

    cr_assert_eq(tasktable_count(table, &groups), TASKTABLE_PART, "all at once");
    cr_assert(groups.valid && groups.by_state[TASK_RUNNING] == 1, "half a count is shown");
    count();
    cr_assert(groups.ntasks == 2 && groups.nrows == nrows && groups.by_state[TASK_WAITING] == 2,
              "%" PRIu64 " tasks in %" PRIu64 " rows", groups.ntasks, groups.nrows);
    cr_assert_eq(tasktable_count(table, &groups), TASKTABLE_PART, "the next one does not begin");
}

Test(tasks, other_bytes_than_a_table_are_refused)
{
    page.tasks->magic[0] = 'X';
    cr_assert_null(tasktable_open(dup(page.tasks_fd)), "it was opened");
}

Test(tasks, reasons_and_states_have_names)
{
    cr_assert_str_eq(task_reason_name(PAGE_WAIT_CHAN_RECV), "chan receive", "%s",
                     task_reason_name(PAGE_WAIT_CHAN_RECV));
    cr_assert_str_eq(task_reason_name(255), "unknown", "%s", task_reason_name(255));
    cr_assert_str_eq(task_state_name((enum task_state)77), "unknown", "%s",
                     task_state_name((enum task_state)77));
}
