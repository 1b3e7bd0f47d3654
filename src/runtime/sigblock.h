/* SPDX-License-Identifier: MIT */
/* sigblock.h - finds threads that block the runtime's signal.
 * A thread of the runtime that blocks SIGURG can't be stopped while it runs C code, so collections
 * wait for it. The program is not meant to do that; if it does, it is told, and the thread lets the
 * signal through again when it next comes through the runtime.
 * Threads: any; no allocation, no lock but EVENTS. */
#ifndef RUNTIME_SIGBLOCK_H
#define RUNTIME_SIGBLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Whether thread TID, which does not answer, blocks SIGURG; if so says it once, on stderr and in
 * the page. */
bool sigblock_look(int32_t tid);

/* Whether the text of /proc/self/task/TID/status says so; for sigblock_look and the tests. */
bool sigblock_is_blocked(const char *status);

#endif
