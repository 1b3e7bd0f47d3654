/* SPDX-License-Identifier: MIT */
/* gc.h - the collector's cycle: its phases, the goal, the settings, what is known of past cycles.
 *
 *     OFF --> MARK --> MARK_TERMINATION --> SWEEP --> OFF
 *
 *   OFF               every span is swept; the heap grows towards its goal.
 *   MARK              everything reachable is marked.
 *   MARK_TERMINATION  the marks are complete: the next goal is set, the spans turn unswept.
 *   SWEEP             the world runs; each span is swept before its next use, the last one ends
 *                     the cycle.
 *
 * In the mode GC_STOP_THE_WORLD the world is stopped from the beginning of MARK to that of SWEEP.
 * In the mode GC_CONCURRENT it is stopped twice for a moment, and the order is this (gccycle.c):
 *   1. All pages of the heap that hold references, and of tasks' stacks, are declared clean
 *      (gcdirty.h). From here on what is written to becomes known.
 *   2. First stop: objects are born marked from now on, so the caches give back what they have;
 *      tasks that run are searched. It comes after 1, or what is stored in an object that was born
 *      marked would be lost: no mark searches it, only its written page tells of it.
 *   3. MARK beside the program: markers with a quarter of the procs' time, and tasks that allocate
 *      faster than these get on (gc_make_room), search the roots and what can be reached.
 *   4. The pages that were written meanwhile are declared clean again and their marked objects
 *      searched once more; this is repeated until few are left, or it gets no further: then tasks
 *      that allocate wait until the end of the mark.
 *   5. Last stop: all roots, save stacks on which nothing has changed (gcparked.h), and what is on
 *      pages written since. Then everything is marked that is reachable now: what was not searched
 *      since it was last written lay on such a page, or was a root.
 * Where little has to be marked, by experience, the first stop comes before 1 and marks; mostly
 * that is all. If it takes too long, 1 is done in that stop: nothing was written since what has
 * been searched, so the cycle goes on with 3.
 * Which mode it is dirty_init decides by trying, and GORT_GC_MODE.
 *
 * A cycle is run by its owner, of whom there is one at a time (gcowner.h).
 * Threads: as each function says. Lock: GC, held for a few words only.
 * Source: Go's mgc; Boehm, Demers and Shenker, Mostly Parallel Garbage Collection (1991); the
 * pacing in gcpace.h. */
#ifndef RUNTIME_GC_H
#define RUNTIME_GC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/laststop.h"

enum gc_phase { GC_OFF, GC_MARK, GC_MARK_TERMINATION, GC_SWEEP, GC_PHASES };

/* In the order of enum page_gc_mode. */
enum gc_mode { GC_STOP_THE_WORLD, GC_CONCURRENT };

/* Why a cycle began. */
enum gc_trigger { GC_BY_HEAP, GC_BY_TIME, GC_BY_CALL, GC_BY_LIMIT };

struct gc_stop {           /* all 0: there was none */
    uint64_t asked_ns;     /* this and the next three: monotonic */
    uint64_t stopped_ns;   /* the last thread had stopped */
    uint64_t marked_ns;    /* what the stop was for is done */
    uint64_t restarted_ns; /* all ran on */
    uint64_t off_cpu_ns;   /* of the time between, that the last thread to stop, until it had, or
                              the collector's own was on no processor (offcpu.h) */
};

struct gc_cycle {    /* all 64-bit words, see gc_cycles_read */
    uint64_t number; /* from 1: NumGC after it */
    uint64_t trigger;
    uint64_t mode;          /* enum gc_mode */
    uint64_t start_mono_ns; /* the world was asked to stop, the first time */
    uint64_t end_real_ns;   /* it went on, the last time */
    uint64_t pause_ns;      /* the sum of the next three */
    uint64_t stop_ns;       /* until the last thread had stopped, in both; all of one in vain */
    uint64_t mark_ns;       /* of the work in both stops */
    uint64_t restart_ns;    /* from the end of that, in both stops */
    uint64_t heap_before;   /* bytes of objects, dead ones too */
    uint64_t heap_end;      /* the same at the end of the mark */
    uint64_t heap_live;     /* bytes marked */
    uint64_t heap_goal;     /* that this cycle was to keep */
    uint64_t heap_bytes;    /* searched */
    uint64_t stack_bytes;   /* searched */
    uint64_t globals_bytes; /* searched */
    uint64_t procs;
    uint64_t tasks;
    /* Of a mark beside the program; all 0 in the other mode, save LAST. */
    struct gc_stop first;
    struct gc_stop last;
    uint64_t clean_ns;      /* of declaring the heap clean, before the first stop */
    uint64_t beside_ns;     /* between the stops */
    uint64_t marker_ns;     /* of it, of the collector's threads, summed */
    uint64_t assist_ns;     /* of it, of tasks that helped, summed */
    uint64_t rounds;        /* looks at the written pages before the last stop */
    uint64_t written_pages; /* found by these, and by the last stop */
    uint64_t last_pages;    /* found by the last stop */
    /* Who was last to stop, in the stop for which the others waited longer (laststop.h). */
    uint64_t last_task; /* its id, or 0 */
    uint64_t last_how;  /* enum stopped_how */
    uint64_t last_name[4];
    uint64_t last_frames; /* of last_pcs, innermost first */
    uint64_t last_pcs[LASTSTOP_FRAMES];
};

