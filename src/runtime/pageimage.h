/* SPDX-License-Identifier: MIT */
/* pageimage.h - a copy of the page in a file, brought up to date by writes.
 * The process may be killed between any two writes, and in the middle of one that crosses a page of
 * the file. So the image keeps the page's own promises by itself: of a double buffer it fills the
 * copy that its own number does not name and writes the number last; of a ring it writes only what
 * is new, each slot between an odd and an even number.
 * Threads: one at a time. */
#ifndef RUNTIME_PAGEIMAGE_H
#define RUNTIME_PAGEIMAGE_H

#include <stdint.h>

#include "page.h"
#include "runtime/pagelayout.h"

struct pageimage {
    const char *page;                       /* [const] */
    const struct pagelayout *layout;        /* [const] */
    int fd;                                 /* borrowed */
    uint64_t seen[PAGELAYOUT_SECTIONS_MAX]; /* double: number of the copy that was written;
                                             * ring: of the next entry to be written */
    struct page_double head[PAGELAYOUT_SECTIONS_MAX]; /* of the image's double buffers */
};

/* Writes the whole image into the empty file FD. Returns 0 or a positive errno. */
int pageimage_begin(struct pageimage *image, int fd, const void *page,
                    const struct pagelayout *layout);

/* Writes what has changed. A ring that is far behind catches up in several calls. Returns 0 or a
 * positive errno. */
int pageimage_update(struct pageimage *image);

/* Writes the state alone: for one who can't wait. Async-signal-safe. */
void pageimage_write_state(int fd, uint32_t state);

#endif
