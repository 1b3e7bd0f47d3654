/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mon/peek.h"
#include "tests/support/fakepage.h"

Test(peek, does_not_keep_its_caller_over_free_rows)
{
    static uint8_t stack[PEEK_STACK_BYTES];
    const uint64_t nrows = 100000;
    struct page_task row = {.word = PAGE_TASK_WORD(PAGE_TASK_RUNNING, 0, 2), .id = 5};
    struct page_dump_task task;
    struct page_dump_lock lock;
    char why[PEEK_TEXT_BYTES] = "";
    struct fakepage sparse;
    unsigned calls = 1;

    fakepage_init(&sparse,
                  &(struct fakepage_options){.name = "test", .nprocs = 1, .task_rows = nrows});
    fakepage_task(&sparse, nrows - 1, &row);
    struct peek *peek = peek_open(getpid(), why);
    cr_assert_not_null(peek, "%s", why);

    enum peek_progress progress = peek_next(peek, &task, stack, &lock);
    cr_assert_eq(progress, PEEK_NOTHING_YET, "progress %d", progress);
    while ((progress = peek_next(peek, &task, stack, &lock)) == PEEK_NOTHING_YET)
        cr_assert_lt(calls++, nrows, "no end");
    cr_assert(progress == PEEK_TASK && task.row.id == 5, "progress %d", progress);
    cr_assert_eq(peek_next(peek, &task, stack, &lock), PEEK_END, "there is more");
    peek_close(peek);
    fakepage_fini(&sparse);
}

Test(peek, does_not_believe_in_a_table_of_many_gib)
{
    char why[PEEK_TEXT_BYTES] = "";
    struct fakepage liar;

    fakepage_init(&liar, &(struct fakepage_options){.name = "test", .nprocs = 1, .task_rows = 4});
    liar.tasks->capacity = liar.tasks->used = UINT32_MAX;
    cr_assert_null(peek_open(getpid(), why), "it was opened");
    cr_assert_not_null(strstr(why, "damaged"), "%s", why);
    fakepage_fini(&liar);
}

/* ---- Names and locks: a runtime's own records of its tasks, in two blocks ---- */

struct record {
    uint64_t other;
    char name[PAGE_TASK_NAME_BYTES];
    uint64_t lock;
};
#define BLOCK 2

static struct record records[2 * BLOCK];
static const struct record *blocks[2] = {&records[0], &records[BLOCK]};

static struct fakepage page;

static void setup(void)
{
    fakepage_init(&page, &(struct fakepage_options){.name = "test", .nprocs = 1, .task_rows = 64});
}

static void teardown(void)
{
    fakepage_fini(&page);
}

/* Row I: a task that waits, and what it waits for. */
static void put_waiter(uint64_t i, const char *name, const void *addr, enum page_lock_kind kind)
{
    struct page_task row = {.word = PAGE_TASK_WORD(PAGE_TASK_WAITING, PAGE_WAIT_MUTEX, 2),
                            .id = 100 + i};

    snprintf(records[i].name, sizeof records[i].name, "%s", name);
    records[i].lock = (uintptr_t)addr | (uintptr_t)kind;
    fakepage_task(&page, i, &row);
}

static void tell_records(void)
{
    page.tasks->records = (uintptr_t)blocks;
    page.tasks->block_records = BLOCK;
    page.tasks->record_bytes = sizeof records[0];
    page.tasks->lock_at = offsetof(struct record, lock);
    page.tasks->name_at = offsetof(struct record, name);
}

/* What is read of row I. */
static struct page_dump_lock peek_at(uint64_t i, struct page_dump_task *task)
{
    static uint8_t stack[PEEK_STACK_BYTES];
    struct page_dump_lock lock = {.holder = 77};
    char why[PEEK_TEXT_BYTES] = "";
    struct peek *peek = peek_open(getpid(), why);

    cr_assert_not_null(peek, "%s", why);
    for (uint64_t n = 0; n <= i; n++)
        cr_assert_eq(peek_next(peek, task, stack, &lock), PEEK_TASK, "row %" PRIu64, n);
    peek_close(peek);
    cr_assert_eq(lock.task, task->row.id, "of task %" PRIu64, lock.task);
    return lock;
}

