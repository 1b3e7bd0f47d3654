/* SPDX-License-Identifier: MIT */
/* rechange.h - a small valid recording, and changes to it that a script of bytes tells: for the
 * fuzz target that reads recordings. A change names a table, a column and a row by numbers and
 * gives them a value; so that the fuzzer need not find out first what a recording looks like.
 * Threads: one; one recording a process, in a folder that goes away with it. */
#ifndef SUPPORT_RECHANGE_H
#define SUPPORT_RECHANGE_H

#include <stddef.h>
#include <stdint.h>

#define RECHANGE_BYTES 12 /* of a change: table, column, row, kind, and 8 bytes of value */

/* The recording's path. It is made anew, whole and valid, by each call. */
const char *rechange_make(void);

/* Changes it by SQL, as far as SQLite lets it. */
void rechange_rows(const uint8_t *script, size_t bytes);

/* Changes bytes of the file: each 4 of the script are a place, of 3 bytes, and a byte. */
void rechange_bytes(const uint8_t *script, size_t bytes);

#endif
