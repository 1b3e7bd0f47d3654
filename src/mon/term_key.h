/* SPDX-License-Identifier: MIT */
/* term_key.h - the keys that have no character, from curses' numbers to ours.
 * Who: term.c. Threads: pure. */
#ifndef MON_TERM_KEY_H
#define MON_TERM_KEY_H

#include <stdint.h>
#include <wchar.h>

/* The enum key_code of CODE, a KEY_ of curses; KEY_CODE_OTHER if we have no use for it. */
uint32_t term_special_key(wint_t code);

#endif
