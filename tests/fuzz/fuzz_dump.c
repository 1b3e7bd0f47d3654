/* SPDX-License-Identifier: MIT */
/* fuzz_dump.c - a batch of a dump, as a hostile target would send it: decoded, unwound, grouped.
 * No file is mapped, so that every stack goes by frame pointers. */
#include "config.h"

#include "mon/dump.h"
#include "mon/dump_text.h"
#include "mon/dumpread.h"
#include "mon/symbol.h"
#include "mon/unwind.h"
#include "tests/fuzz/fuzz.h"

static void take_task(struct dump *dump, struct symbols *symbols,
                      const struct dumpread_record *record)
{
    const struct page_dump_task *task = &record->task;
    struct unwind_task input = {
        .machine = unwind_machine_here(),
        .pc = task->pc,
        .valid = task->valid,
        .reg = task->reg,
        .stack_lo = task->stack_lo,
        .stack = record->stack,
        .stack_bytes = task->stack_bytes,
        .is_truncated = (task->flags & PAGE_DUMP_TRUNCATED) != 0,
    };
    struct unwind_result result;
    struct dump_entry entry = {.row = &task->row, .name = (const char *)task->name};

    if (unwind_task(symbols, &input, &result) == UNWIND_WAITS)
        __builtin_trap(); /* there is no module to ask about */
    entry.end = result.end;
    entry.pc = result.pc;
    entry.npcs = result.n;
    dump_add(dump, &entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct symbols *symbols = symbols_new(0, SYMBOL_LOCAL);
    struct dumpread reader = {.batch = data, .bytes = bytes};
    struct dump *dump = dump_new(DUMP_ASKED);
    struct dumpread_record record;
    enum dumpread_kind kind;
    FILE *out = fopen("/dev/null", "w");

    while ((kind = dumpread_next(&reader, &record)) != DUMPREAD_END_OF_BATCH &&
           kind != DUMPREAD_DAMAGED) {
        if (kind == DUMPREAD_TASK)
            take_task(dump, symbols, &record);
        if (kind == DUMPREAD_LOCK)
            dump_add_lock(dump, record.lock.task, record.lock.holder, record.lock.readers);
    }
    if (!dump_finish(dump, symbols) || out == NULL || !dump_write_text(dump, out))
        __builtin_trap();
    fclose(out);
    dump_free(dump);
    symbols_free(symbols);
    return 0;
}
