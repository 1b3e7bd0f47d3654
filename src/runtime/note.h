/* SPDX-License-Identifier: MIT */
/* note.h - one thread sleeps until another wakes it, once.
 * note_clear before use; then note_wake may come before or after note_sleep. Threads: one sleeper,
 * one waker. */
#ifndef RUNTIME_NOTE_H
#define RUNTIME_NOTE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct note {
    _Atomic(uint32_t) set;
};

void note_clear(struct note *n);
void note_wake(struct note *n);
void note_sleep(struct note *n);

/* Sleeps at most TIMEOUT_NS; whether it was woken. */
bool note_sleep_for(struct note *n, int64_t timeout_ns);

#endif
