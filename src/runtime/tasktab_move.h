/* SPDX-License-Identifier: MIT */
/* tasktab_move.h - the transitions that come with every switch, in the task table.
 * Each writes only what it changes of the row, and is inlined into the scheduler. Threads: the
 * holder of the task. Memory order: see tasktab.c. */
#ifndef RUNTIME_TASKTAB_MOVE_H
#define RUNTIME_TASKTAB_MOVE_H

#include "base/check.h"
#include "base/seqlock.h"
#include "page.h"
#include "runtime/task.h"

/* From here until tasktab_end the row is in flux. Returns the generation that it is to have. */
static inline uint32_t tasktab_begin(struct page_task *row)
{
    uint64_t word = __atomic_load_n(&row->word, __ATOMIC_RELAXED);

    DCHECK(!PAGE_TASK_IN_FLUX(word));
    __atomic_store_n(&row->word, word + PAGE_TASK_WORD(0, 0, 1), __ATOMIC_RELAXED);
    return PAGE_TASK_GENERATION(word) + 2;
}

static inline void tasktab_end(struct page_task *row, enum task_state state,
                               enum wait_reason reason, uint32_t generation)
{
    seq_store(&row->word, PAGE_TASK_WORD(state, reason, generation));
}

/* T waits, or is runnable behind others, with reason, sp and wait_pc as they are now. */
static inline void tasktab_left(const struct task *t, enum task_state state, int64_t now_ns)
{
    struct page_task *row = atomic_load_explicit(&t->row, memory_order_relaxed);
    uint32_t generation;

    if (UNLIKELY(row == NULL))
        return;
    generation = tasktab_begin(row);
    seq_store(&row->since_ns, (uint64_t)now_ns);
    seq_store(&row->sp, (uintptr_t)t->sp);
    seq_store(&row->pc, t->wait_pc);
    tasktab_end(row, state, t->reason, generation);
}

/* T waited and is runnable. */
static inline void tasktab_readied(const struct task *t, int64_t now_ns)
{
    struct page_task *row = atomic_load_explicit(&t->row, memory_order_relaxed);
    uint32_t generation;

    if (UNLIKELY(row == NULL))
        return;
    generation = tasktab_begin(row);
    seq_store(&row->since_ns, (uint64_t)now_ns);
    tasktab_end(row, TASK_RUNNABLE, WAIT_NONE, generation);
}

/* T runs, on the stack that the table knows of. */
static inline void tasktab_resumed(const struct task *t, int64_t now_ns)
{
    struct page_task *row = atomic_load_explicit(&t->row, memory_order_relaxed);
    uint32_t generation;

    if (UNLIKELY(row == NULL))
        return;
    generation = tasktab_begin(row);
    seq_store(&row->since_ns, (uint64_t)now_ns);
    seq_store(&row->sp, 0);
    tasktab_end(row, TASK_RUNNING, WAIT_NONE, generation);
}

#endif
