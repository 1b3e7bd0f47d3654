/* SPDX-License-Identifier: MIT */
/* pagestale.h - clearing up what dead processes left in the directory of pages.
 * A file that nobody holds the lock of is that of a dead process. The newest few are worth keeping,
 * to look at what happened; half-built ones are not. Files of other users and names that are not
 * ours are never touched.
 * Threads: any, at start; two processes may do it at once. */
#ifndef RUNTIME_PAGESTALE_H
#define RUNTIME_PAGESTALE_H

#include <stdint.h>

#define PAGESTALE_KEPT_FILES 8
#define PAGESTALE_KEPT_BYTES (UINT64_C(16) << 20)
#define PAGESTALE_KEPT_S     (24 * 3600)

/* Removes from the directory PATH all dead files but the newest 8 that are at most a day old and
 * 16 MiB in all. NOW_REAL_S is the wall clock. Does nothing if the directory can't be used. */
void pagestale_clear(const char *path, int64_t now_real_s);

#endif
