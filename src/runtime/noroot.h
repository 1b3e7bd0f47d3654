/* SPDX-License-Identifier: MIT */
/* noroot.h - static tables of the runtime that a search for references leaves out.
 * The runtime's static variables lie among those of the program, which are roots. In a program
 * with a small heap the large ones would be most of what a mark has to look at. A table says
 * NO_ROOT where it is defined; no reference to an object of the heap may ever be stored in it.
 * Threads: pure functions. */
#ifndef RUNTIME_NOROOT_H
#define RUNTIME_NOROOT_H

#include <stddef.h>
#include <stdint.h>

struct noroot {
    const void *at;
    size_t bytes;
};

/* The linker puts all of them into one array (the section's name stands for that). */
#define NO_ROOT(variable)                                                                 \
    static const struct noroot noroot_##variable                                          \
        __attribute__((used, section("gort_noroot"), aligned(sizeof(struct noroot)))) = { \
            &(variable), sizeof(variable)}

/* Whole words from LO on. */
struct noroot_words {
    uintptr_t lo;
    uintptr_t hi;
};

/* The first part of [LO, HI), whole words, that is left out; empty at HI if none is. */
struct noroot_words noroot_first(uintptr_t lo, uintptr_t hi);

#endif
