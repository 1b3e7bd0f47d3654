/* SPDX-License-Identifier: MIT */
/* pagefile.h - the page by name: a file in /dev/shm that follows the page, once a second.
 * Whatever goes wrong with it (no space, no directory, removed or cut by someone) is told once by
 * an event, and tried again after a minute.
 * Threads: one at a time, except where said. */
#ifndef RUNTIME_PAGEFILE_H
#define RUNTIME_PAGEFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/pageimage.h"
#include "runtime/pagelayout.h"
#include "runtime/pagename.h"

struct pagefile {
    char dir[48];
    pid_t pid;
    uint64_t start_ticks;
    const void *page;
    const struct pagelayout *layout;
    struct pagename name;
    struct pageimage image;
    int64_t due_ns;  /* of the next write, or of the next try to make the file */
    bool in_trouble; /* and the event has been written */
};

/* The file of PAGE, whose header says who we are, in the directory DIR. Nothing is made yet. */
void pagefile_init(struct pagefile *f, const char *dir, const void *page,
                   const struct pagelayout *layout);

/* Makes or writes the file when it is due. */
void pagefile_tick(struct pagefile *f, int64_t now_ns);

/* Writes the file now, if there is one. Async-signal-safe. */
void pagefile_write(struct pagefile *f);

/* Writes the state alone: beside another thread that is writing. Async-signal-safe. */
void pagefile_write_state(const struct pagefile *f, uint32_t state);

/* Removes the file. */
void pagefile_remove(struct pagefile *f);

/* In a forked child: closes it; the parent's lock stays. Async-signal-safe. */
void pagefile_leave(struct pagefile *f);

#endif
