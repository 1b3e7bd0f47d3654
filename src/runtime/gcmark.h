/* SPDX-License-Identifier: MIT */
/* gcmark.h - finding everything that can be reached.
 * A mark is done in parts. Each has pieces, numbered: some of the roots, or some of the heap's
 * written pages. A crew of threads takes pieces and the grey objects that come of them until there
 * are none of either.
 *   MARK_ALL      all roots; the world is stopped. The only part where nothing is known of writes.
 *   MARK_BESIDE   the roots that can be searched beside the program.
 *   MARK_CLEAN    the marked objects on written pages, which count as clean from then on.
 *   MARK_RENEW    the written pages of stacks that are searched already; likewise.
 *   MARK_SETTLE   the stacks of tasks that have run and wait again. Follows MARK_RENEW.
 *   MARK_LAST     all roots, and what lies on pages written since; the world is stopped.
 *   MARK_LEFT     tasks that were left out, and are reached; the world is stopped.
 *   MARK_LEFT_BESIDE  the same beside the program (gcleak.h).
 * The crew are the thread that calls mark_run, the collector's mark threads, and, in the parts that
 * run beside the program, tasks that allocate (mark_assist).
 * Threads: as each function says. Source: Go's mgcmark; Boehm, Demers and Shenker, Mostly Parallel
 * Garbage Collection (1991), for the order of the parts. */
#ifndef RUNTIME_GCMARK_H
#define RUNTIME_GCMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mark_part {
    MARK_ALL,
    MARK_BESIDE,
    MARK_CLEAN,
    MARK_RENEW,
    MARK_SETTLE,
    MARK_LAST,
    MARK_LEFT,
    MARK_LEFT_BESIDE,
};

struct mark_result {
    uint64_t live_bytes; /* of marked objects */
    uint64_t live_objects;
    uint64_t heap_bytes;    /* searched */
    uint64_t stack_bytes;   /* searched by the last part, or before and not again */
    uint64_t globals_bytes; /* searched by the last part */
    uint64_t thread_ns;     /* summed over the threads, without assists */
    uint64_t assist_ns;     /* of tasks that helped */
    uint64_t written_pages; /* found by the last part */
};

/* Carries out PART. WAKE is called once it is open, to send the helpers into mark_help. The owner
 * of the cycle. */
void mark_run(enum mark_part part, void (*wake)(void));

/* From now on, until the mark ends, all markers work as much as they can in the parts that the
 * program undoes meanwhile. The owner of the cycle. */
void mark_press(void);

/* The world is about to be stopped for a part: calls WAKE at once, so that the helpers are there
 * when it opens. Waking them in the stop takes longer than most of these last. The owner of the
 * cycle. */
void mark_expect(void (*wake)(void));
/* Begins with the part MARK_ALL, alone and for about MOST_NS; whether that was all. If not, what it
 * has found waits for the next part. [stw] */
bool mark_try(int64_t most_ns);

/* A mark beside the program begins: searches what is not to be searched later, the stacks of the
 * tasks that run. [stw] */
void mark_begin_beside(void);

/* What has been marked and searched so far; with what tasks have been given meanwhile, after
 * mark_count_born. The owner of the cycle. */
void mark_read(struct mark_result *result);

/* BYTES more are live since the mark began: objects that were born marked. Any thread. */
void mark_count_born(int64_t bytes);

/* Forgets the sums: another mark begins. [stw] */
void mark_clear(void);

/* Helps until the part ends, if one is open, as the marker number I; that of the owner is 0. False
 * if the part goes on and the processors are left to the program: to be tried again in a while.
 * Threads of the collector. */
bool mark_help(uint32_t i);

/* Searches about BYTES of grey objects, if there are any; how many it has searched. On a worker's
 * own stack, in the runtime. */
uint64_t mark_assist(uint64_t bytes);

/* Takes up to WANT bytes of what the markers have searched and nobody has taken yet; how many.
 * Gives BYTES for others to take. Any thread. */
uint64_t mark_take_credit(uint64_t want);
void mark_give_credit(uint64_t bytes);

/* Bytes of heap searched by this mark so far. Any thread. */
uint64_t mark_progress(void);

#endif
