/* SPDX-License-Identifier: MIT */
/* gort.h - a Go-style runtime for C programs: the whole public interface.
 *
 * A task is a function with a stack of its own (Go's goroutine). Tasks run on procs, at most
 * GORT_MAXPROCS at a time, and a proc runs on a worker, which is a thread. A task that waits costs
 * no thread.
 *
 * Conventions, in every header of gort/:
 *   - Times are int64_t nanoseconds; deadlines are absolute, on CLOCK_MONOTONIC; GORT_FOREVER
 *     never comes.
 *   - A result of 0 or more is success (a receive: 1 a value, 0 closed); a negative one is an
 *     enum gort_err. errno is neither used to report nor changed by a call; code that reads errno
 *     does so before its next call of the runtime.
 *   - Sync types are ready for use when they are zero.
 *   - "Blocks the task" means that other tasks go on; nothing here blocks a worker unless it says
 *     so.
 *   - Every function may be called by a task only, unless it says otherwise. Misuse ends the
 *     process with exit code 2, one line, the task and its stack.
 *   - Objects from mem.h are reclaimed when no stack, register, global, thread-local variable or
 *     other such object refers to them. malloc'ed and mapped memory is not searched. */
#ifndef GORT_H
#define GORT_H

#include <gort/base.h>
#include <gort/bench.h>
#include <gort/chan.h>
#include <gort/context.h>
#include <gort/leak.h>
#include <gort/live.h>
#include <gort/mem.h>
#include <gort/net.h>
#include <gort/pattern.h>
#include <gort/pool.h>
#include <gort/select.h>
#include <gort/signal.h>
#include <gort/slice.h>
#include <gort/stats.h>
#include <gort/str.h>
#include <gort/sync.h>
#include <gort/task.h>
#include <gort/time.h>

/* Settings of a runtime. Zero means: the environment variable if it is set, else the default. */
typedef struct gort_options {
    int maxprocs;         /* procs, 1 to 1024; GORT_MAXPROCS; default: gort_num_cpu() */
    size_t stack_bytes;   /* of a task: rounded up to a power of two, 16 KiB to 64 MiB; 64 KiB */
    int gc_percent;       /* GORT_GC: growth between collections in percent, -1 is off; 100 */
    int64_t memory_limit; /* GORT_MEMLIMIT, bytes; 0: see gort(7); INT64_MAX: none */
    int foreign_threads;  /* 1: threads will attach that do not yet; then no deadlock is reported */
    int no_monitor;       /* 1: no shared page; GORT_MONITOR=off */
} gort_options;

/* Starts the runtime, runs FN(ARG) as its first task and returns FN's result. OPTIONS may be NULL.
 * Once a process; called by a plain thread, which it keeps busy until FN returns. Then no other
 * task is resumed again: one that is still in C code parks for ever at its next call of the
 * runtime. Returns GORT_EALREADY when called a second time, GORT_ENOMEM or GORT_ESYSTEM when the
 * runtime could not start. */
GORT_API int gort_run(const gort_options *options, int (*fn)(void *arg), void *arg);

/* Defines main: runs FN as the first task with the program's arguments.
 *     static int app(int argc, char **argv) { ... }
 *     GORT_MAIN(app) */
#define GORT_MAIN(fn)                                               \
    struct gort_main_args {                                         \
        int argc;                                                   \
        char **argv;                                                \
    };                                                              \
    static int gort_main_task(void *arg)                            \
    {                                                               \
        struct gort_main_args *args = (struct gort_main_args *)arg; \
        return fn(args->argc, args->argv);                          \
    }                                                               \
    int main(int argc, char **argv)                                 \
    {                                                               \
        struct gort_main_args args = {argc, argv};                  \
        return gort_run(NULL, gort_main_task, &args);               \
    }

#endif
