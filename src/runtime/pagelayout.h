/* SPDX-License-Identifier: MIT */
/* pagelayout.h - what lies where in the page, and how it says so itself.
 * A plan is made from a few sizes, then everything that never changes is written by it: the fixed
 * part of the header, the table of sections, the descriptors of the metrics and their texts.
 * Threads: none of its own. */
#ifndef RUNTIME_PAGELAYOUT_H
#define RUNTIME_PAGELAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define PAGELAYOUT_SECTIONS_MAX 14
#define PAGELAYOUT_GC_CYCLES    256
#define PAGELAYOUT_EVENTS       256
#define PAGELAYOUT_TASK_GROUPS  256
#define PAGELAYOUT_ALLOC_SITES  256
#define PAGELAYOUT_LEAKS        256

struct pagelayout_sizes {
    uint32_t procs;
    uint32_t size_classes; /* the one of large objects included */
    uint32_t latencies;    /* buckets of the histogram */
    uint32_t seconds;      /* slots of the history by seconds; 0: none */
    uint32_t minutes;      /* slots of the history by minutes; 0: none */
};

/* How the writer treats a section. */
enum pagelayout_shape {
    PAGE_SHAPE_FIXED,  /* written once */
    PAGE_SHAPE_LIVE,   /* words that change one by one */
    PAGE_SHAPE_DOUBLE, /* struct page_double */
    PAGE_SHAPE_RING,   /* slots that begin with their number */
};

struct pagelayout {
    uint64_t bytes; /* of the whole page */
    uint32_t nsections;
    uint32_t nkept; /* metrics with a history */
    struct page_section section[PAGELAYOUT_SECTIONS_MAX];
};

void pagelayout_plan(struct pagelayout *layout, const struct pagelayout_sizes *sizes);

/* Writes what is fixed into PAGE, layout->bytes of zeroes. The state is left at BUILDING. */
void pagelayout_write(const struct pagelayout *layout, void *page);

/* The section of TYPE, or NULL if the page has none. */
const struct page_section *pagelayout_find(const struct pagelayout *layout,
                                           enum page_section_type type);

enum pagelayout_shape pagelayout_shape_of(enum page_section_type type);

#endif
