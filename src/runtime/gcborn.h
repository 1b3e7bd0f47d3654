/* SPDX-License-Identifier: MIT */
/* gcborn.h - objects that are born while a mark runs beside the program.
 * They are marked from birth: a slot is marked when a proc's cache takes it, before any object is
 * made in it. The mark does not search them, since they are empty then; what is stored in them
 * later makes their page written. Slots that are given back unused are unmarked.
 * Threads: who owns the span. Source: allocating black, as in Dijkstra et al., On-the-Fly Garbage
 * Collection (1978). */
#ifndef RUNTIME_GCBORN_H
#define RUNTIME_GCBORN_H

#include <stdint.h>

#include "runtime/span.h"

/* The slots BITS of WORD of S were taken. While gc_marks_beside. */
void born_taken(struct span *s, unsigned word, uint64_t bits);

/* They go back. While gc_marks_beside. */
void born_returned(struct span *s, unsigned word, uint64_t bits);

#endif
