/* SPDX-License-Identifier: MIT */
/* dumpread.h - the records of a dump, one after the other, checked.
 * A batch is a run of records, each with its kind and length. Kinds that are not known are skipped,
 * larger records than expected are read as far as they are known; anything that does not add up
 * ends the batch.
 * Threads: pure; the batch must not change meanwhile. Source: page.h, A dump. */
#ifndef MON_DUMPREAD_H
#define MON_DUMPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

struct dumpread {
    const uint8_t *batch; /* borrowed */
    size_t bytes;
    size_t at;
};

enum dumpread_kind {
    DUMPREAD_END_OF_BATCH,
    DUMPREAD_BEGIN,
    DUMPREAD_TASK,
    DUMPREAD_LOCK, /* that the task of the record before waits for */
    DUMPREAD_END,
    DUMPREAD_DAMAGED, /* nothing more can be read of this batch */
};

/* One record; what belongs to its kind is set. */
struct dumpread_record {
    struct page_dump_begin begin;
    struct page_dump_end end;
    struct page_dump_lock lock;
    struct page_dump_task task; /* its name ends in a NUL */
    const uint8_t *stack;       /* task.stack_bytes of it, in the batch */
};

/* Reads the next record. */
enum dumpread_kind dumpread_next(struct dumpread *reader, struct dumpread_record *record);

#endif
