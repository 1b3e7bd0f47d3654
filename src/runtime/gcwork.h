/* SPDX-License-Identifier: MIT */
/* gcwork.h - grey objects: reached, not yet searched; and who of the markers still has some.
 * Each marker works last in, first out, on a buffer of its own, which needs no atomics. Full
 * buffers go to a pool that all take from. A marker that sees others idle puts the older half of
 * its buffer there too: what was pushed early is near the roots, so it stands for the most work.
 *
 * The crew word holds how many markers have joined, how many of them are idle, and whether the
 * mark is still open. It closes when all are idle and the pool is empty: a marker goes idle only
 * when it has found the pool empty, and only one that is not idle fills the pool. One that leaves
 * gives what it has to the pool first. Beside them, tasks that come to run put words of their
 * stacks into the pool (gcstack.h): what they put after the end is there for the next crew.
 * Threads: a buffer by its marker; the rest any. Used while the world is stopped, too: locks here
 * are never held by a stopped thread. Lock: GCWORK.
 * Source: Go's mgcwork; the count of the idle as in Flood et al., Parallel Garbage Collection for
 * Shared Memory Multiprocessors (2001). */
#ifndef RUNTIME_GCWORK_H
#define RUNTIME_GCWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/san.h"

#define WORKBUF_BYTES ((size_t)4096)
#define WORKBUF_MAX   ((uint32_t)((WORKBUF_BYTES - 2 * sizeof(void *)) / sizeof(uint64_t)))

/* An address in the low 48 bits, its span class above. */
typedef uint64_t grey_t;

struct workbuf {
    struct workbuf *next;     /* in the pool; [lock:gcwork] */
    uint32_t n;               /* [owner] */
    bool raw;                 /* words of roots, not looked at yet; [owner] */
    grey_t grey[WORKBUF_MAX]; /* [owner] */
};

/* An empty buffer. Ends the process when memory runs out. */
struct workbuf *work_get_empty(void);

/* A buffer with work, or NULL. */
struct workbuf *work_get_full(void);

/* Gives B, to whoever wants it if there is work in it. */
void work_put(struct workbuf *b);

/* Puts the older half of B into the pool. */
void work_share(struct workbuf *b);

/* Whether the pool has work; whether somebody would take some: a marker is idle, or work_ask was
 * called since the last time that some was shared. Guesses. */
bool work_is_there(void);
bool work_is_wanted(void);

/* Someone who found nothing asks the markers to share what they have, and does not wait for it. A
 * search that goes into depth keeps all its work in one buffer otherwise. */
void work_ask(void);

/* Opens the crew, with the caller as its first member. */
void crew_open(void);

/* Joins; false if the mark is not open. */
bool crew_join(void);

/* Whether it is open. A guess. */
bool crew_is_open(void);

/* The caller, who has given all its work to the pool, ceases to be a member before the end. */
void crew_leave(void);

/* The caller has nothing left and found the pool empty: waits. True if there is work again, false
 * if the mark is over: then the caller may not use anything of it any more. */
bool crew_wait(void);

/* The first member, after crew_wait said false: waits until all others have seen it too. */
void crew_disband(void);

#endif
