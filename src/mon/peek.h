/* SPDX-License-Identifier: MIT */
/* peek.h - the tasks of a target that does not answer, read from outside.
 * Where each task stands is in the task table; its registers lie at its saved stack pointer, the
 * rest of its stack behind them. Nothing is asked of the target, so this works when it is
 * stopped or every thread of it hangs; tasks that move meanwhile are told by their generation.
 * Who holds the lock that a task waits for is read from the lock itself.
 * It needs the right to read the target's memory (ptrace(2), PTRACE_MODE_ATTACH).
 * Threads: one. */
#ifndef MON_PEEK_H
#define MON_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "page.h"

#define PEEK_STACK_BYTES ((size_t)64 << 10) /* of one task, at most */
#define PEEK_TEXT_BYTES  160

struct peek;

/* Opens the task table of PID. NULL: WHY says what is wrong and what helps. */
struct peek *peek_open(pid_t pid, char why[PEEK_TEXT_BYTES]);
void peek_close(struct peek *peek);

enum peek_progress {
    PEEK_TASK,
    PEEK_NOTHING_YET, /* of many rows that were looked at none has a task: call again */
    PEEK_END,
};

/* Reads the next task into TASK, its stack into STACK (PEEK_STACK_BYTES), and who keeps it waiting
 * into LOCK: holder and readers are 0 if it waits for no lock, or that can't be told. */
enum peek_progress peek_next(struct peek *peek, struct page_dump_task *task, uint8_t *stack,
                             struct page_dump_lock *lock);

/* Why stacks could not be read, or "". */
const char *peek_trouble(const struct peek *peek);

#endif
