/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/term_line.h"

#include <stddef.h>

const cchar_t *term_line_cell(uint32_t rune)
{
    switch (rune) {
    case 0x2500:
        return WACS_HLINE;
    case 0x2502:
    case 0x2575:
        return WACS_VLINE;
    case 0x250c:
        return WACS_ULCORNER;
    case 0x2510:
        return WACS_URCORNER;
    case 0x2514:
        return WACS_LLCORNER;
    case 0x2518:
        return WACS_LRCORNER;
    case 0x251c:
        return WACS_LTEE;
    case 0x2524:
        return WACS_RTEE;
    default:
        return NULL;
    }
}
