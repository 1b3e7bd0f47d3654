/* SPDX-License-Identifier: MIT */
/* task.h - spawning tasks and giving way. */
#ifndef GORT_TASK_H
#define GORT_TASK_H

#include <gort/base.h>

/* How a task is spawned; zero is the default. */
typedef struct gort_attr {
    const char *name;   /* shown in dumps, cut at 31 bytes; copied; default: none */
    size_t stack_bytes; /* as in gort_options, whose value is the default */
} gort_attr;

/* Spawns a task that runs FN(ARG) and ends when FN returns. Does not block; the task may start at
 * once on another proc. ARG is kept as a reference: memory from mem.h stays alive. Ends the process
 * if memory for the task runs out. */
GORT_API void gort_go(void (*fn)(void *arg), void *arg);

/* As gort_go, with attributes. ATTR is borrowed for the call only. Ends the process if a stack of
 * that size can't be had. */
GORT_API void gort_go_with(const gort_attr *attr, void (*fn)(void *arg), void *arg);

/* Lets other runnable tasks run first. */
GORT_API void gort_yield(void);

/* Ends the calling task. In the first task it waits until no other task can run, which is then
 * reported as a deadlock (as Go's runtime.Goexit does). */
GORT_API _Noreturn void gort_exit(void);

/* Identity of the calling task: from 1, never used again. */
GORT_API uint64_t gort_task_id(void);

/* Tasks that exist now. Callable from any thread. */
GORT_API int64_t gort_num_tasks(void);

/* Procs of the runtime; 0 before gort_run. Callable from any thread. */
GORT_API int gort_maxprocs(void);

/* Sets the number of procs to N, 1024 at most; N below 1 only asks. Returns the former number.
 * Stops all tasks for as long as it takes, about as long as a collection stops them at the least;
 * the tasks and timers of procs that go are shared out among those that stay. From then on the
 * number no longer follows that of the processors, as it does while neither gort_options nor
 * GORT_MAXPROCS nor this call has chosen one: within about half a minute. In the deterministic mode
 * (GORT_DEBUG=seed=N) it stays 1. */
GORT_API int gort_set_maxprocs(int n);

/* Processors that this process may use: affinity mask and cgroup limit. Callable from any
 * thread. */
GORT_API int gort_num_cpu(void);

/* Binds the calling task to its thread: until as many calls of gort_unlock_thread as there were of
 * this one, it runs on no other thread, and no other task runs on that. For what depends on the
 * thread: thread-local state of a library, a graphics context, credentials, a namespace. Each wait
 * of such a task costs two wake-ups of threads. If the task ends while bound, the thread ends too,
 * so that what it has changed of its thread is not left to others. */
GORT_API void gort_lock_thread(void);

/* Takes one gort_lock_thread back; none was: does nothing. */
GORT_API void gort_unlock_thread(void);

/* Makes a task of the calling thread, which the program or a library made: from then on it may call
 * everything that a task may. The task is bound to the thread, runs on the thread's own stack, and
 * takes part in collections; it needs a proc as any other and may wait for one here. The thread
 * detaches before it ends; one that does not is detached then. Blocks the thread. Callable from any
 * thread. GORT_EALREADY in a task; GORT_EINVAL while no runtime runs; GORT_ENOMEM.
 * Thread-local variables of the thread that runs main are not searched for references. */
GORT_API GORT_MUST_CHECK int gort_thread_attach(void);

/* Makes a plain thread of it again: its references to objects count no longer. Returns GORT_EINVAL
 * in a thread that is not attached, or in a blocking section. */
GORT_API int gort_thread_detach(void);

/* A place at which the runtime may stop or move the task; for loops that call nothing else of it.
 * Costs about a nanosecond. */
GORT_API void gort_safepoint(void);

/* Around calls that may block the thread for long (getaddrinfo, file locks, a library's own
 * waiting):
 *     GORT_BLOCKING { rc = getaddrinfo(...); }
 * The proc goes to other tasks meanwhile. Inside, no other call of the runtime is allowed, nor
 * leaving by return, break or goto, nor storing references to objects from mem.h into other such
 * objects; what it needs of them must be referred to from outside all the while. */
#define GORT_BLOCKING                                                             \
    for (int gort_blocking_once = (gort_blocking_enter(), 1); gort_blocking_once; \
         gort_blocking_once = (gort_blocking_leave(), 0))
GORT_API void gort_blocking_enter(void);
GORT_API void gort_blocking_leave(void);

/* Writes the stack of the calling task (ALL 0) or of all tasks (ALL 1) as text into BUF, cut at
 * BYTES with a terminating NUL. Returns the length without it. Stacks of running tasks other than
 * the caller are named, not shown. Of a task that waits for a mutex it says which one holds it; of
 * one that waits for a read-write mutex, the writer or the number of readers. */
GORT_API size_t gort_stack(char *buf, size_t bytes, int all);

#endif
