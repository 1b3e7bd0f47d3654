/* SPDX-License-Identifier: MIT */
/* signals.h - the program's signals at the end of the runtime. */
#ifndef RUNTIME_SIGNALS_H
#define RUNTIME_SIGNALS_H

/* Gives all signals back to the program: no task will be told any more. Threads: the one that
 * called gort_run, when the first task has returned. */
void signals_restore(void);

#endif
