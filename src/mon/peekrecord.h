/* SPDX-License-Identifier: MIT */
/* peekrecord.h - the name of a task and who holds the lock that it waits for, read from outside.
 * Both are in the record that the runtime of the target has of the task: the name as it is, of the
 * lock the address; the lock has the holder's row of the task table, and the row has its id. Each
 * of these words is the target's, which may be hostile or run on: an address is only ever read from
 * in the target, a row is looked for only in the table, and whoever asks looks afterwards whether
 * the task has moved.
 * Threads: one. Who: peek.c. Source: gort-page(5), Names and lock words. */
#ifndef MON_PEEKRECORD_H
#define MON_PEEKRECORD_H

#include <stdint.h>
#include <sys/types.h>

#include "page.h"

struct peekrecords {
    pid_t pid;
    int fd; /* of the task table, borrowed */
    struct page_tasks_header head;
    uint64_t block; /* number + 1 of the block whose address is known; 0: none */
    uint64_t block_addr;
};

/* HEAD has been checked. */
struct peekrecords peekrecords_of(pid_t pid, int fd, const struct page_tasks_header *head);

/* Sets the name of TASK, whose row is number I, and if it waits for a lock that somebody has, the
 * holder or the readers of LOCK. What can't be had stays as it is. */
void peekrecords_look(struct peekrecords *p, uint64_t i, struct page_dump_task *task,
                      struct page_dump_lock *lock);

#endif
