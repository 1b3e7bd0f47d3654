/* SPDX-License-Identifier: MIT */
/* diff_command.h - gomon --diff: what has changed between two dumps that lie in files.
 * Who: main. */
#ifndef MON_DIFF_COMMAND_H
#define MON_DIFF_COMMAND_H

#include <stdio.h>

#include "mon/dumpsave.h"
#include "mon/options.h"

/* Reads both files, which --dump --json or the viewer wrote, and writes the difference to OUT.
 * Errors are written to stderr, in one line. */
enum exit_status diff_command_run(const char *before, const char *after, enum dump_format format,
                                  FILE *out);

#endif
