/* SPDX-License-Identifier: MIT */
/* report_command.h - gomon --report: a recording of all that is known of a target, to a file or a
 * pipe.
 * It is made in a file without a name and copied out when it is whole: who reads gets all of it or
 * nothing. Who: main. It waits: a second, or until the stacks have come. */
#ifndef MON_REPORT_COMMAND_H
#define MON_REPORT_COMMAND_H

#include "mon/options.h"
#include "mon/target.h"

/* Writes it to the descriptor OUT. Errors are written to stderr, in one line. */
enum exit_status report_command_run(const struct options *o, const struct target *target, int out);

/* False: OUT is a terminal, which has no use for it; that is told. */
bool report_command_may_write(int out);

#endif
