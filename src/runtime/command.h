/* SPDX-License-Identifier: MIT */
/* command.h - the mailbox, seen by publish.c. What sysmon calls is in publish.h.
 * Threads: as publish.h, under the lock of publish.c, except where said. */
#ifndef RUNTIME_COMMAND_H
#define RUNTIME_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the mailbox. Returns 0 or a positive errno: then nobody can ask for anything. */
int command_init(void);

/* Works for at most about a millisecond on what is asked; whether there is more to do at once. */
bool command_step(int64_t now_ns);

/* The end: what is asked now is answered with a failure, and then nothing is any more. */
void command_exit(void);

/* In a forked child: there is no mailbox. Async-signal-safe. */
void command_leave(void);

/* Dumps that were served to their end. */
uint64_t command_dumps(void);

#endif
