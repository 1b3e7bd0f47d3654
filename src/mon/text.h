/* SPDX-License-Identifier: MIT */
/* text.h - text that a target wrote, made safe to show.
 * A name may hold anything: escape sequences that drive the terminal, newlines that break a table,
 * bytes that are no text. All that gomon keeps of a target goes through here first.
 * Threads: pure functions. */
#ifndef MON_TEXT_H
#define MON_TEXT_H

#include <stddef.h>

/* Copies the text at FROM, which ends at a NUL or after FROM_BYTES, into TO of TO_BYTES, cut at a
 * whole character and ended by a NUL. Control characters become '?', what is not UTF-8 U+FFFD. */
void text_clean(char *to, size_t to_bytes, const void *from, size_t from_bytes);

#endif
