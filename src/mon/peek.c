/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/peek.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/memfd.h"
#include "mon/peekrecord.h"
#include "mon/procmem.h"
#include "mon/procstat.h"
#include "mon/tasktable.h"
#include "mon/unwind.h"

#define ROWS_AT_ONCE 4096u
#define LOOKS        4 /* at a task that moves while it is copied */

/* What a context switch leaves at the saved stack pointer: words, of which some are registers. */
struct parked_layout {
    uint16_t elf_machine;
    uint8_t nregs;
    uint8_t reg[12]; /* DWARF numbers of words 0 .. nregs - 1 */
    uint8_t pc_word;
    uint8_t nwords; /* the caller's frame begins behind them */
};

static const struct parked_layout layouts[] = {
    {.elf_machine = EM_X86_64,
     .nregs = 6,
     .reg = {15, 14, 13, 12, 3, 6},
     .pc_word = 6,
     .nwords = 7},
    {.elf_machine = EM_AARCH64,
     .nregs = 11,
     .reg = {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29},
     .pc_word = 11,
     .nwords = 20},
};

struct peek {
    pid_t pid;
    int fd;
    const struct unwind_machine *machine;
    const struct parked_layout *layout;
    uint32_t header_bytes;
    uint32_t row_bytes;
    uint64_t nrows;
    struct peekrecords records;
    uint64_t next_row;
    uint8_t *rows;      /* [row_bytes * ROWS_AT_ONCE] */
    uint64_t first_row; /* of those in rows */
    uint64_t nread;
    char trouble[PEEK_TEXT_BYTES];
};

static const struct parked_layout *layout_of(const struct unwind_machine *machine)
{
    for (size_t i = 0; i < ARRAY_COUNT(layouts); i++) {
        if (layouts[i].elf_machine == machine->elf_machine)
            return &layouts[i];
    }
    UNREACHABLE();
}

static bool read_header(struct peek *peek)
{
    struct page_tasks_header head;

    if (!tasktable_read_header(peek->fd, &head))
        return false;
    peek->header_bytes = head.header_bytes;
    peek->row_bytes = head.row_bytes;
    peek->nrows = head.used < head.capacity ? head.used : head.capacity;
    peek->records = peekrecords_of(peek->pid, peek->fd, &head);
    return true;
}

struct peek *peek_open(pid_t pid, char why[PEEK_TEXT_BYTES])
{
    struct peek *peek;
    int fd = memfd_open(pid, PAGE_TASKS_MEMFD_NAME, O_RDONLY);

    if (fd < 0 && procstat_has_ended(pid))
        snprintf(why, PEEK_TEXT_BYTES, "process %d has ended", (int)pid);
    else if (fd == -ENOENT)
        snprintf(why, PEEK_TEXT_BYTES, "process %d has no task table", (int)pid);
    else if (fd < 0)
        procmem_explain(pid, -fd, why, PEEK_TEXT_BYTES);
    if (fd < 0)
        return NULL;
    peek = calloc(1, sizeof *peek);
    CHECK(peek != NULL);
    peek->pid = pid;
    peek->fd = fd;
    peek->machine = unwind_machine_here();
    peek->layout = layout_of(peek->machine);
    if (!read_header(peek)) {
        snprintf(why, PEEK_TEXT_BYTES, "the task table of process %d is damaged", (int)pid);
        peek_close(peek);
        return NULL;
    }
    peek->rows = malloc((size_t)peek->row_bytes * ROWS_AT_ONCE);
    CHECK(peek->rows != NULL);
    return peek;
}

void peek_close(struct peek *peek)
{
    if (peek == NULL)
        return;
    close(peek->fd);
    free(peek->rows);
    free(peek);
}

/* Where row I lies in the file. */
static off_t row_at(const struct peek *peek, uint64_t i)
{
    return (off_t)(peek->header_bytes + i * peek->row_bytes);
}

/* Copies row I out of the table; false at its end. */
static bool take_row(struct peek *peek, uint64_t i, struct page_task *row)
{
    if (i >= peek->nrows)
        return false;
    if (i < peek->first_row || i - peek->first_row >= peek->nread) {
        ssize_t n = pread(peek->fd, peek->rows, (size_t)peek->row_bytes * ROWS_AT_ONCE,
                          row_at(peek, i));

        peek->first_row = i;
        peek->nread = n > 0 ? (uint64_t)n / peek->row_bytes : 0;
        if (peek->nread == 0)
            return false;
    }
    memcpy(row, peek->rows + (i - peek->first_row) * peek->row_bytes, sizeof *row);
    return true;
}

/* Whether row I has changed since it was copied. */
static bool has_moved(const struct peek *peek, uint64_t i, const struct page_task *row)
{
    uint64_t word;

    return pread(peek->fd, &word, sizeof word, row_at(peek, i)) != (ssize_t)sizeof word ||
           word != row->word;
}

