/* SPDX-License-Identifier: MIT */
/* dump_command.h - gomon without a screen: a dump to a stream, and lines for a text of stacks.
 * Who: main. These wait for what they need. */
#ifndef MON_DUMP_COMMAND_H
#define MON_DUMP_COMMAND_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "mon/dumpjob.h"
#include "mon/dumpsave.h"
#include "mon/options.h"
#include "mon/symbol.h"

struct dump_command {
    pid_t pid;
    enum dumpjob_way way;
    enum dump_format format;
    enum symbol_download download;
};

/* gomon --dump: all stacks of the process to OUT. Errors are written to stderr, in one line. */
enum exit_status dump_command_run(const struct dump_command *command, FILE *out);

/* The same of a dump that the recording at PATH holds. */
enum exit_status dump_command_recorded(const char *path, enum dump_format format, FILE *out);

/* gomon --symbolize: copies IN to OUT, and adds file and line to each frame that the runtime
 * wrote ("function+0xoff  module+0xoff"). The modules are files of this machine; one whose
 * build-id is not the one in the text (behind "modules:") is left alone. */
enum exit_status symbolize_run(FILE *in, FILE *out, enum symbol_download download);

#endif
