/* SPDX-License-Identifier: MIT */
/* dumpdiff.h - what has changed between two dumps: which groups grew, shrank, came and went.
 * Two groups are the same if their tasks do the same on the same functions and lines and were
 * spawned by the same line. Addresses are not compared: so two runs of a program, or dumps that
 * were read from files, can be. Groups of one dump that differ in addresses alone are one here.
 * The difference holds a dump of its own, with the groups of both, most changed first: who can
 * show or write a dump can show and write this one.
 * Who: watched.c and diff_command.c make it; the stacks panel and dumpsave.c read it.
 * Threads: one. */
#ifndef MON_DUMPDIFF_H
#define MON_DUMPDIFF_H

#include "mon/dump.h"

enum dumpdiff_kind {
    DUMPDIFF_SAME,
    DUMPDIFF_GREW,
    DUMPDIFF_SHRANK,
    DUMPDIFF_CAME, /* it was not there before */
    DUMPDIFF_WENT, /* it is not there any more */
};
#define DUMPDIFF_KINDS 5

/* Tasks of a group. */
struct dumpdiff_count {
    uint64_t before;
    uint64_t after;
};

struct dumpdiff {
    struct dump dump; /* the later one; a group that went is as it was in the earlier */
    const struct dumpdiff_count *count; /* of each group of `dump` */
    size_t nkind[DUMPDIFF_KINDS];       /* groups of each kind */
    uint64_t before_ntasks;             /* of the earlier dump */
    uint64_t before_real_ns;
};

/* Both dumps are finished, and borrowed until dumpdiff_free. Never NULL. */
struct dumpdiff *dumpdiff_new(const struct dump *before, const struct dump *after);

/* NULL is fine. */
void dumpdiff_free(struct dumpdiff *diff);

enum dumpdiff_kind dumpdiff_kind(const struct dumpdiff_count *count);

/* By how many tasks the group grew; below 0, shrank. */
int64_t dumpdiff_growth(const struct dumpdiff_count *count);

#endif
