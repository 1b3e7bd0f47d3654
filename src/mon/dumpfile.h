/* SPDX-License-Identifier: MIT */
/* dumpfile.h - a dump from a file that gomon wrote as JSON.
 * The file may come from anyone: what does not look like a dump is refused, and texts are made safe
 * to show. Which lock a task waits for is not read.
 * Threads: one. Reading a file waits for it. */
#ifndef MON_DUMPFILE_H
#define MON_DUMPFILE_H

#include "mon/dump.h"

#define DUMPFILE_WHY_BYTES 256

/* The dump in the file at PATH, for dump_free. NULL: WHY says why not, in one line. */
struct dump *dumpfile_read(const char *path, char why[static DUMPFILE_WHY_BYTES]);

#endif
