/* SPDX-License-Identifier: MIT */
/* sem.h - the semaphore of gort/sync.h, for the runtime's own use.
 * One word: twice the units that are free, and in the lowest bit whether somebody waits. Who waits
 * stands in the parking lot with what it needs. While the bit is set, the word changes under the
 * bucket's lock only, and units go to the first waiter or to nobody: so one that needs many gets
 * them in its turn.
 * Threads: tasks, inside the runtime, no lock held.
 * Source: golang.org/x/sync/semaphore. */
#ifndef RUNTIME_SEM_H
#define RUNTIME_SEM_H

#include <stdbool.h>
#include <stdint.h>

#include "gort/sync.h"

/* Takes N units: 0, or GORT_ETIMEDOUT if the deadline passed first. */
int sem_acquire(gort_sem *s, int64_t n, int64_t deadline_ns, uintptr_t pc);

/* Taking that another task may call off. A wait is an object of the collected heap, good for one
 * sem_acquire_wait, which takes its N units: 0, or GORT_ECANCELED if it was called off before it
 * had them. To call off what is over does nothing. */
struct sem_wait;
struct sem_wait *sem_wait_new(gort_sem *s, int64_t n, uintptr_t pc);
int sem_acquire_wait(struct sem_wait *wait, uintptr_t pc);
void sem_call_off(struct sem_wait *wait);

/* Takes N units if they are free and nobody waits. */
bool sem_try_acquire(gort_sem *s, int64_t n);

/* Gives N units back. WHAT names the public function in the message if they were not taken. */
void sem_release(gort_sem *s, int64_t n, const char *what);

#endif
