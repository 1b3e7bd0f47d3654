/* SPDX-License-Identifier: MIT */
/* gcmark.h - finding everything that can be reached.
 * The world is stopped. The thread that stopped it and the collector's mark threads take pieces of
 * the roots and grey objects until there are none. A word that could be an address in the heap is
 * resolved to an object by the tables of its arena; whether it is marked already is looked at only
 * a few words later, when the memory that this needs has been prefetched.
 * What counts as a reference: any aligned word that points to an allocated object or into it. A
 * pointer just behind the end is one too, because whoever allocates something that such a pointer
 * is made for asks for a byte more (mem.c).
 * Objects above 128 KiB are searched in pieces of that size, by different threads.
 * Source: Boehm and Weiser, Garbage Collection in an Uncooperative Environment (1988), for the
 * words; Cher, Hosking and Vitek, Software Prefetching for Mark-Sweep Garbage Collection (2004),
 * for the queue; Go's mgcmark for the pieces of large objects. */
#ifndef RUNTIME_GCMARK_H
#define RUNTIME_GCMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mark_result {
    uint64_t live_bytes; /* of marked objects */
    uint64_t live_objects;
    uint64_t heap_bytes;    /* searched */
    uint64_t stack_bytes;   /* searched */
    uint64_t globals_bytes; /* searched */
    uint64_t thread_ns;     /* summed over the threads */
};

/* Marks. WAKE is called once the mark is open, to send the helpers into mark_help. [stw] */
void mark_run(struct mark_result *result, void (*wake)(void));

/* Helps, if a mark is open. Threads of the collector. */
void mark_help(void);

#endif
