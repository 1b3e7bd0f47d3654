/* SPDX-License-Identifier: MIT */
/* live.h - what hangs on the life of an object: cleanups, weak pointers, finalizers, handles.
 * They are attached to an object of mem.h by any address that keeps it, and ask the collector: an
 * object is out of reach when it finds none from the roots, which is decided once a collection.
 *
 * In which order things come to an object that is out of reach:
 *   1. its weak pointers are cleared;
 *   2. if it has a finalizer, that is taken off and called with the object, which lives again until
 *      a later collection finds it out of reach: what comes next waits for that;
 *   3. its memory is free, and its cleanups are called.
 * The calls are made some time afterwards by tasks of the runtime, one for all cleanups and one for
 * all finalizers, one call at a time each; a call that takes long or blocks makes the others wait:
 * then let it start a task. It may do all that a task may; gort_exit ends that call alone. What is
 * attached to objects that the end of the program finds alive is not called. Objects that refer to
 * each other in a circle are out of reach together; but see gort_finalizer_set.
 *
 * An object that is given to gort_free, or that gort_realloc moves away from, is at its end too,
 * but for the finalizer, which is not called.
 *
 * Objects of gort_alloc_noscan below 16 bytes share blocks that live as long as any object in them,
 * and so does what is attached to these. */
#ifndef GORT_LIVE_H
#define GORT_LIVE_H

#include <gort/base.h>

/* ---- cleanups ---- */

/* Names one cleanup; zero is none. May be copied and kept anywhere. */
typedef struct gort_cleanup {
    void *gort_record;
    uint64_t gort_serial;
} gort_cleanup;

/* Calls FN(ARG), once, after the object that P points to or into is out of reach. An object may
 * have many; their order is undefined. ARG and all that it refers to is kept until then, so it must
 * not refer to the object in any way: it would be kept for ever. That ARG points into the object
 * itself ends the process, as P does if it points to no object. Does not block. */
GORT_API gort_cleanup gort_cleanup_add(const void *p, void (*fn)(void *arg), void *arg);

/* Calls it no more. Returns 1 if that comes in time: then it never runs; 0 if it has begun or was
 * stopped before. Does not block, and does not wait for one that runs. */
GORT_API int gort_cleanup_stop(gort_cleanup c);

/* ---- weak pointers ---- */

/* An address that does not keep its object. Itself an object: it must be kept where the collector
 * looks. Pointers made for the same address of the same object are the same, so == compares them,
 * also after the object's end. */
typedef struct gort_weak gort_weak;

/* The weak pointer for P, an address of an object, to its start or inside. NULL for NULL. The
 * process ends if P points to no object. Does not block. */
GORT_API gort_weak *gort_weak_new(const void *p);

/* The address that W was made for, which keeps its object as any reference does; or NULL if a
 * collection found the object out of reach, from then on for ever. NULL for NULL. Does not block,
 * costs a few nanoseconds. */
GORT_API void *gort_weak_get(const gort_weak *w);

/* ---- finalizers ---- */

/* Calls FN(P) once after the object at P is out of reach. It is the same object still, with all
 * that it refers to: FN may store P, give it another finalizer, or do nothing, and then a later
 * collection frees it. P is the beginning of the object, which has no finalizer yet; else the
 * process ends.
 * What an object with a finalizer refers to is kept for it: of two such objects, one of which
 * refers to the other, that one is finalized in a later collection. Objects in a circle of
 * references, one of which has a finalizer, are never finalized nor freed. Prefer cleanups: they
 * have none of this. Does not block. */
GORT_API void gort_finalizer_set(void *p, void (*fn)(void *p));

/* Takes it off again. Returns 1 if there was one that now is never called, else 0. */
GORT_API int gort_finalizer_clear(const void *p);

/* ---- handles ---- */

/* A number that stands for P, and keeps what P refers to, until it is deleted: for libraries that
 * store a pointer or a number in memory where the collector does not look. Never 0; a number is not
 * used again in the next 2,147,483,648 handles of its place. P may be NULL or no object at all.
 * Does not block. */
GORT_API uint64_t gort_handle_new(const void *p);

/* What H stands for. The process ends if H is no handle or was deleted. Callable from any thread:
 * one that is no task must see to it that the handle is not deleted while it uses the object. */
GORT_API void *gort_handle_get(uint64_t h);

/* H stands for nothing any more, and keeps nothing. The process ends as in gort_handle_get. */
GORT_API void gort_handle_delete(uint64_t h);

/* Handles that exist: it grows for ever if some are never deleted. Callable from any thread. */
GORT_API uint64_t gort_handle_count(void);

#endif
