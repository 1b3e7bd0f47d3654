/* SPDX-License-Identifier: MIT */
/* dumpsave.h - a dump, or what has changed since another, in the format that is asked for: to a
 * stream, or to a new file.
 * Threads: one. A file may be slow: these wait for it. */
#ifndef MON_DUMPSAVE_H
#define MON_DUMPSAVE_H

#include <stdbool.h>
#include <stdio.h>

#include "mon/dump.h"
#include "mon/dumpdiff.h"

enum dump_format {
    DUMP_FORMAT_TEXT, /* for people */
    DUMP_FORMAT_JSON,
    DUMP_FORMAT_FOLDED, /* for flame graphs */
};

/* The format that the end of a file's name asks for: .json, .folded; else text. */
enum dump_format dumpsave_format(const char *path);

/* Writes DIFF, or if it is NULL, DUMP. False: it failed, errno says why; ENOTSUP: this gomon was
 * built without JSON. */
bool dumpsave_write(const struct dump *dump, const struct dumpdiff *diff, enum dump_format format,
                    FILE *out);

/* Writes it to a new file at PATH, in the format of its name; one that is there already is left
 * alone (EEXIST). False: as above, and no file of it stays. */
bool dumpsave_file(const struct dump *dump, const struct dumpdiff *diff, const char *path);

/* What errno value ERROR of these means, in a few words. */
const char *dumpsave_error(int error);

#endif
