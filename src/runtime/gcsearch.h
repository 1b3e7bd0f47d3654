/* SPDX-License-Identifier: MIT */
/* gcsearch.h - from words to objects, and from objects to words: the inner loop of the mark.
 * Words that could be addresses in the heap are put aside, some tens of them, without a branch.
 * Then all of these are resolved to objects by the tables of their arenas, and the memory of the
 * marks and of the objects is prefetched; then they are marked and pushed; then the last of those
 * pushed are searched, until there are as many words again. So that the processor has always many
 * reads on their way, and is seldom wrong about a branch.
 * What counts as a reference: any aligned word that points to an allocated object or into it. A
 * pointer just behind the end is one too, because whoever allocates something that such a pointer
 * is made for asks for a byte more (mem.c).
 * Objects above 128 KiB are searched in pieces of that size, by different threads.
 *
 * While the program runs, its words change under the search. That is meant: a word is read as a
 * whole, and what it said when it was put aside is marked if there is such an object; what is
 * written later makes its page written (gcdirty.h), and that page is searched again. So these
 * functions are not looked at by the thread sanitizer.
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

#define MARKER_WORDS 64u /* put aside at most */
#define MARKER_BATCH 32u /* of them, before they are looked at */

struct ref { /* a word resolved to an object */
    struct object_bits *bits;
    uint64_t bit;
    grey_t grey;
};

struct marker {   /* one a thread, on its stack; [owner] */
    uintptr_t lo; /* all arenas lie in [lo, lo + range) */
    uintptr_t range;
    bool defines; /* words found are to be made defined, for Valgrind */
    bool again;   /* this was searched before: most of what it refers to is marked already */
    bool notes;   /* references to stacks are noted: the range includes these (gcleaknote.h) */
    bool notes_pages;  /* those of what is marked (gcmarked.h) */
    uintptr_t root_lo; /* the root searched last: its references to itself are not noted */
    uintptr_t root_range;
    struct workbuf *buf;
    uint32_t nwords;
    uintptr_t word[MARKER_WORDS]; /* that may be references, to be looked at */
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
