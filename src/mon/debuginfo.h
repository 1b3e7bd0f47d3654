/* SPDX-License-Identifier: MIT */
/* debuginfo.h - what the files behind mapped code say: rules of unwinding, functions, files, lines.
 * Only for the child process that may come to harm by it (helper.h): the files are the target's,
 * and so is every byte in them. debuginfo_libdw.c reads them with libdw; debuginfo_none.c, in a
 * build without it, knows nothing.
 * A file is used only if it is the code that is mapped: its build-id is the one in the target's
 * memory, or, where memory shows none, it is the very file that is mapped.
 * Threads: one. Source: DWARF 5; elfutils, libdwfl.h. */
#ifndef MON_DEBUGINFO_H
#define MON_DEBUGINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mon/modmap.h"
#include "mon/unwind.h"

#define DEBUGINFO_FRAMES_MAX 16

struct debuginfo;

/* Texts are borrowed until debuginfo_free, never NULL. */
struct debuginfo_frame {
    const char *function;
    const char *file;
    uint32_t line;
};

/* Innermost of the inlined functions first. */
struct debuginfo_symbol {
    size_t nframes;
    struct debuginfo_frame frame[DEBUGINFO_FRAMES_MAX];
};

/* Files are looked for below ROOT (/proc/PID/root, or "") and opened when first asked about. */
struct debuginfo *debuginfo_new(const struct modmap *map, const char *root);
void debuginfo_free(struct debuginfo *info);

/* The rule for the instruction at PC; one of kind UNWIND_RULE_NONE if nothing is known. */
void debuginfo_rule(struct debuginfo *info, uint64_t pc, struct unwind_rule *rule);

/* What the code at PC is called; no frames if nothing is known. */
void debuginfo_symbol(struct debuginfo *info, uint64_t pc, struct debuginfo_symbol *symbol);

#endif