TestSuite(peekrecord, .init = setup, .fini = teardown);

Test(peekrecord, names_tasks_and_the_holders_of_their_locks)
{
    static uint32_t mutex = 3, rwmutex[16];
    struct page_dump_task task;
    struct page_dump_lock lock;

    tell_records();
    rwmutex[8 + PAGE_LOCK_TO_HOLDER / 4] = 1;
    rwmutex[8 + PAGE_LOCK_TO_READERS / 4] = 5;
    put_waiter(0, "wants", &mutex, PAGE_LOCK_MUTEX);
    put_waiter(1, "reads", &rwmutex[8], PAGE_LOCK_RW_READERS);
    put_waiter(2, "writes", &rwmutex[8], PAGE_LOCK_RW_WRITER);
    put_waiter(3, "idles", NULL, PAGE_LOCK_NONE);

    lock = peek_at(0, &task);
    cr_assert(lock.holder == 102 && lock.readers == 0, "held by %" PRIu64, lock.holder);
    cr_assert_str_eq((const char *)task.name, "wants", "%s", task.name);
    lock = peek_at(1, &task);
    cr_assert(lock.holder == 100 && lock.readers == 0, "held by %" PRIu64, lock.holder);
    lock = peek_at(2, &task);
    cr_assert(lock.holder == 0 && lock.readers == 5, "%" PRIu64 " readers", lock.readers);
    cr_assert_str_eq((const char *)task.name, "writes", "%s", task.name);
    lock = peek_at(3, &task);
    cr_assert(lock.holder == 0 && lock.readers == 0, "held by %" PRIu64, lock.holder);
}

Test(peekrecord, a_free_lock_or_one_of_a_dead_task_has_no_holder)
{
    static uint32_t nobody, dead = 5;
    struct page_dump_task task;

    tell_records();
    put_waiter(0, "", &nobody, PAGE_LOCK_MUTEX);
    put_waiter(1, "", &dead, PAGE_LOCK_MUTEX);
    cr_assert_eq(peek_at(0, &task).holder, 0, "held by nobody");
    cr_assert_eq(peek_at(1, &task).holder, 0, "held by an empty row");
}

Test(peekrecord, a_target_may_lie_about_its_records)
{
    static uint32_t beyond = UINT32_MAX, mutex = 1;
    struct page_dump_task task;

    tell_records();
    put_waiter(0, "", &beyond, PAGE_LOCK_MUTEX);
    cr_assert_eq(peek_at(0, &task).holder, 0, "held by a row beyond the table");
    put_waiter(0, "", (const void *)(uintptr_t)16, PAGE_LOCK_RW_READERS);
    cr_assert_eq(peek_at(0, &task).holder, 0, "held at no address");
    put_waiter(0, "x", &mutex, PAGE_LOCK_MUTEX);
    memset(records[0].name, 'y', sizeof records[0].name);
    cr_assert_eq(peek_at(0, &task).holder, 100, "the truth is not believed");
    cr_assert_eq(task.name[sizeof task.name - 1], '\0', "a name without an end");
    page.tasks->name_at = sizeof records[0] - 8;
    cr_assert_eq(peek_at(0, &task).holder, 0, "a name beyond its record");
    page.tasks->name_at = 0;
    page.tasks->lock_at = UINT16_MAX;
    cr_assert_eq(peek_at(0, &task).holder, 0, "a lock beyond its record");
    page.tasks->lock_at = 0;
    page.tasks->block_records = 0;
    cr_assert_eq(peek_at(0, &task).holder, 0, "blocks without records");
    tell_records();
    page.tasks->records = 8;
    cr_assert_eq(peek_at(0, &task).holder, 0, "blocks at no address");
    page.tasks->records = UINT64_MAX - 3;
    cr_assert_eq(peek_at(0, &task).holder, 0, "blocks at the end of all addresses");
}
