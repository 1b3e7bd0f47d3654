/* SPDX-License-Identifier: MIT */
/* due.h - calling what is due: the functions of cleanups and finalizers.
 * Two queues, each with a task that begins when something is put into an empty one, makes the calls
 * in order, one at a time, and ends when there are no more: so nothing is there, parked, in a
 * program that has none. A call that ends its task ends it: then another makes the rest.
 * Threads: any, in the runtime or none of its. Lock: DUE, nothing is called under it. */
#ifndef RUNTIME_DUE_H
#define RUNTIME_DUE_H

#include <stdint.h>

struct special;
struct task;

enum due_queue { DUE_CLEANUPS, DUE_FINALIZERS, DUE_QUEUES };

struct due_list { /* zero is empty */
    struct special *head;
    struct special *tail;
    uint64_t count;
};

void due_list_add(struct due_list *list, struct special *s);

/* Puts what is in LIST behind the others. The caller holds no lock. */
void due_push(enum due_queue which, struct due_list *list);

/* T, the calling task, is about to end. */
void due_task_ends(const struct task *t);

#endif
