/* SPDX-License-Identifier: MIT */
/* publish.h - the page's life, seen by the rest of the runtime.
 * All of it is driven by sysmon, one OS thread, except where said. Trouble with shared memory is
 * never the program's: the page goes on without its name, or the program without a page, and the
 * page or stderr says so. */
#ifndef RUNTIME_PUBLISH_H
#define RUNTIME_PUBLISH_H

#include <stdint.h>

/* Makes the page, the task table, the mailbox and the name. After the procs, before the first task.
 */
enum publish_mode { PUBLISH_OFF, PUBLISH_ON };
void publish_init(enum publish_mode mode, int nprocs);

/* Brings counters up to date; called by sysmon at least every 100 ms while tasks run, once a second
 * when the process is idle. */
void publish_tick(int64_t now_ns);

/* Serves the mailbox for at most a millisecond, if something is asked; whether more is to be done
 * at once. */
int command_serve(int64_t now_ns);

/* Where sysmon sleeps: waits on the mailbox's doorbell, or for TIMEOUT_NS. */
void command_wait(int64_t timeout_ns);

/* Wakes sysmon out of command_wait. Any thread. */
void command_wake(void);

/* Clean end: publishes once more, marks the page, unlinks the name. Any thread, once. */
void publish_exit(void);

/* Every task waits, for ever: counts them once more, so that what is left of the page tells who
 * holds what. To be followed by publish_crashed. Any thread. */
void publish_deadlock(void);

/* A fatal error: marks the page crashed and keeps the name for the post-mortem. Async-signal-safe,
 * any thread. */
void publish_crashed(const char *message);

/* Adds to the ring of events. KIND is an enum page_event_kind; TEXT may be NULL. Any thread; lock:
 * takes EVENTS. */
void publish_event(uint32_t kind, uint64_t arg0, uint64_t arg1, const char *text);

/* Thread TID blocks the runtime's signal. As publish_event. */
void publish_signal_blocked(int32_t tid);

/* Task ID has used up its stack. Async-signal-safe, any thread. */
void publish_stack_overflow(uint64_t id);

#endif
