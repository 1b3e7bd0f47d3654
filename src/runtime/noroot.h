/* SPDX-License-Identifier: MIT */
/* noroot.h - static tables of the runtime that a search for references leaves out.
 * The runtime's static variables lie among those of the program, which are roots. In a program
 * with a small heap the large ones would be most of what a mark has to look at. A table says
 * NO_ROOT where it is defined; no reference to an object of the heap may ever be stored in it.
 * Threads: noroot_add before any other of the runtime runs; noroot_first any. */
#ifndef RUNTIME_NOROOT_H
#define RUNTIME_NOROOT_H

#include <stddef.h>
#include <stdint.h>

#define NOROOT_MAX 64

/* Leaves [AT, AT + BYTES) out, of which only whole words count. More than NOROOT_MAX end the
 * program. */
void noroot_add(const void *at, size_t bytes);

/* By a constructor, when the library is loaded. */
#define NO_ROOT(variable)                                                \
    __attribute__((constructor)) static void noroot_add_##variable(void) \
    {                                                                    \
        noroot_add(&(variable), sizeof(variable));                       \
    }                                                                    \
    _Static_assert(sizeof(variable) != 0, "a table") /* takes a semicolon */

/* Whole words from LO on. */
struct noroot_words {
    uintptr_t lo;
    uintptr_t hi;
};

/* The first part of [LO, HI), whole words, that is left out; empty at HI if none is. */
struct noroot_words noroot_first(uintptr_t lo, uintptr_t hi);

#endif
