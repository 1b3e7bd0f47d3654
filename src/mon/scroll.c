/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/scroll.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

static int clamp(int value, int low, int high)
{
    return value > high ? (high < low ? low : high) : value < low ? low : value;
}

struct scroll_window scroll_window(const struct scroll *scroll, int count, int rows)
{
    if (count <= 0)
        return (struct scroll_window){.cursor = -1};
    int seen = clamp(rows, 1, count);
    int cursor = clamp(scroll->cursor, 0, count - 1);
    int top = clamp(scroll->top, cursor - seen + 1, cursor);
    top = clamp(top, 0, count - seen);
    return (struct scroll_window){.first = top, .end = top + seen, .cursor = cursor};
}

void scroll_to(struct scroll *scroll, int item, int count, int rows)
{
    scroll->cursor = clamp(item, 0, count - 1);
    struct scroll_window window = scroll_window(scroll, count, rows);
    scroll->cursor = window.cursor < 0 ? 0 : window.cursor;
    scroll->top = window.first;
}

bool scroll_command(struct scroll *scroll, enum command command, int count, int rows)
{
    static const struct {
        enum command command;
        int by_rows;
        int by_pages;
    } moves[] = {
        {COMMAND_UP, -1, 0},          {COMMAND_DOWN, 1, 0},       {COMMAND_PAGE_UP, 0, -1},
        {COMMAND_PAGE_DOWN, 0, 1},    {COMMAND_WHEEL_UP, -3, 0},  {COMMAND_WHEEL_DOWN, 3, 0},
        {COMMAND_FIRST, -INT_MAX, 0}, {COMMAND_LAST, INT_MAX, 0},
    };
    int page = rows > 2 ? rows - 1 : 1;

    for (size_t i = 0; i < ARRAY_COUNT(moves); i++) {
        if (moves[i].command != command)
            continue;
        int64_t to = (int64_t)scroll->cursor + moves[i].by_rows + moves[i].by_pages * page;
        scroll_to(scroll, (int)(to < 0 ? 0 : to > count ? count : to), count, rows);
        return true;
    }
    return false;
}
