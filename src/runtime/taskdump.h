/* SPDX-License-Identifier: MIT */
/* taskdump.h - the program's own tasks as text, in the manner of Go's traceback: for fatal errors
 * and gort_stack. Threads: any; async-signal-safe, no allocation. Other tasks may run on meanwhile:
 * a stack that changes while it is read comes out short or wrong, never as a crash. */
#ifndef RUNTIME_TASKDUMP_H
#define RUNTIME_TASKDUMP_H

#include <stddef.h>
#include <ucontext.h>

/* The calling task, or the calling thread if it is none, from the caller outwards. */
void taskdump_print_self(int fd);

/* All tasks but the calling one; stacks of those that run are named only. */
void taskdump_print_others(int fd);

/* Modules, for gomon --symbolize. */
void taskdump_print_end(int fd);

/* The task that a signal interrupted. */
void taskdump_print_signal(int fd, const ucontext_t *context);

#endif
