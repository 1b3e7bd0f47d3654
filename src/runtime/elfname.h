/* SPDX-License-Identifier: MIT */
/* elfname.h - names of functions, from the symbol table in the module's file.
 * A program's own functions are in .symtab only, which is not loaded: the file is read, in one
 * pass for many addresses, with pread into a static buffer. A file that was replaced meanwhile
 * (its build-id is not the loaded one) is not used.
 * Threads: any, one at a time: the others get no names if the first takes long. Async-signal-safe,
 * no allocation. */
#ifndef RUNTIME_ELFNAME_H
#define RUNTIME_ELFNAME_H

#include <stddef.h>
#include <stdint.h>

#define ELFNAME_BATCH 64
#define ELFNAME_BYTES 128

struct elfname {
    uintptr_t pc;              /* in: a return address */
    uintptr_t offset;          /* out: of pc from the start of the function */
    char text[ELFNAME_BYTES]; /* out: its name, cut if longer; "" if it has none */
};

/* Fills the N names at NAME, at most ELFNAME_BATCH. */
void elfname_find(struct elfname *name, size_t n);

#endif
