/* SPDX-License-Identifier: MIT */
/* central.h - the spans of each class that no proc allocates from.
 * Each class has four lists: spans with free slots and spans without, swept in this cycle or not
 * yet. When a mark is done, what was swept counts as unswept by the turn of one bit. Whoever takes
 * a span off an unswept list sweeps it, alone.
 * Threads: any, in the runtime. Lock: one of rank CENTRAL a class, held for list work only.
 * Source: Go's mcentral. */
#ifndef RUNTIME_CENTRAL_H
#define RUNTIME_CENTRAL_H

#include "runtime/cache.h"

void central_init(void);

/* A swept span of SPANCLASS with free slots, for the cache C, whose counts get what is swept on the
 * way. NULL if the system gives no memory. */
struct span *central_take(struct heap_cache *c, unsigned spanclass);

/* Puts a swept span that nobody owns into its list. */
void central_put(struct span *s);

/* Takes S, a span in use, off its list: then the caller owns it, and has to sweep it if it was not
 * swept. NOWHERE: somebody else owns it. */
enum central_found { CENTRAL_NOWHERE, CENTRAL_SWEPT, CENTRAL_UNSWEPT };
enum central_found central_remove(struct span *s);

/* Takes a span that is not swept yet off its list: the caller has to sweep it. NULL if the class
 * has none. */
struct span *central_take_unswept(unsigned spanclass);

/* Every span in the lists counts as unswept from now on. All unswept lists are empty before. [stw]
 */
void central_flip(void);

#endif
