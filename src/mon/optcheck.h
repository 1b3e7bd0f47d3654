/* SPDX-License-Identifier: MIT */
/* optcheck.h - what does not go together on the command line.
 * Who: options.c, when all of it has been read. Threads: pure. */
#ifndef MON_OPTCHECK_H
#define MON_OPTCHECK_H

#include "mon/options.h"

/* Of what is about dumps. False: it is wrong, and ERROR says why and what is right. */
bool optcheck_dump(const struct options *o, char error[static OPTIONS_ERROR_BYTES]);

#endif