static void copy_stack(struct peek *peek, struct page_dump_task *task, uint8_t *stack)
{
    uint64_t used = task->row.stack_hi - task->row.sp;
    ssize_t n = procmem_read(peek->pid, task->row.sp, stack, min_size(used, PEEK_STACK_BYTES));

    if (n == -EPERM || n == -EACCES || n == -ESRCH)
        procmem_explain(peek->pid, (int)-n, peek->trouble, sizeof peek->trouble);
    task->stack_lo = task->row.sp;
    task->stack_bytes = n > 0 ? (uint64_t)n : 0;
    if (task->stack_bytes < used)
        task->flags |= PAGE_DUMP_TRUNCATED;
}

static void set_reg(struct page_dump_task *task, unsigned reg, uint64_t value)
{
    task->reg[reg] = value;
    task->valid |= UINT64_C(1) << reg;
}

/* Takes the registers that the switch left on the stack. */
static void take_parked(const struct peek *peek, struct page_dump_task *task, const uint8_t *stack)
{
    const struct parked_layout *l = peek->layout;
    uint64_t word[20];

    if (task->stack_bytes < l->nwords * sizeof word[0])
        return;
    memcpy(word, stack, l->nwords * sizeof word[0]);
    for (unsigned i = 0; i < l->nregs; i++)
        set_reg(task, l->reg[i], word[i]);
    set_reg(task, peek->machine->sp, task->row.sp + l->nwords * sizeof word[0]);
    task->pc = word[l->pc_word];
}

static void look(struct peek *peek, struct page_dump_task *task, uint8_t *stack)
{
    unsigned state = PAGE_TASK_STATE(task->row.word);
    bool has_stack = task->row.sp != 0 && task->row.stack_hi > task->row.sp;

    if (state == PAGE_TASK_RUNNING) {
        task->flags |= PAGE_DUMP_NO_REGS;
        return;
    }
    if (!has_stack) {
        task->flags |= PAGE_DUMP_NOT_STARTED;
        return;
    }
    copy_stack(peek, task, stack);
    if (state == PAGE_TASK_BLOCKING) { /* its registers are with its thread */
        set_reg(task, peek->machine->sp, task->row.sp);
        task->pc = task->row.pc;
    } else {
        take_parked(peek, task, stack);
    }
}

/* Copies row I again, as it is by now; false if its task has ended. */
static bool retake_row(const struct peek *peek, uint64_t i, struct page_dump_task *task)
{
    memset(task, 0, sizeof *task);
    return pread(peek->fd, &task->row, sizeof task->row, row_at(peek, i)) ==
               (ssize_t)sizeof task->row &&
           PAGE_TASK_STATE(task->row.word) != PAGE_TASK_DEAD;
}

/* Looks at row I until its task keeps still; false if it has none, or no longer. */
/* As look, with its name and its lock, as far as the task keeps still. */
static void look_whole(struct peek *peek, uint64_t i, struct page_dump_task *task, uint8_t *stack,
                       struct page_dump_lock *lock)
{
    *lock = (struct page_dump_lock){.task = task->row.id};
    peekrecords_look(&peek->records, i, task, lock);
    look(peek, task, stack);
    if (!(task->flags & (PAGE_DUMP_NO_REGS | PAGE_DUMP_NOT_STARTED)) &&
        has_moved(peek, i, &task->row)) {
        task->flags |= PAGE_DUMP_MOVED;
        *lock = (struct page_dump_lock){.task = task->row.id};
    }
}

static bool look_at_row(struct peek *peek, uint64_t i, struct page_dump_task *task, uint8_t *stack,
                        struct page_dump_lock *lock)
{
    bool lives = PAGE_TASK_STATE(task->row.word) != PAGE_TASK_DEAD;

    for (int tries = 0; lives && tries < LOOKS; tries++) {
        look_whole(peek, i, task, stack, lock);
        if (!(task->flags & PAGE_DUMP_MOVED) || tries == LOOKS - 1)
            return true;
        lives = retake_row(peek, i, task);
    }
    return false;
}

enum peek_progress peek_next(struct peek *peek, struct page_dump_task *task, uint8_t *stack,
                             struct page_dump_lock *lock)
{
    memset(task, 0, sizeof *task);
    for (unsigned n = 0; n < ROWS_AT_ONCE; n++) {
        if (!take_row(peek, peek->next_row, &task->row))
            return PEEK_END;
        if (look_at_row(peek, peek->next_row++, task, stack, lock))
            return PEEK_TASK;
    }
    return PEEK_NOTHING_YET;
}

const char *peek_trouble(const struct peek *peek)
{
    return peek->trouble;
}
