/* SPDX-License-Identifier: MIT */
/* tasktab.c - the rows of the task table.
 * A row is a small sequence lock: its generation is odd while it is written. Its words are stored
 * with release, so that none can be seen before the generation that announces it; on amd64 these
 * are plain moves. */
#include "config.h"

#include "runtime/tasktab.h"

#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/seqlock.h"
#include "gort/sync.h"
#include "page.h"
#include "runtime/ctx.h"
#include "runtime/parklot.h"
#include "runtime/sealed.h"
#include "runtime/stack.h"
#include "runtime/sysmem.h"
#include "runtime/tasktab_move.h"
#include "runtime/tasktab_read.h"

_Static_assert((int)TASK_DEAD == (int)PAGE_TASK_DEAD, "states are shown as they are");
_Static_assert((int)TASK_RUNNABLE == (int)PAGE_TASK_RUNNABLE, "states are shown as they are");
_Static_assert((int)TASK_RUNNING == (int)PAGE_TASK_RUNNING, "states are shown as they are");
_Static_assert((int)TASK_WAITING == (int)PAGE_TASK_WAITING, "states are shown as they are");
_Static_assert((int)TASK_BLOCKING == (int)PAGE_TASK_BLOCKING, "states are shown as they are");
_Static_assert((int)WAIT_COUNT == (int)PAGE_WAIT_COUNT, "reasons are shown as they are");
_Static_assert(sizeof((struct task *)0)->name == PAGE_TASK_NAME_BYTES, "names are as told");
_Static_assert(sizeof(struct task) <= UINT16_MAX, "places in it are told");
_Static_assert((int)LOT_MUTEX == (int)PAGE_LOCK_MUTEX, "lock words are as told");
_Static_assert((int)LOT_RW_READERS == (int)PAGE_LOCK_RW_READERS, "lock words are as told");
_Static_assert((int)LOT_RW_WRITER == (int)PAGE_LOCK_RW_WRITER, "lock words are as told");
_Static_assert(PAGE_LOCK_KIND(UINT64_MAX) == LOT_KIND_MASK, "lock words are as told");
_Static_assert(offsetof(gort_mutex, gort_holder) == 0, "a reader looks for it there");
_Static_assert((int)offsetof(gort_rwmutex, gort_writers) ==
                   (int)offsetof(gort_rwmutex, gort_readers) + PAGE_LOCK_TO_HOLDER,
               "a reader looks for it there");
_Static_assert((int)offsetof(gort_rwmutex, gort_readers) ==
                   (int)offsetof(gort_rwmutex, gort_writers.gort_waiters) + PAGE_LOCK_TO_READERS,
               "a reader looks for it there");

#define MEMORY_PAGE_BYTES 4096u /* in which the table comes into use */
#define READ_TRIES        16

static struct {
    struct page_tasks_header *header; /* [const] after init */
    struct page_task *row;            /* [const] after init */
    size_t capacity;                  /* 0: there is no table at all; [const] after init */
    struct sealed memory;             /* [const] until tasktab_leave */
} table = {.memory = SEALED_INIT};

/* ---- Making it ---- */

int tasktab_init(size_t capacity, enum tasktab_place place)
{
    size_t bytes = sizeof(struct page_tasks_header) + capacity * sizeof(struct page_task);
    struct task_records records;
    int error = 0;

    CHECK(table.header == NULL);
    if (place == TASKTAB_SHARED)
        error = sealed_make(&table.memory, PAGE_TASKS_MEMFD_NAME, bytes, SEALED_OURS_ONLY);
    table.header = table.memory.base;
    if (table.header == NULL)
        table.header = sys_reserve(bytes, MEMORY_PAGE_BYTES);
    if (table.header == NULL)
        return error;
    records = tasks_records();
    *table.header = (struct page_tasks_header){
        .magic = PAGE_TASKS_MAGIC,
        .endian = PAGE_ENDIAN_TAG,
        .major = PAGE_MAJOR,
        .minor = PAGE_MINOR,
        .header_bytes = sizeof *table.header,
        .row_bytes = sizeof(struct page_task),
        .capacity = capacity,
        .page_pid = (uint64_t)getpid(),
        .records = (uintptr_t)records.blocks,
        .block_records = (uint16_t)records.block_records,
        .record_bytes = (uint16_t)records.record_bytes,
        .lock_at = offsetof(struct task, lot_word),
        .name_at = offsetof(struct task, name),
    };
    table.row = (struct page_task *)(table.header + 1);
    table.capacity = capacity;
    return error;
}

void tasktab_leave(void)
{
    sealed_leave(&table.memory);
}

/* ---- Writing ---- */

static size_t memory_pages(uint64_t rows)
{
    return (sizeof(struct page_tasks_header) + rows * sizeof(struct page_task)) / MEMORY_PAGE_BYTES;
}

