/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/peekrecord.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "mon/procmem.h"

#define RECORD_BYTES_MAX 4096u /* a larger one is not believed */

struct peekrecords peekrecords_of(pid_t pid, int fd, const struct page_tasks_header *head)
{
    struct peekrecords p = {.pid = pid, .fd = fd, .head = *head};
    const struct page_tasks_header *h = &p.head;

    if (h->block_records == 0 || h->record_bytes > RECORD_BYTES_MAX ||
        h->lock_at + sizeof(uint64_t) > h->record_bytes ||
        h->name_at + (size_t)PAGE_TASK_NAME_BYTES > h->record_bytes)
        p.head.records = 0;
    return p;
}

/* Copies BYTES at ADDR of the target, all of them. */
static bool take(const struct peekrecords *p, uint64_t addr, void *to, size_t bytes)
{
    return procmem_read(p->pid, addr, to, bytes) == (ssize_t)bytes;
}

static bool take_record(struct peekrecords *p, uint64_t i, uint8_t record[RECORD_BYTES_MAX])
{
    const struct page_tasks_header *h = &p->head;
    uint64_t block = i / h->block_records;

    if (p->block != block + 1) {
        p->block = 0;
        if (!take(p, h->records + block * sizeof p->block_addr, &p->block_addr,
                  sizeof p->block_addr))
            return false;
        p->block = block + 1;
    }
    return take(p, p->block_addr + i % h->block_records * h->record_bytes, record, h->record_bytes);
}

/* The id of the task whose row, counted from 1, lies at ADDR; 0: none. */
static uint64_t holder_at(const struct peekrecords *p, uint64_t addr)
{
    struct page_task row;
    uint32_t number;

    if (!take(p, addr, &number, sizeof number) || number == 0 || number > p->head.capacity ||
        pread(p->fd, &row, sizeof row,
              (off_t)(p->head.header_bytes + (number - UINT64_C(1)) * p->head.row_bytes)) !=
            (ssize_t)sizeof row ||
        PAGE_TASK_STATE(row.word) == PAGE_TASK_DEAD)
        return 0;
    return row.id;
}

static uint64_t readers_at(const struct peekrecords *p, uint64_t addr)
{
    int32_t readers;

    return take(p, addr, &readers, sizeof readers) && readers > 0 ? (uint64_t)readers : 0;
}

static void look_at_lock(const struct peekrecords *p, uint64_t word, struct page_dump_lock *lock)
{
    uint64_t addr = PAGE_LOCK_ADDR(word);

    switch ((enum page_lock_kind)PAGE_LOCK_KIND(word)) {
    case PAGE_LOCK_NONE:
        break;
    case PAGE_LOCK_MUTEX:
        lock->holder = holder_at(p, addr);
        break;
    case PAGE_LOCK_RW_READERS:
        lock->holder = holder_at(p, addr + (uint64_t)PAGE_LOCK_TO_HOLDER);
        break;
    case PAGE_LOCK_RW_WRITER:
        lock->readers = readers_at(p, addr + PAGE_LOCK_TO_READERS);
        break;
    }
}

void peekrecords_look(struct peekrecords *p, uint64_t i, struct page_dump_task *task,
                      struct page_dump_lock *lock)
{
    uint8_t record[RECORD_BYTES_MAX];
    uint64_t word;

    if (p->head.records == 0 || !take_record(p, i, record))
        return;
    memcpy(task->name, record + p->head.name_at, sizeof task->name);
    task->name[sizeof task->name - 1] = '\0';
    memcpy(&word, record + p->head.lock_at, sizeof word);
    if (PAGE_TASK_STATE(task->row.word) == PAGE_TASK_WAITING)
        look_at_lock(p, word, lock);
}
