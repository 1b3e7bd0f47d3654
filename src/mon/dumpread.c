/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dumpread.h"

#include <string.h>

#define RECORD_ALIGN 8

/* Copies a record whose fixed part is WANT bytes to OUT; false if it is shorter. */
static bool take(const uint8_t *data, size_t bytes, void *out, size_t want)
{
    if (bytes < want)
        return false;
    memcpy(out, data, want);
    return true;
}

static enum dumpread_kind read_task(const uint8_t *data, size_t bytes,
                                    struct dumpread_record *record)
{
    struct page_dump_task *task = &record->task;

    if (!take(data, bytes, task, sizeof *task) || task->stack_bytes > bytes - sizeof *task ||
        task->stack_lo > UINT64_MAX - task->stack_bytes)
        return DUMPREAD_DAMAGED;
    task->name[sizeof task->name - 1] = '\0';
    record->stack = data + sizeof *task;
    return DUMPREAD_TASK;
}

enum dumpread_kind dumpread_next(struct dumpread *reader, struct dumpread_record *record)
{
    while (reader->bytes - reader->at >= sizeof(struct page_dump_record)) {
        const uint8_t *data = reader->batch + reader->at;
        struct page_dump_record head;

        memcpy(&head, data, sizeof head);
        if (head.bytes < sizeof head || head.bytes % RECORD_ALIGN != 0 ||
            head.bytes > reader->bytes - reader->at)
            break;
        reader->at += head.bytes;
        if (head.kind == PAGE_DUMP_BEGIN)
            return take(data, head.bytes, &record->begin, sizeof record->begin)
                       ? DUMPREAD_BEGIN
                       : DUMPREAD_DAMAGED;
        if (head.kind == PAGE_DUMP_TASK)
            return read_task(data, head.bytes, record);
        if (head.kind == PAGE_DUMP_END)
            return take(data, head.bytes, &record->end, sizeof record->end) ? DUMPREAD_END
                                                                            : DUMPREAD_DAMAGED;
        if (head.kind == PAGE_DUMP_LOCK)
            return take(data, head.bytes, &record->lock, sizeof record->lock) ? DUMPREAD_LOCK
                                                                              : DUMPREAD_DAMAGED;
    }
    return reader->at == reader->bytes ? DUMPREAD_END_OF_BATCH : DUMPREAD_DAMAGED;
}
