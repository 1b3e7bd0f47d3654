/* SPDX-License-Identifier: MIT */
/* several.h - the targets of a command line that names several, each found or with the reason why
 * not: one that is wrong does not spoil the others.
 * Who: main, app.c, fleet.c. Threads: main. */
#ifndef MON_SEVERAL_H
#define MON_SEVERAL_H

#include "mon/options.h"
#include "mon/target.h"

/* What gomon ends with if a target is not found. */
enum exit_status several_status_of(enum target_match match);

struct several_one {
    const char *word;        /* that names it; borrowed from the options */
    pid_t pid;               /* 0: not known, the word is the name of a program that is not there */
    enum exit_status status; /* EXIT_OK: target is the one; else error says why there is none */
    struct target target;
    char error[TARGET_ERROR_BYTES];
};

struct several {
    unsigned n;
    unsigned nfound;
    struct several_one one[PIDLIST_MAX];
};

/* Looks for all that O names; LIST is room to work in. To be freed; NULL: out of memory. */
struct several *several_find(const struct options *o, struct target_list *list);

/* Looks for ONE, whose word is set. */
void several_find_one(const struct options *o, struct target_list *list, struct several_one *one);

/* Says on stderr of each that was not found why. Returns the status of the first of them, or
 * EXIT_OK. */
enum exit_status several_tell_missing(const struct several *s);

#endif
