/* SPDX-License-Identifier: MIT */
/* about.h - what a target is, beside its figures: its command line, its build, its settings, the
 * machine under it.
 * Facts by name, for whoever has only a file in hand. Of the environment only what is the runtime's
 * own is taken (GORT_...): the rest may hold secrets, as a command line may, which is taken. What
 * can't be read is left out.
 * Threads: one. May wait for the disk. */
#ifndef MON_ABOUT_H
#define MON_ABOUT_H

#include <stdint.h>

#include "mon/model.h"

#define ABOUT_FACTS       128
#define ABOUT_NAME_BYTES  160
#define ABOUT_VALUE_BYTES 4096

struct about_fact {
    char name[ABOUT_NAME_BYTES];
    char *value; /* without control characters */
};

struct about {
    unsigned n;
    struct about_fact fact[ABOUT_FACTS]; /* in the order in which they were added */
};

/* Empties it; what is all zeros is empty. */
void about_clear(struct about *a);

/* Adds a fact; with a name that is there already, or if there is no room, nothing happens. */
void about_add(struct about *a, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what is known of the target of M, and of the host. */
void about_read(struct about *a, const struct model *m);

#endif
