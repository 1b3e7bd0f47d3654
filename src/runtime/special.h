/* SPDX-License-Identifier: MIT */
/* special.h - what is attached to objects: cleanups, finalizers, weak pointers.
 * Each is a record. Records of objects that begin in the same 512 bytes of heap are linked from one
 * word beside their arena; a span counts those of all its objects, so that a sweep of one that has
 * none pays for a look at a number.
 *
 * When is an object out of reach? When the marks are complete and it has none. Nothing is done
 * about it then, while the world stands still: each span's records are settled when the span is
 * swept, before its mark bits are used up. An object without a mark first loses its weak pointers;
 * then, if it has a finalizer, that is taken off and made due, and the object gets its mark after
 * all; if it has none, its cleanups are made due. What is due is called by tasks (due.h).
 *
 * What the mark has to do for that: records are roots (special_scan).
 *   - A cleanup keeps its argument, attached or due; a weak pointer's record keeps the object that
 *     the program holds as the pointer.
 *   - A finalizer keeps what its object refers to, but not the object: so all of that has marks if
 *     the object is given one in the sweep. A due one keeps the object.
 *
 * Under a mark that runs while tasks do, three rules make the same true:
 *   1. All pieces of special_scan are scanned (again) in the stop that ends the mark, after which
 *      nothing is marked: what was attached or due by then counts. Before, any piece may be
 *      scanned at any time too, to shorten that stop.
 *   2. A weak pointer that is read before that stop gives the address, marked or not. It is in a
 *      register or on the stack of a task that runs, or on a page written since: these are all
 *      searched in the stop. So no read has to mark. Tasks are stopped outside of the runtime only,
 *      so that no read lies astride the stop.
 *   3. After it, until the object's span is swept, a read looks at the mark (special_weak_read).
 *
 * Threads: tasks, in the runtime, and sweepers. Locks: one of rank SPECIAL for each of 64 sets of
 * spans, RECORDS, DUE. Source: Go's specials in mheap.go; mcleanup.go, mfinal.go. */
#ifndef RUNTIME_SPECIAL_H
#define RUNTIME_SPECIAL_H

#include <stdbool.h>

#include "runtime/span.h"
#include "runtime/world.h"

enum special_kind {
    SPECIAL_FREE,
    SPECIAL_CLEANUP,
    SPECIAL_FINALIZER,
    SPECIAL_WEAK,
    SPECIAL_DUE_CLEANUP,   /* of an object that is no more */
    SPECIAL_DUE_FINALIZER, /* of an object that lives because of it */
    SPECIAL_STOPPED,       /* was a due cleanup, is to be forgotten */
};

struct special {
    struct special *next;      /* in its list; [lock: that of the list] */
    _Atomic(uint64_t) word;    /* serial number, lock and kind; [atomic] */
    _Atomic(uintptr_t) object; /* where it begins; [atomic], set before it is attached */
    uintptr_t addr;            /* in the object, as the program gave it; as object */
    void (*fn)(void *arg);     /* as object */
    _Atomic(void *) arg;       /* of a cleanup; the struct gort_weak of a weak pointer; [atomic] */
};

/* What the program has of a weak pointer: an object without references. */
struct gort_weak {
    _Atomic(uintptr_t) target; /* 0: gone; cleared under the lock */
    _Atomic(uint32_t) alive;   /* number of the last cycle that is known to have left it */
    uint32_t lock;             /* number of the lock; [const] */
};

/* The object that an address belongs to. */
struct special_place {
    struct span *span;
    uintptr_t base;
};

/* Before the first task. */
void special_init(void);

/* ---- for the public functions; tasks in the runtime ---- */

/* The place of the object that P points to or into. Ends the process, naming WHAT, if none. */
struct special_place special_place_of(const char *what, const void *p);

/* Attaches a cleanup; its record and serial number. */
struct special *special_add_cleanup(struct special_place at, void (*fn)(void *arg), void *arg,
                                    uint64_t *serial);

/* Detaches it or takes it out of the queue; whether it was still to be called. */
bool special_stop_cleanup(struct special *s, uint64_t serial);

/* Attaches the finalizer of the object whose address is ADDR; false if it has one. */
bool special_add_finalizer(struct special_place at, uintptr_t addr, void (*fn)(void *p));

/* Whether there was one. */
bool special_remove_finalizer(struct special_place at, uintptr_t addr);

/* The weak pointer for ADDR: the one that exists, or WEAK if that is not NULL, else NULL. */
struct gort_weak *special_weak(struct special_place at, uintptr_t addr, struct gort_weak *weak);

/* What W stands for, if that is alive. */
void *special_weak_read(const struct gort_weak *w);

/* ---- for the collector ---- */

/* Whether anything is attached to objects of S. Who sweeps S, or frees objects of it. */
static inline bool span_has_specials(const struct span *s)
{
    return atomic_load_explicit(&s->nspecials, memory_order_relaxed) != 0;
}

/* Settles the records of S; before its mark bits become the allocation bits. Sweeper of S, who
 * holds no lock. */
void special_sweep(struct span *s);

/* The object at BASE in S is freed by the program: its weak pointers are cleared, its finalizer is
 * dropped, its cleanups are due. Owner of the object, no lock held. */
void special_freed(struct span *s, uintptr_t base);

/* The marks are complete. [stw] */
void special_marked(void);

/* Root pieces, and the memory of piece I; see above for when. Any thread. */
uint32_t special_pieces(void);
void special_scan(uint32_t i, world_scan_fn scan, void *ctx);

/* Hands over the objects that weak pointers of piece I stand for, which keeps them for this cycle.
 * Any thread. */
void special_scan_weak(uint32_t i, world_scan_fn scan, void *ctx);

/* Whether a sweep that is under way may make something due. Any thread. */
bool special_is_awaited(void);

/* ---- for due.c ---- */

struct special_call {
    void (*fn)(void *arg);
    void *arg;
};

/* Takes what is to be called from S, which was due, and frees S; false if it was stopped. */
bool special_take_call(struct special *s, struct special_call *call);

#endif
