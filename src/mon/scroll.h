/* SPDX-License-Identifier: MIT */
/* scroll.h - a cursor in a list, and the part of the list that is seen.
 * The list may be longer than the screen, and may shrink or the screen with it between two keys:
 * what is drawn is computed from the state at each drawing, so a stale cursor can never point
 * outside.
 * Threads: values. */
#ifndef MON_SCROLL_H
#define MON_SCROLL_H

#include <stdbool.h>

#include "mon/keys.h"

struct scroll {
    int cursor; /* index of the chosen item */
    int top;    /* index of the first one seen */
};

struct scroll_window {
    int first; /* items [first, end) are seen */
    int end;
    int cursor; /* -1: the list is empty */
};

/* What is seen of COUNT items in ROWS rows. */
struct scroll_window scroll_window(const struct scroll *scroll, int count, int rows);

/* Moves by a command of the list scope; false if COMMAND is none. */
bool scroll_command(struct scroll *scroll, enum command command, int count, int rows);

/* Puts the cursor on an item and brings it into view. */
void scroll_to(struct scroll *scroll, int item, int count, int rows);

#endif
