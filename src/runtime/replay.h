/* SPDX-License-Identifier: MIT */
/* replay.h - the deterministic mode: the same seed, the same order of tasks.
 * With GORT_DEBUG=seed=N, and no yield, there is one proc, and a generator seeded with N decides at
 * every entry and exit of the runtime whether the running task gives way, and at every switch which
 * of the runnable tasks goes on. Nothing else decides: sysmon takes no proc by time, the collector
 * works in the task that made it due, and tasks live by a clock of their own, that moves with the
 * decisions and jumps to the next timer when no task can run. So an interleaving that was bad once
 * can be had again.
 * Not repeatable is what comes from outside: what is ready on sockets, what the system's clocks and
 * other threads say. A task that stays outside the runtime for REPLAY_PATIENCE_NS loses the proc
 * after all, lest a program hang that waits for another of its tasks there; it is said on stderr.
 * The other mode's cost is nil: what switches goes the slow way because sched.detour is set, what
 * enters because worker.seize is SEIZE_REPLAY, what leaves because of ATTENTION_RANDOM.
 * Threads: whoever holds the proc, unless it says otherwise.
 * Source: random-walk scheduling as in Thomson, Donaldson and Betts, Concurrency Testing Using
 * Schedule Bounding (2014); the clock as in Go's testing/synctest. */
#ifndef RUNTIME_REPLAY_H
#define RUNTIME_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/clock.h"
#include "runtime/debug.h"

#define REPLAY_PATIENCE_NS NS_PER_S

struct worker;
struct task;

/* Seeds the generator and starts the clock. Before there are workers. */
void replay_init(void);

/* Whether the running task shall give way here. */
bool replay_preempts(void);

/* The next task for W, which has the proc; NULL if there is nothing to run but perhaps something to
 * wait for in the poller. On W's own stack. */
struct task *replay_look(struct worker *w);

/* The mode's clock. Any thread; a reading moves it. */
int64_t replay_now_ns(void);

/* NS of real time were spent waiting for the world outside. Any thread. */
void replay_waited(int64_t ns);

/* A task that stood still outside has lost the proc. By sysmon. */
void replay_rescued(void);

/* The line that GORT_DEBUG=seedtrace=1 asks for, once; nothing in another mode. Any thread. */
void replay_say_trace(void);

/* This is the child of a fork: it says nothing at its end. */
void replay_leave(void);

/* The time by which tasks live: deadlines, timers, gort_now. Any thread; what is said about tasks
 * to watchers has the real time. */
static inline int64_t sched_now_ns(void)
{
    return UNLIKELY(debug.replay != 0) ? replay_now_ns() : clock_mono_ns();
}

#endif
