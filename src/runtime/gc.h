/* SPDX-License-Identifier: MIT */
/* gc.h - the collector's cycle: who begins one, its phases, what is known of the past ones.
 *
 *     OFF --> MARK --> MARK_TERMINATION --> SWEEP --> OFF
 *
 *   OFF               every span is swept; the heap grows towards its goal.
 *   MARK              everything reachable is marked. The world is stopped from its beginning.
 *   MARK_TERMINATION  the marks are complete: the next goal is set, the spans turn unswept.
 *   SWEEP             the world runs; each span is swept before its next use, the last one ends
 *                     the cycle.
 *
 * A cycle begins in the task whose allocation reaches the goal, or that calls gort_gc, or in the
 * background thread when two minutes have gone by without one. It first finishes the sweep of the
 * cycle before. There is one at a time; tasks that want one meanwhile park.
 * Threads: as each function says. Lock: GC, held for a few words only, never during a cycle.
 * Source: Go's mgc; the pacing in gcpace.h. */
#ifndef RUNTIME_GC_H
#define RUNTIME_GC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gc_phase { GC_OFF, GC_MARK, GC_MARK_TERMINATION, GC_SWEEP, GC_PHASES };

/* Why a cycle began. */
enum gc_trigger { GC_BY_HEAP, GC_BY_TIME, GC_BY_CALL, GC_BY_LIMIT };

struct gc_cycle {    /* all 64-bit words, see gc_cycles_read */
    uint64_t number; /* from 1: NumGC after it */
    uint64_t trigger;
    uint64_t start_mono_ns; /* the world was asked to stop */
    uint64_t end_real_ns;   /* it went on */
    uint64_t pause_ns;      /* the sum of the next three */
    uint64_t stop_ns;       /* until the last thread had stopped */
    uint64_t mark_ns;
    uint64_t restart_ns;    /* from the end of the mark */
    uint64_t heap_before;   /* bytes of objects, dead ones too */
    uint64_t heap_live;     /* bytes marked */
    uint64_t heap_goal;     /* that this cycle was to keep */
    uint64_t heap_bytes;    /* searched */
    uint64_t stack_bytes;   /* searched */
    uint64_t globals_bytes; /* searched */
    uint64_t last_task;     /* id of the task that was last to stop, or 0 */
    uint64_t procs;
    uint64_t tasks;
};

struct gc_totals { /* all 64-bit words */
    uint64_t cycles;
    uint64_t forced; /* of them, by gort_gc */
    uint64_t pause_ns;
    uint64_t stop_ns;
    uint64_t mark_thread_ns; /* summed over the marking threads */
    uint64_t proc_ns;        /* pauses times procs */
    uint64_t end_mono_ns;    /* of the last cycle; 0: none yet */
    uint64_t end_real_ns;
    uint64_t live_bytes;
    uint64_t heap_bytes; /* searched by the last cycle */
    uint64_t stack_bytes;
    uint64_t globals_bytes;
};

/* ---- for the allocator; tasks, or the collector's threads ---- */

/* BYTES of slots have become available to a proc, or a large object was made. */
void gc_count_alloc(uint64_t bytes);

/* Collects if it is due, now that BYTES are wanted, and keeps the memory limit. Called by a task in
 * the runtime that holds no lock; it may come back on another worker. PC is the public function's
 * caller. */
void gc_make_room(size_t bytes, uintptr_t pc);

/* Collects in any case; nothing happens on a worker that runs no task, where one can't wait. After
 * GC_BY_CALL the sweep is done too. Same callers. */
void gc_collect(enum gc_trigger trigger, uintptr_t pc);

/* Change the settings, and with them the goal; return the former value. A negative limit only asks.
 * Tasks. */
int gc_set_percent(int percent);
int64_t gc_set_memory_limit(int64_t limit_bytes);

/* ---- for the collector's other files ---- */

struct heap_cache;

/* A forced cycle by the background thread, whose cache is C; nothing if one is under way. */
void gc_collect_by_time(struct heap_cache *c);

/* The last span was swept. */
void gc_sweep_ended(void);

/* ---- for the memory limit ---- */

/* Bytes of spans that the heap needs until the next cycle. */
uint64_t gc_retain(void);

/* Sets the goal anew, for memory outside the heap as it is now. */
void gc_measure_outside(void);

/* ---- for whoever publishes; any thread, no lock ---- */

enum gc_phase gc_phase(void);
uint64_t gc_goal(void);        /* UINT64_MAX: never */
int gc_percent(void);          /* -1: off */
int64_t gc_memory_limit(void); /* INT64_MAX: none */

void gc_read_totals(struct gc_totals *totals);

/* Copies the records of the cycles numbered above FROM that are still kept (the last 256), oldest
 * first, at most MAX; returns how many. */
#define GC_CYCLES_KEPT 256u
size_t gc_cycles_read(uint64_t from, struct gc_cycle *out, size_t max);

/* Pauses and ends of the last 256 of CYCLES cycles, that of cycle n at [(n - 1) % 256]. Entries of
 * cycles that have begun to be overwritten meanwhile are 0. */
void gc_read_pauses(uint64_t cycles, uint64_t pause_ns[GC_CYCLES_KEPT],
                    uint64_t end_real_ns[GC_CYCLES_KEPT]);

#endif
