/* SPDX-License-Identifier: MIT */
/* pagefile.h - reading a page that somebody else writes and that may lie.
 * gomon may be root and the target anyone: nothing is mapped, every byte is copied with pread(2)
 * into our own memory first, and only the copy is looked at. Header and sections are checked once,
 * when the page is opened, and the checked copy is what all later reads go by. A file that shrinks
 * meanwhile gives a short read, not a signal.
 * Threads: one owner. Source: gort-page(5). */
#ifndef MON_PAGEFILE_H
#define MON_PAGEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define PAGEFILE_TYPES (PAGE_SECTION_LEAKS + 1)
#define PAGEFILE_WHY_BYTES 160

enum pagefile_verdict {
    PAGEFILE_GOOD,
    PAGEFILE_BUILDING,      /* the program is just starting */
    PAGEFILE_OTHER_VERSION, /* written for another gomon */
    PAGEFILE_DAMAGED,
    PAGEFILE_UNREADABLE, /* an error of the system, or no memory */
};

/* A section, checked: it lies within the file, and its entries within it. */
struct pagefile_section {
    uint64_t offset;
    uint32_t stride;      /* from one entry to the next; of a double, in one copy */
    uint32_t count;       /* entries; 0: the page has no such section */
    uint32_t copy_stride; /* of a double: from one copy to the other */
};

struct pagefile {
    int fd;
    struct page_header header; /* as pagefile_refresh last saw it; its fixed part as it was first */
    struct pagefile_section section[PAGEFILE_TYPES];
    uint8_t *scratch; /* what the functions below return lies here, until the next call */
};

/* A time or a span in nanoseconds that a target wrote, as one that can be reckoned with:
 * differences of two never overflow. One that is beyond all sense is 0. */
static inline int64_t pagefile_time(uint64_t ns)
{
    return ns <= INT64_MAX / 2 ? (int64_t)ns : 0;
}

/* Takes FD, also when it fails, and checks what it holds. Unless good, WHY says what is wrong, as
 * the end of a sentence that begins with whose page it is. */
enum pagefile_verdict pagefile_open(struct pagefile *pf, int fd,
                                    char why[static PAGEFILE_WHY_BYTES]);
void pagefile_close(struct pagefile *pf);

/* Reads the live fields of the header again. False: the file is gone or cut. */
bool pagefile_refresh(struct pagefile *pf);

/* Entries of a section or of one copy of a double. */
struct pagefile_entries {
    const uint8_t *first; /* borrowed: scratch */
    uint32_t stride;
    uint32_t n;
    uint64_t mono_ns; /* of a double: when it was written */
};

/* Reads entries FIRST and the following, at most N and as many as scratch holds. False: cut. */
bool pagefile_entries(struct pagefile *pf, enum page_section_type type, uint32_t first, uint32_t n,
                      struct pagefile_entries *out);

enum pagefile_double {
    PAGEFILE_WHOLE,
    PAGEFILE_NONE, /* no such section, or nothing was written yet */
    PAGEFILE_TORN, /* the writer was faster each time */
};

/* Reads the newest copy of a double: as many of its filled entries as scratch holds. */
enum pagefile_double pagefile_double(struct pagefile *pf, enum page_section_type type,
                                     struct pagefile_entries *out);

/* Calls FN with each whole entry of a ring from number *N on, in order, and moves *N behind the
 * last. Those that were overwritten before they could be read are left out. SLOT lies in
 * scratch. */
typedef void pagefile_slot_fn(void *arg, const uint8_t *slot, uint32_t bytes);
void pagefile_ring(struct pagefile *pf, enum page_section_type type, uint64_t *n,
                   pagefile_slot_fn *fn, void *arg);

/* Copies entry I into TO of BYTES: what the writer's structure has less is zero. */
void pagefile_entry(const struct pagefile_entries *e, uint32_t i, void *to, size_t bytes);

#endif
