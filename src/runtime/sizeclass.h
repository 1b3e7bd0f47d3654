/* SPDX-License-Identifier: MIT */
/* sizeclass.h - the sizes that small objects are rounded up to.
 * 67 sizes from 8 bytes to 32 KiB, and class 0 for larger ones. The sizes are Go's, so that BySize
 * of MemStats compares: each wastes at most an eighth of a span at its end, and neighbours differ
 * by an eighth or so. The number of an object in its span is found by a multiplication with the
 * reciprocal of its size; the unit test proves both facts for every class.
 * Threads: constant after sizeclass_init.
 * Source: Evans, jemalloc (2006), for the spacing; Go's mksizeclasses, for the figures. */
#ifndef RUNTIME_SIZECLASS_H
#define RUNTIME_SIZECLASS_H

#include <stddef.h>
#include <stdint.h>

#define HEAP_PAGE_SHIFT  13u
#define HEAP_PAGE_BYTES  ((size_t)1 << HEAP_PAGE_SHIFT)
#define SIZE_CLASSES     68u
#define SMALL_MAX_BYTES  ((size_t)32768)
#define SIZE_BY_8_MAX    ((size_t)1024)
#define SPAN_MAX_OBJECTS 1024u

struct size_class {
    uint32_t bytes;  /* of an object; 0 in class 0 */
    uint32_t npages; /* of a span */
    uint32_t nelems; /* objects in a span */
    uint32_t magic;  /* offset * magic >> 32 is the number of the object at that offset */
};

extern struct size_class size_classes[SIZE_CLASSES]; /* [const] */
extern uint8_t size_class_by_8[129];                 /* sizes up to SIZE_BY_8_MAX; [const] */
extern uint8_t size_class_by_128[249];               /* larger ones; [const] */

/* Fills the tables. Before anything else here; more than once is harmless. */
void sizeclass_init(void);

/* The class of objects of BYTES, at most SMALL_MAX_BYTES; class 1 for 0. */
static inline unsigned size_class_of(size_t bytes)
{
    if (bytes <= SIZE_BY_8_MAX)
        return size_class_by_8[(bytes + 7) / 8];
    return size_class_by_128[(bytes - SIZE_BY_8_MAX + 127) / 128];
}

#endif
