/* SPDX-License-Identifier: MIT */
/* blocker.h - who or what keeps a task waiting that waits for a lock.
 * A waiter's record has the address of the lock while it is queued there, so the lock is certain to
 * exist for as long as the lock of its bucket in the parking lot is held; a mutex names its holder.
 * A reader of a read-write mutex waits for the writer that holds the mutex of the writers, which
 * may itself still wait for readers; of readers only the number is known.
 * Nothing is stored for this when a lock is taken or let go.
 * Threads: any, of any task at any time. Locks: tries SEMA, a few times. */
#ifndef RUNTIME_BLOCKER_H
#define RUNTIME_BLOCKER_H

#include <stdint.h>

#include "runtime/task.h"

/* At most one of the numbers is not 0; if both are, T waits for no lock, whoever held it has ended,
 * or it can't be told at once. */
struct blocker {
    uint64_t holder;  /* id of a task; of another that has its record now, if it has just ended */
    uint64_t readers; /* that have to leave */
    uint32_t slot;    /* the holder's */
    char name[sizeof((struct task *)0)->name]; /* the holder's; "": it has none */
};

/* Looks what T waits for now. T's record may belong to another task by then: if that matters, look
 * at what tells afterwards. */
void blocker_look(struct blocker *b, const struct task *t);

#endif
