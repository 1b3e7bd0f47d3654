/* SPDX-License-Identifier: MIT */
/* gcpages.h - which memory a mark beside the program has to look at again: the written pages of the
 * heap that may hold references.
 * Only pages in spans are declared clean: of what was never touched the kernel would have to keep
 * account, too. Asked about are those on which marked objects lie (gcmarked.h).
 * For many threads to work on them they are cut into pieces, numbered: of 8 MiB, or beside the
 * program of 512 KiB if many were written, so that what is written in one is searched in about a
 * millisecond; where the few of a heap lie side by side, those of 8 MiB take some more. To declare
 * pages clean again the kernel interrupts all processors that the program runs on, once for each
 * call and each 2 MiB: of few pages that is most of the cost. A page that comes into use after it
 * was looked at counts as written, so the next look finds it.
 * Threads: the owner of the cycle, unless it says otherwise. Source: as gcdirty.h. */
#ifndef RUNTIME_GCPAGES_H
#define RUNTIME_GCPAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/gcdirty.h"

/* Gets the memory for that; false if there is none. Once, at start. */
bool pages_init(void);

/* Declares everything clean. Beside the program: it comes before the stop in which objects begin to
 * be born marked, or what is written to them would not be noticed. */
void pages_declare_clean(void);

/* Makes the list of pieces; how many. They are large in a stop; beside the program they are small,
 * unless few pages were written: WRITTEN, as far as is known, else UINT64_MAX. */
size_t pages_prepare_stopped(void);
size_t pages_prepare_beside(uint64_t written);

/* Calls FN(CTX, LO, HI) for the runs of written pages in piece I that may hold marked objects; how
 * many pages these are. Others keep their state. Markers, one a piece. */
size_t pages_find(size_t i, enum dirty_how how, dirty_fn fn, void *ctx);

/* Declares written what will be written soon anyway, because objects are going to be made there:
 * the pages of spans that have free slots, or will have once they are swept. Beside the program,
 * when the sweep has begun. */
void pages_forgo(void);

#endif
