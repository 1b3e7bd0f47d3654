/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/term_mouse.h"

#include <curses.h>

#include "mon/keys.h"
#include "mon/term.h"

static struct {
    int row;
    int col;
} last; /* [owner] */

/* Presses are clicks at once: waiting for a release, to tell a double click, would cost time. */
void term_mouse_begin(void)
{
    mouseinterval(0);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
}

uint32_t term_mouse_key(void)
{
    MEVENT event;

    if (getmouse(&event) != OK)
        return KEY_CODE_OTHER;
    last.row = event.y;
    last.col = event.x;
    if ((event.bstate & BUTTON4_PRESSED) != 0)
        return KEY_CODE_WHEEL_UP;
    if ((event.bstate & BUTTON5_PRESSED) != 0)
        return KEY_CODE_WHEEL_DOWN;
    return (event.bstate & BUTTON1_PRESSED) != 0 ? (uint32_t)KEY_CODE_CLICK
                                                 : (uint32_t)KEY_CODE_OTHER;
}

void term_mouse(int *row, int *col)
{
    *row = last.row;
    *col = last.col;
}
