/* SPDX-License-Identifier: MIT */
/* rcfile.h - gomonrc: settings that hold for each start, a line each.
 * A line is NAME = VALUE, a comment that begins with #, or blank. A line that is wrong is told,
 * with its file, its number and what to do, and left out: gomon starts all the same.
 * Threads: main only. */
#ifndef MON_RCFILE_H
#define MON_RCFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "mon/options.h"

#define RCFILE_PATH_BYTES 512
#define RCFILE_BYTES_MAX  65536

/* The path of the user's own: $XDG_CONFIG_HOME/gomon/gomonrc, else ~/.config/gomon/gomonrc. XDG and
 * HOME are these variables or NULL. False: there is no home to have one in. */
bool rcfile_path(const char *xdg, const char *home, char path[static RCFILE_PATH_BYTES]);

/* Reads PATH into O, which keeps its text until options_fini. What is wrong goes to FAULTS, a line
 * each, and the first one into O. False, and a line: it cannot be read, which is no fault if it is
 * not there and WANTED is not set. */
bool rcfile_read(struct options *o, const char *path, bool wanted, FILE *faults);

/* The same for a text of so many BYTES and a NUL, which is cut up and must live as long as O. */
void rcfile_parse(struct options *o, const char *path, char *text, size_t bytes, FILE *faults);

/* All settings of O with their meaning, as a file that rcfile_read takes. */
void rcfile_print(const struct options *o, FILE *out);

#endif
