/* SPDX-License-Identifier: MIT */
/* pagewrite.h - putting things into the page so that a reader in another process can tell whether
 * what it copied belongs together.
 * Threads: one writer a section; the caller sees to it.
 * Source: base/seqlock.h. */
#ifndef RUNTIME_PAGEWRITE_H
#define RUNTIME_PAGEWRITE_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"
#include "runtime/pagelayout.h"

/* A section of shape DOUBLE. */
struct pagedouble {
    struct page_double *head; /* NULL: the page has no such section */
    size_t copy_bytes;
};

/* A section of shape RING. */
struct pagering {
    char *slots; /* NULL: the page has no such section */
    size_t stride;
    uint64_t count;
    uint64_t next; /* number of the next entry, from 0; [owner] */
};

struct pagedouble pagedouble_at(void *page, const struct pagelayout *layout,
                                enum page_section_type type);
struct pagering pagering_at(void *page, const struct pagelayout *layout,
                            enum page_section_type type);

/* Shows BYTES, a multiple of 8, at ENTRIES as the newest copy, COUNT entries. Nothing without a
 * section. */
void pagedouble_put(const struct pagedouble *d, const void *entries, size_t bytes, uint64_t count,
                    int64_t now_ns);

/* Begins the next entry: returns where what follows its number goes, stride - 8 bytes, or NULL
 * without a section. To be filled by seq_store; then pagering_commit. */
uint64_t *pagering_begin(struct pagering *ring);
void pagering_commit(struct pagering *ring);

/* Both at once: ENTRY begins with room for the number and is BYTES long, at most stride. */
void pagering_put(struct pagering *ring, const void *entry, size_t bytes);

#endif
