/* SPDX-License-Identifier: MIT */
/* globq.h - the global queue of runnable tasks.
 * A ring of pointers that grows: a chain through the tasks themselves would be walked record by
 * record, each a cache miss when hundreds of thousands are queued. What comes next is fetched into
 * the cache ahead of time. Threads: under sched.lock. */
#ifndef RUNTIME_GLOBQ_H
#define RUNTIME_GLOBQ_H

#include <stddef.h>

#include "runtime/runq.h"

struct globq {
    struct task **slot; /* NULL: none yet */
    size_t capacity;    /* a power of two */
    size_t head;        /* next to be taken; counts on */
    size_t count;
};

/* Appends all of FROM, which is empty then. Ends the process when memory runs out. */
void globq_put(struct globq *q, struct taskq *from);

/* The oldest task, or NULL. */
struct task *globq_pop(struct globq *q);

#endif
