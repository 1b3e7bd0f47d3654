/* SPDX-License-Identifier: MIT */
/* term_line.h - line drawing by the terminal's own means, which work without UTF-8 too.
 * Who: term.c. */
#ifndef MON_TERM_LINE_H
#define MON_TERM_LINE_H

#include <curses.h>
#include <stdint.h>

/* The cell that draws RUNE; NULL: the terminal has none for it. */
const cchar_t *term_line_cell(uint32_t rune);

#endif
