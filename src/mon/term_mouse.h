/* SPDX-License-Identifier: MIT */
/* term_mouse.h - the mouse by way of curses: clicks and the wheel become keys.
 * Who: term.c. Threads: one. */
#ifndef MON_TERM_MOUSE_H
#define MON_TERM_MOUSE_H

#include <stdint.h>

/* Ends what term_mouse_begin asked of the terminal, for when curses can't: all ways of reporting.
 */
#define TERM_MOUSE_END "\033[?1000l\033[?1002l\033[?1003l\033[?1006l"

/* Asks for clicks and the wheel, if the terminal type has a mouse. */
void term_mouse_begin(void);

/* The key of the event that curses has read: a click, the wheel, or KEY_CODE_OTHER. */
uint32_t term_mouse_key(void);

#endif
