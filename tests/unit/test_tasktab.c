/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/tasktab.h"
#include "runtime/tasktab_read.h"
#include "tests/support/procfd.h"

#define ROWS 100

static char stack_memory[8192] __attribute__((aligned(4096)));

static void start(void *arg)
{
    (void)arg;
}

static struct task task_in(uint32_t slot)
{
    struct task t = {.slot = slot, .id = 1000 + slot, .spawn_pc = 0x111, .fn = start};

    t.wait_pc = 0x222;
    t.reason = WAIT_MUTEX;
    return t;
}

static struct page_task row_at(size_t slot)
{
    struct page_task row;

    cr_assert(tasktab_read(slot, &row), "row %zu is in flux", slot);
    return row;
}

static void setup(void)
{
    cr_assert_eq(tasktab_init(ROWS, TASKTAB_SHARED), 0, "no shared table");
}

TestSuite(tasktab, .init = setup);

Test(tasktab, a_born_task_is_runnable_and_has_no_stack)
{
    struct task t = task_in(7);
    struct page_task row;

    tasktab_born(&t, 50);
    row = row_at(7);

    cr_assert_eq(PAGE_TASK_STATE(row.word), PAGE_TASK_RUNNABLE, "word %" PRIx64, row.word);
    cr_assert_eq(row.id, 1007, "id %" PRIu64, row.id);
    cr_assert_eq(row.since_ns, 50, "since %" PRIu64, row.since_ns);
    cr_assert_eq(row.spawn_pc, 0x111, "spawned at %" PRIx64, row.spawn_pc);
    cr_assert_eq(row.start_fn, (uintptr_t)start, "function %" PRIx64, row.start_fn);
    cr_assert(row.sp == 0 && row.pc == 0 && row.stack_hi == 0, "it has a stack");
}

Test(tasktab, a_waiting_task_shows_why_and_where)
{
    struct task t = task_in(0);
    struct page_task row;

    tasktab_born(&t, 50);
    t.stack = (struct stack){stack_memory, sizeof stack_memory};
    t.sp = stack_memory + 8000;
    tasktab_update(&t, TASK_WAITING, 60);
    row = row_at(0);

    cr_assert_eq(PAGE_TASK_STATE(row.word), PAGE_TASK_WAITING, "word %" PRIx64, row.word);
    cr_assert_eq(PAGE_TASK_REASON(row.word), PAGE_WAIT_MUTEX, "word %" PRIx64, row.word);
    cr_assert_eq(row.since_ns, 60, "since %" PRIu64, row.since_ns);
    cr_assert_eq(row.sp, (uintptr_t)t.sp, "sp %" PRIx64, row.sp);
    cr_assert_eq(row.pc, 0x222, "pc %" PRIx64, row.pc);
    cr_assert_eq(row.stack_hi, (uintptr_t)stack_hi(t.stack), "end %" PRIx64, row.stack_hi);
}

Test(tasktab, a_running_task_has_no_saved_stack_pointer_and_no_reason)
{
    struct task t = task_in(0);
    struct page_task row;

    tasktab_born(&t, 50);
    t.stack = (struct stack){stack_memory, sizeof stack_memory};
    t.sp = stack_memory + 8000;
    tasktab_update(&t, TASK_RUNNING, 60);
    row = row_at(0);

    cr_assert_eq(PAGE_TASK_STATE(row.word), PAGE_TASK_RUNNING, "word %" PRIx64, row.word);
    cr_assert_eq(PAGE_TASK_REASON(row.word), PAGE_WAIT_NONE, "word %" PRIx64, row.word);
    cr_assert_eq(row.sp, 0, "sp %" PRIx64, row.sp);
}

Test(tasktab, the_generation_is_even_at_rest_and_never_comes_back)
{
    struct task t = task_in(3);
    uint32_t before = 0;

    for (int i = 0; i < 5; i++) {
        uint32_t generation = 0;

        tasktab_born(&t, i);
        tasktab_dead(&t);
        generation = PAGE_TASK_GENERATION(row_at(3).word);
        cr_assert_eq(generation % 2, 0, "generation %u", generation);
        cr_assert_eq(generation, before + 4, "generation %u after %u", generation, before);
        cr_assert(tasktab_is_free(3), "not free");
        before = generation;
    }
}

Test(tasktab, a_row_that_went_on_is_told_apart)
{
    struct task t = task_in(3);
    struct page_task row;

    tasktab_born(&t, 1);
    row = row_at(3);
    cr_assert(tasktab_is_unchanged(3, &row), "it rests");
    tasktab_update(&t, TASK_RUNNABLE, 1);
    cr_assert_not(tasktab_is_unchanged(3, &row), "it went on");
}

Test(tasktab, used_is_the_highest_row_ever_and_one)
{
    struct task high = task_in(41);
    struct task low = task_in(2);

    cr_assert_eq(tasktab_used(), 0, "%zu", tasktab_used());
    tasktab_born(&high, 1);
    tasktab_born(&low, 1);
    tasktab_dead(&high);
    cr_assert_eq(tasktab_used(), 42, "%zu", tasktab_used());
}

Test(tasktab, tasks_beyond_the_table_are_left_out)
{
    struct task t = task_in(ROWS);

    tasktab_born(&t, 1);
    tasktab_update(&t, TASK_RUNNING, 1);
    tasktab_dead(&t);
    cr_assert_eq(tasktab_used(), 0, "%zu", tasktab_used());
}

Test(tasktab, another_process_reads_it_by_its_header)
{
    struct task t = task_in(5);
    struct page_tasks_header h;
    struct page_task row;
    int fd = procfd_open(getpid(), PAGE_TASKS_MEMFD_NAME, O_RDONLY);
    static const uint8_t magic[] = PAGE_TASKS_MAGIC;

    tasktab_born(&t, 1);
    cr_assert_geq(fd, 0, "no such file");
    cr_assert_eq(pread(fd, &h, sizeof h, 0), (ssize_t)sizeof h, "no header");
    cr_assert_eq(memcmp(h.magic, magic, sizeof magic), 0, "magic");
    cr_assert_eq(h.capacity, ROWS, "%" PRIu64 " rows", h.capacity);
    cr_assert_eq(h.used, 6, "%" PRIu64 " rows used", h.used);
    pread(fd, &row, sizeof row, (off_t)(h.header_bytes + 5 * h.row_bytes));
    cr_assert_eq(row.id, 1005, "id %" PRIu64, row.id);
}

Test(tasktab, another_process_can_neither_write_nor_cut_it)
{
    int fd = procfd_open(getpid(), PAGE_TASKS_MEMFD_NAME, O_RDWR);
    struct stat st;

    cr_assert_geq(fd, 0, "no such file");
    cr_assert_eq(fstat(fd, &st), 0, "fstat");
    cr_assert_eq(st.st_mode & 0777, 0600, "mode %o", st.st_mode & 0777);
    cr_assert_lt(pwrite(fd, "x", 1, 64), 0, "it was written");
    cr_assert_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED,
                 "it was mapped for writing");
    cr_assert_lt(ftruncate(fd, 0), 0, "it was cut");
}
