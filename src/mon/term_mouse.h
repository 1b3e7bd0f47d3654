/* SPDX-License-Identifier: MIT */
/* term_mouse.h - the mouse: clicks and the wheel become keys.
 * The terminal reports it as control sequences (CSI < BUTTON ; COLUMN ; ROW M, the mode 1006 of
 * xterm) or, the older way, as CSI M and three bytes. Both are read here, byte by byte: curses
 * would wait for the end of one, for ever if it has none. What else there is, the mouse daemon of
 * Linux' console, is left to curses.
 * Who: term.c. Threads: one. */
#ifndef MON_TERM_MOUSE_H
#define MON_TERM_MOUSE_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

/* Ends what term_mouse_begin asked of the terminal, for when curses can't: all ways of reporting.
 */
#define TERM_MOUSE_END "\033[?1000l\033[?1002l\033[?1003l\033[?1006l"

/* Asks for clicks and the wheel, if the terminal type has a mouse. FD is what curses writes to. */
void term_mouse_begin(int fd);

/* Before and after curses gives the terminal back for a while. */
void term_mouse_pause(int fd);
void term_mouse_resume(int fd);

/* The key of the event that curses has read: a click, the wheel, or KEY_CODE_OTHER. */
uint32_t term_mouse_key(void);

/* Whether a report begins with CODE, a special key of curses. */
bool term_mouse_open(wint_t code);

/* CODE is a byte, or a special key of curses. True: it belongs to the report that has begun; *KEY
 * is the key if it ends it, else KEY_CODE_NONE. False: there is none, or it was cut off, and CODE
 * is a key by itself. */
bool term_mouse_take(wint_t code, uint32_t *key);

#endif