struct gc_totals { /* all 64-bit words */
    uint64_t cycles;
    uint64_t forced; /* of them, by gort_gc */
    uint64_t pause_ns;
    uint64_t stop_ns;
    uint64_t mark_thread_ns; /* summed over the marking threads, without tasks that helped */
    uint64_t assist_ns;      /* summed over tasks that helped */
    uint64_t proc_ns;        /* pauses times procs, and marking beside the program */
    uint64_t written_pages;
    uint64_t rounds;
    uint64_t end_mono_ns; /* of the last cycle; 0: none yet */
    uint64_t end_real_ns;
    uint64_t live_bytes;
    uint64_t heap_bytes; /* searched by the last cycle */
    uint64_t stack_bytes;
    uint64_t globals_bytes;
};

/* ---- for the allocator; tasks, or the collector's threads ---- */

/* BYTES of slots have become available to a proc, or a large object was made. */
void gc_count_alloc(uint64_t bytes);

/* Room for BYTES is wanted: begins a cycle if it is due, or sees to it that the one under way comes
 * to its end in time, by marking or waiting; and keeps the memory limit. Called by a task in the
 * runtime that holds no lock; it may come back on another worker. PC is the public function's
 * caller. */
void gc_make_room(size_t bytes, uintptr_t pc);

/* Change the settings, and with them the goal; return the former value. A negative limit only asks.
 * Tasks. */
int gc_set_percent(int percent);
int64_t gc_set_memory_limit(int64_t limit_bytes);

/* ---- for the collector's other files ---- */

/* Whether the heap has reached the size at which a cycle begins. Any thread. */
bool gc_is_due(void);

/* Whether the memory limit sets the goal. The owner of a cycle. */
bool gc_is_limited(void);

/* Whether one stop is likely to be enough for the whole of the next mark. The owner of a cycle. */
bool gc_is_little(void);

/* The next phase. The owner of a cycle; from SWEEP to OFF gc_sweep_ended. */
void gc_enter_phase(enum gc_phase to);

/* Bytes of objects, dead ones too, as of now. Any thread. */
uint64_t gc_object_bytes(void);

/* Bytes that may be allocated until the next cycle begins. [stw] */
uint64_t gc_room(void);

/* A mark beside the program begins. [stw] */
void gc_mark_begins(void);

/* From now on, until the mark is over, tasks that allocate search for themselves what they write:
 * WRITTEN bytes of pages for ALLOCATED bytes of objects, as in the last round. The owner of a
 * cycle. */
void gc_brake(uint64_t written, uint64_t allocated);

/* From now on tasks that allocate wait until the mark is over. The owner of a cycle. */
void gc_hold_up(void);

struct mark_result;

/* The marks of a cycle are complete, with HEAP_END bytes of objects: sets the goal. [stw] */
void gc_mark_ended(const struct mark_result *mark, uint64_t heap_end);

/* What the next cycles do, GORT_GC_MODE being WANTED or NULL. At start, after debug_init and before
 * heap_init. And: no more marks beside the program. The owner of a cycle. */
void gc_choose_mode(const char *wanted);
void gc_give_up_mode(void);

/* Whether a cycle in the mode GC_CONCURRENT may try to do with one stop. */
bool gc_may_be_brief(void);

/* When the cycle that has just been told ended. Its owner. */
void gc_set_end(int64_t end_ns);

/* The last span was swept. */
void gc_sweep_ended(void);

/* ---- for the memory limit ---- */

/* Bytes of spans that the heap needs until the next cycle. */
uint64_t gc_retain(void);

/* Sets the goal anew, for memory outside the heap as it is now. */
void gc_measure_outside(void);

/* Bytes that hold neither objects nor idle pages, as the goal takes them into account. Any thread.
 */
uint64_t gc_outside(void);

/* ---- for whoever publishes; any thread, no lock ---- */

enum gc_phase gc_phase(void);
enum gc_mode gc_mode(void);    /* of the next cycle */
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
