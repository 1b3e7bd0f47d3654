/* SPDX-License-Identifier: MIT */
/* allocfree.h - freeing an object before a collection finds it dead, where that is cheap.
 * A small object of the span that the proc allocates from becomes a free slot of it again; one of
 * another span goes into a chain of the proc's cache, from which new objects are made. The pages of
 * a large one go back at once. While a mark runs, and where somebody else owns what would have to
 * be changed, nothing happens: the collector finds it later.
 *
 * What must not be touched without owning the span: its bits and samples, and the type bits, which
 * objects share. So a chain takes neither objects of spans with samples nor typed ones with bits.
 * Threads: a task in the runtime. Source: Go's freegc (1.26). */
#ifndef RUNTIME_ALLOCFREE_H
#define RUNTIME_ALLOCFREE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/span.h"

/* The span of the object that begins at P; misuse of WHAT if none does. */
struct span *object_span(const char *what, const void *p);

/* Whether P lies in a block that pointer-free objects below 16 bytes may share. */
bool object_is_tiny(const struct span *s);

/* The object at P, the start of one in S, is dead. */
void object_free(struct span *s, void *p);

#endif
