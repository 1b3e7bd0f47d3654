/* SPDX-License-Identifier: MIT */
/* waitson.h - what a parked task waits on: task.waits_on, which is by its reason
 *   CHAN_SEND, CHAN_RECV  the channel;
 *   SELECT                the select, which is asked by select_any;
 *   any that a lock is waited for with, WAITGROUP, COND, SEM
 *                         the task's place in the parking lot, a struct lot_waiter;
 *   or NULL               nothing: nobody can ready the task.
 * Whoever parks a task for one of these sets it before; for other reasons it means nothing. All of
 * it is good for as long as the task has not run again. Threads: who holds the task, or the
 * collector, as gcleak.h says. */
#ifndef RUNTIME_WAITSON_H
#define RUNTIME_WAITSON_H

#include <stdbool.h>

/* Whether IS says yes to one of the channels of SELECTION. */
bool select_any(const void *selection, bool (*is)(const void *channel));

#endif
