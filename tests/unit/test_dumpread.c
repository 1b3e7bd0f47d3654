/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <string.h>

#include "mon/dumpread.h"
#include "tests/support/fake_mail.h"

static struct dumpread_record record;

static struct dumpread reader_of(const struct fake_batch *b)
{
    return (struct dumpread){.batch = b->data, .bytes = b->bytes};
}

Test(dumpread, reads_records_in_order)
{
    struct fake_batch b = {0};
    struct page_dump_task task = {.row = {.id = 7}, .stack_lo = 0x1000, .name = "worker"};
    struct dumpread reader;

    fake_batch_begin(&b, 42);
    fake_batch_task(&b, &task, "12345678", 8);
    fake_batch_end(&b, 1);
    reader = reader_of(&b);

    cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_BEGIN, "no begin");
    cr_assert_eq(record.begin.id, 42, "id %lu", (unsigned long)record.begin.id);
    cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_TASK, "no task");
    cr_assert_eq(record.task.row.id, 7, "task %lu", (unsigned long)record.task.row.id);
    cr_assert_eq(memcmp(record.stack, "12345678", 8), 0, "another stack");
    cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_END, "no end");
    cr_assert_eq(record.end.ntasks, 1, "%lu tasks", (unsigned long)record.end.ntasks);
    cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_END_OF_BATCH, "more than there is");
    fake_batch_fini(&b);
}

Test(dumpread, reads_what_lock_a_task_waits_for)
{
    struct fake_batch b = {0};
    struct page_dump_lock lock = {
        .head = {PAGE_DUMP_LOCK, sizeof lock}, .task = 7, .holder = 9, .readers = 3};
    struct dumpread reader;

    fake_batch_record(&b, &lock, sizeof lock);
    reader = reader_of(&b);

    cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_LOCK, "no lock");
    cr_assert_eq(memcmp(&record.lock, &lock, sizeof lock), 0, "another lock");
    fake_batch_fini(&b);
}

Test(dumpread, skips_kinds_that_it_does_not_know)
{
    struct fake_batch b = {0};
    struct page_dump_record other[2] = {{.kind = 99, .bytes = sizeof other}};
    struct dumpread reader;

    fake_batch_record(&b, other, sizeof other);
    fake_batch_end(&b, 3);
    reader = reader_of(&b);

    cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_END, "the record behind is lost");
    fake_batch_fini(&b);
}

Test(dumpread, ends_the_name_of_a_task)
{
    struct fake_batch b = {0};
    struct page_dump_task task = {0};
    struct dumpread reader;

    memset(task.name, 'a', sizeof task.name);
    fake_batch_task(&b, &task, NULL, 0);
    reader = reader_of(&b);

    cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_TASK, "no task");
    cr_assert_eq(strlen((const char *)record.task.name), sizeof task.name - 1, "length %zu",
                 strlen((const char *)record.task.name));
    fake_batch_fini(&b);
}

Test(dumpread, stops_at_lengths_that_cannot_be)
{
    static const uint32_t lengths[] = {0, 1, 4, 7, 12, 1u << 20, UINT32_MAX};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct fake_batch b = {0};
        struct page_dump_record head[4] = {{.kind = 99, .bytes = lengths[i]}};
        struct dumpread reader;

        fake_batch_record(&b, head, sizeof head);
        reader = reader_of(&b);
        cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_DAMAGED, "length %u", lengths[i]);
        fake_batch_fini(&b);
    }
}

Test(dumpread, refuses_stacks_that_are_not_there)
{
    static const uint64_t sizes[] = {9, 1u << 30, UINT64_MAX};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct page_dump_task task = {
            .head = {.kind = PAGE_DUMP_TASK, .bytes = sizeof task + 8},
            .stack_bytes = sizes[i]};
        struct fake_batch b = {0};
        struct dumpread reader;

        fake_batch_record(&b, &task, sizeof task);
        fake_batch_record(&b, "12345678", 8);
        reader = reader_of(&b);
        cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_DAMAGED, "%lu bytes of stack",
                     (unsigned long)sizes[i]);
        fake_batch_fini(&b);
    }
}

Test(dumpread, refuses_known_kinds_that_are_too_short)
{
    for (uint32_t kind = PAGE_DUMP_BEGIN; kind <= PAGE_DUMP_LOCK; kind++) {
        struct page_dump_record head = {.kind = kind, .bytes = sizeof head};
        struct fake_batch b = {0};
        struct dumpread reader;

        fake_batch_record(&b, &head, sizeof head);
        reader = reader_of(&b);
        cr_assert_eq(dumpread_next(&reader, &record), DUMPREAD_DAMAGED, "kind %u", kind);
        fake_batch_fini(&b);
    }
}
