/* SPDX-License-Identifier: MIT */
/* heap.h - the page heap: gives spans their pages and takes them back.
 * Free pages are bits in their arena; the lowest run that is long enough is taken, so that the
 * heap stays low and what is high can go back to the system. Each arena has an upper bound of its
 * longest free run, lowered by a search that fails and raised by what is freed: most arenas are
 * passed over without a look at their bits.
 * The heap grows by 4 MiB in arenas of 64 MiB; objects larger than an arena get neighbouring ones.
 * Large spans with references avoid pages that stray words point to, if the rest will do.
 * Pages that were never touched, or were given back with MADV_DONTNEED, are "released": they count
 * as such in MemStats and are known to be zero.
 * Threads: any, in the runtime. Lock: takes HEAP, and PERSIST under it; while it talks to
 * the kernel about free pages, only SCAVENGE. Source: first fit in order of address, Go's mheap. */
#ifndef RUNTIME_HEAP_H
#define RUNTIME_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/span.h"

/* Bytes; heap_sys is the sum of the first three. */
struct heap_pages {
    uint64_t inuse;      /* of spans */
    uint64_t free;       /* in no span, and perhaps resident */
    uint64_t released;   /* in no span, and given back or never touched */
    uint64_t span_inuse; /* span records in use */
};

/* Prepares the tables; false if the system refuses. More than once is harmless. */
bool heap_init_pages(void);

/* A span of SPANCLASS with NPAGES pages, opened. NULL if the system gives no more memory. */
struct span *heap_span_new(size_t npages, unsigned spanclass);

/* The same, at an address that is a multiple of ALIGN_PAGES, a power of two below ARENA_PAGES. */
struct span *heap_span_new_aligned(size_t npages, size_t align_pages, unsigned spanclass);

/* Gives S, of one large object, NPAGES pages in place, which is more. False if what lies behind it
 * is not free; else *ZERO says whether the new pages are known to be zero. The caller owns S. No
 * mark runs. */
bool heap_span_extend(struct span *s, size_t npages, bool *zero);

/* Takes S, which is in no list and holds no object, back. */
void heap_span_free(struct span *s);

/* Gives at least WANT_BYTES of idle pages back to the system, from the highest addresses down;
 * returns how many bytes, less if there are no more. */
size_t heap_scavenge(size_t want_bytes);

/* A mark begins, which will note stray words anew (arena.h). [stw] */
void heap_forget_strays(void);

/* A set that belongs together. Any thread, no lock. */
void heap_read_pages(struct heap_pages *out);

/* Spans in use of a size class, of all kinds. Any thread, no lock. */
uint64_t heap_class_spans(unsigned size_class);

#endif
