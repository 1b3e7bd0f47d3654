/* SPDX-License-Identifier: MIT */
/* pageread.h - a page as another process reads it, for tests: copied with pread, then looked at.
 * A double buffer is copied again until its copy is whole. It believes the page and is no model for
 * a reader of pages that may lie.
 * Threads: one a reader. Source: gort-page(5). */
#ifndef SUPPORT_PAGEREAD_H
#define SUPPORT_PAGEREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

struct pageread {
    int fd; /* borrowed */
    size_t bytes;
    char *copy;
};

/* Copies the page that FD is open on. False if it is not a page. */
bool pageread_open(struct pageread *p, int fd);
void pageread_close(struct pageread *p);

/* Copies it again. False if it has become shorter. */
bool pageread_refresh(struct pageread *p);

const struct page_header *pageread_header(const struct pageread *p);
/* NULL if there is no such section. */
const struct page_section *pageread_section(const struct pageread *p, enum page_section_type type);

/* Reads the newest copy of a double buffer into COPY, stride bytes; its number. 0: nothing is
 * published yet, or no whole copy could be had in 100 tries. */
uint64_t pageread_double(const struct pageread *p, enum page_section_type type, void *copy,
                         uint64_t *count);

/* Slot I of a ring, as copied. */
const uint64_t *pageread_slot(const struct pageread *p, enum page_section_type type, uint64_t i);

/* NULL if all that has to hold in any page holds; else what does not. */
const char *pageread_check(const struct pageread *p);

/* How many events of KIND there are. */
unsigned pageread_events(const struct pageread *p, enum page_event_kind kind);

#endif
