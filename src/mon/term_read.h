/* SPDX-License-Identifier: MIT */
/* term_read.h - keys from the bytes of a terminal, of which nothing is to be believed: characters
 * and reports of the mouse may be damaged, or cut off for ever.
 * Who: term.c. Threads: one; one terminal a process. */
#ifndef MON_TERM_READ_H
#define MON_TERM_READ_H

#include <stdint.h>

struct _win_st; /* WINDOW of curses */

/* The next key that INPUT has, or KEY_CODE_NONE. Waits for nothing but, for some milliseconds,
 * behind an Esc. */
uint32_t term_read_key(struct _win_st *input);

#endif