/* Row SLOT is used from now on. */
static void grow(uint32_t slot)
{
    uint64_t used = __atomic_load_n(&table.header->used, __ATOMIC_RELAXED);

    while (used <= slot) {
        /* Release: pairs with tasktab_used; below the number are rows or zeroes. */
        if (__atomic_compare_exchange_n(&table.header->used, &used, slot + UINT64_C(1), false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
            size_t more = memory_pages(slot + UINT64_C(1)) - memory_pages(used);

            if (more > 0)
                sys_count(SYS_OTHER, (int64_t)(more * MEMORY_PAGE_BYTES));
            return;
        }
    }
}

static struct page_task *row_of(const struct task *t)
{
    return t->slot < table.capacity ? &table.row[t->slot] : NULL;
}

void tasktab_born(struct task *t, int64_t now_ns)
{
    struct page_task *row = row_of(t);
    uint32_t generation = 0;

    atomic_store_explicit(&t->row, row, memory_order_relaxed);
    if (UNLIKELY(row == NULL))
        return;
    if (UNLIKELY(t->slot >= __atomic_load_n(&table.header->used, __ATOMIC_RELAXED)))
        grow(t->slot);
    generation = tasktab_begin(row);
    seq_store(&row->id, t->id);
    seq_store(&row->since_ns, (uint64_t)now_ns);
    seq_store(&row->spawn_pc, t->spawn_pc);
    seq_store(&row->start_fn, (uintptr_t)t->fn);
    seq_store(&row->sp, 0);
    seq_store(&row->pc, 0);
    seq_store(&row->stack_hi, 0);
    tasktab_end(row, TASK_RUNNABLE, WAIT_NONE, generation);
}

void tasktab_update(const struct task *t, enum task_state state, int64_t now_ns)
{
    struct page_task *row = atomic_load_explicit(&t->row, memory_order_relaxed);
    bool has_sp = state != TASK_RUNNING && t->stack.lo != NULL;
    uint32_t generation = 0;

    if (UNLIKELY(row == NULL))
        return;
    generation = tasktab_begin(row);
    seq_store(&row->since_ns, (uint64_t)now_ns);
    seq_store(&row->sp, has_sp ? (uintptr_t)t->sp : 0);
    seq_store(&row->pc, t->wait_pc);
    seq_store(&row->stack_hi, t->stack.lo != NULL ? (uintptr_t)stack_hi(t->stack) : 0);
    tasktab_end(row, state, state == TASK_WAITING ? t->reason : WAIT_NONE, generation);
}

void tasktab_dead(const struct task *t)
{
    struct page_task *row = atomic_load_explicit(&t->row, memory_order_relaxed);

    if (LIKELY(row != NULL))
        tasktab_end(row, TASK_DEAD, WAIT_NONE, tasktab_begin(row));
}

void tasktab_leaked(const struct task *t)
{
    struct page_task *row = atomic_load_explicit(&t->row, memory_order_relaxed);
    uint32_t generation = 0;

    if (UNLIKELY(row == NULL))
        return;
    generation = tasktab_begin(row);
    seq_store(&row->word, PAGE_TASK_WORD(TASK_WAITING, t->reason, generation) | PAGE_TASK_LEAKED);
}

/* ---- Reading ---- */

int64_t tasktab_since_ns(const struct task *t)
{
    const struct page_task *row = atomic_load_explicit(&t->row, memory_order_relaxed);

    return row == NULL ? 0 : (int64_t)seq_load(&row->since_ns);
}

size_t tasktab_used(void)
{
    uint64_t used = table.capacity > 0 ? seq_load(&table.header->used) : 0;

    return min_size((size_t)used, table.capacity);
}

bool tasktab_is_free(size_t slot)
{
    uint64_t word = __atomic_load_n(&table.row[slot].word, __ATOMIC_RELAXED);

    return PAGE_TASK_STATE(word) == PAGE_TASK_DEAD;
}

bool tasktab_is_unchanged(size_t slot, const struct page_task *row)
{
    return seq_load(&table.row[slot].word) == row->word && !PAGE_TASK_IN_FLUX(row->word);
}

bool tasktab_has_stack(const struct page_task *row)
{
    return row->sp != 0 && row->sp % sizeof(uint64_t) == 0 &&
           row->sp + CTX_FRAME_WORDS * sizeof(uint64_t) <= row->stack_hi &&
           row->stack_hi - row->sp <= STACK_MAX_BYTES;
}

bool tasktab_stack_of(size_t slot, uint64_t id, uintptr_t *sp, uintptr_t *hi)
{
    struct page_task row;

    if (slot >= tasktab_used() || !tasktab_read(slot, &row) || row.id != id ||
        PAGE_TASK_STATE(row.word) == PAGE_TASK_BLOCKING || !tasktab_has_stack(&row))
        return false;
    *sp = row.sp;
    *hi = row.stack_hi;
    return true;
}

bool tasktab_read(size_t slot, struct page_task *row)
{
    DCHECK(slot < table.capacity);
    for (int i = 0; i < READ_TRIES; i++) {
        seq_load_words((uint64_t *)row, (const uint64_t *)&table.row[slot], sizeof *row / 8);
        if (tasktab_is_unchanged(slot, row))
            return true;
    }
    return false;
}
