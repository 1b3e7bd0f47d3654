/* SPDX-License-Identifier: MIT */
/* spill.h - memory that lies in a file without a name.
 * What is large and seldom looked at need not be anonymous memory: the pages of a file are the
 * system's to drop and to read again. The file is opened unlinked, so that nothing stays of it,
 * and all of its blocks are taken at once, so that a full disk can't end the program later. Where
 * there is no room for it, the memory is ordinary.
 * Threads: any. */
#ifndef MON_SPILL_H
#define MON_SPILL_H

#include <stdbool.h>
#include <stddef.h>

/* BYTES of zeros in a file of $TMPDIR, /var/tmp or /tmp, or if that fails in memory; NULL if there
 * is none either. */
void *spill_new(size_t bytes);

/* Gives them back; the same number of bytes. NULL is fine. */
void spill_free(void *memory, size_t bytes);

/* In a child that fork made: from now on what it writes there is for itself. False: there is no
 * memory, and it must not write. */
bool spill_part(void *memory, size_t bytes);

#endif
