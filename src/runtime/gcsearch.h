/* SPDX-License-Identifier: MIT */
/* gcsearch.h - from words to objects, and from objects to words: the inner loop of the mark.
 * A word that could be an address in the heap is resolved to an object by the tables of its arena;
 * whether it is marked already is looked at only a few words later, when the memory that this needs
 * has been prefetched.
 * What counts as a reference: any aligned word that points to an allocated object or into it. A
 * pointer just behind the end is one too, because whoever allocates something that such a pointer
 * is made for asks for a byte more (mem.c).
 * Objects above 128 KiB are searched in pieces of that size, by different threads.
 *
 * While the program runs, its words change under the search. That is meant: a word is read once,
 * whole, and what it says is marked if there is such an object; what is written later makes its
 * page written (gcdirty.h), and that page is searched again. So these functions are not looked at
 * by the thread sanitizer.
 * Threads: a marker by its thread. Source: Boehm and Weiser, Garbage Collection in an Uncooperative
 * Environment (1988), for the words; Cher, Hosking and Vitek, Software Prefetching for Mark-Sweep
 * Garbage Collection (2004), for the queue; Go's mgcmark for the pieces of large objects. */
#ifndef RUNTIME_GCSEARCH_H
#define RUNTIME_GCSEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/gcroot.h"
#include "runtime/gcwork.h"
#include "runtime/span.h"

#define MARKER_QUEUE 16u /* references looked at later, a power of two */

struct ref { /* a word resolved to an object */
    struct object_bits *bits;
    uint64_t bit;
    grey_t grey;
};

struct marker {   /* one a thread, on its stack; [owner] */
    uintptr_t lo; /* all arenas lie in [lo, lo + range) */
    uintptr_t range;
    bool defines; /* words found are to be made defined, for Valgrind */
    struct workbuf *buf;
    uint32_t head; /* of the queue */
    uint32_t tail;
    struct ref queue[MARKER_QUEUE];
    uint64_t live_bytes;        /* marked */
    uint64_t live_objects;      /* marked */
    uint64_t heap_bytes;        /* searched */
    uint64_t root_bytes[2];     /* searched, by enum gcroot_kind */
    enum gcroot_kind root_kind; /* of what is searched by marker_search_root */
};

void marker_init(struct marker *m);

/* Gives its buffer away, with what is in it. Its queue is empty. */
void marker_fini(struct marker *m);

/* Marks what [LO, HI), roots, refer to. The signature is that of world_scan_fn. */
void marker_search_root(void *m, const void *lo, const void *hi);

/* Searches the marked objects, or the parts of them, that lie in [LO, HI) of the heap. The
 * signature is that of dirty_fn. */
void marker_search_pages(void *m, uintptr_t lo, uintptr_t hi);

/* Searches grey objects until the marker has none left, or has searched MOST bytes. Whether it has
 * none left. */
bool marker_drain(struct marker *m, uint64_t most);

/* Puts another buffer, B, that has work in place of its own, which is empty. */
void marker_take(struct marker *m, struct workbuf *b);

#endif
