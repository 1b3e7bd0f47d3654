/* SPDX-License-Identifier: MIT */
/* theme.h - what a piece of the screen means, and how that looks.
 * Panels speak in roles ("a warning", "the second series") and never in colours, so that one table
 * serves terminals of 256, 16 and 8 colours and those with none, where weight and inversion alone
 * must tell the same story. Colours are quiet: on a healthy target only the plots have any.
 * Threads: pure functions. */
#ifndef MON_THEME_H
#define MON_THEME_H

#include <stdint.h>

enum role {
    ROLE_TEXT,     /* values and plain words */
    ROLE_DIM,      /* labels, units, axes' words: read once, then looked past */
    ROLE_STRONG,   /* the figure that a line is about */
    ROLE_TITLE,    /* name of a section */
    ROLE_BAR,      /* the header line */
    ROLE_BAR_DIM,  /* ... its labels */
    ROLE_BAR_GOOD, /* ... live */
    ROLE_BAR_WARN, /* ... worth a look */
    ROLE_BAR_BAD,  /* ... act */
    ROLE_KEY,      /* a key that can be pressed */
    ROLE_TAB,      /* the name of the open panel */
    ROLE_GOOD,     /* well */
    ROLE_WARN,     /* worth a look */
    ROLE_BAD,      /* act */
    ROLE_BANNER,   /* the target is gone */
    ROLE_FROZEN,   /* what is seen is not now */
    ROLE_SELECTED, /* the row under the cursor */
    ROLE_MATCH,    /* found by a search */
    ROLE_AXIS,     /* lines and ticks of a plot */
    ROLE_GC,       /* marks of collections */
    ROLE_GAP,      /* no data */
    ROLE_SERIES_0, /* series of plots, bars and ribbons */
    ROLE_SERIES_1,
    ROLE_SERIES_2,
    ROLE_SERIES_3,
    ROLE_SERIES_4,
    ROLE_COUNT
};

/* Dark and light are for terminals with such a background; contrast is for poor displays and eyes:
 * bright colours, nothing faint. */
enum theme { THEME_AUTO, THEME_DARK, THEME_LIGHT, THEME_CONTRAST };
#define THEMES 4

enum theme_depth { THEME_MONO, THEME_8, THEME_16, THEME_256 };

enum theme_weight {
    THEME_BOLD = 1,
    THEME_FAINT = 2,
    THEME_REVERSE = 4,
    THEME_UNDERLINE = 8,
};

#define THEME_DEFAULT_COLOUR (-1) /* the terminal's own */

struct theme_style {
    int16_t fg;     /* colour number, or THEME_DEFAULT_COLOUR */
    int16_t bg;     /* likewise */
    uint8_t weight; /* enum theme_weight, or-ed */
};

/* How ROLE looks in THEME on a terminal of DEPTH. Auto looks like dark. */
struct theme_style theme_style(enum theme theme, enum theme_depth depth, enum role role);

/* The depth for a terminal of NCOLOURS. */
enum theme_depth theme_depth_for(int ncolours);

/* What auto is on this terminal: light if COLORFGBG, its value or NULL, tells of a light
 * background, else dark. */
enum theme theme_auto(const char *colorfgbg);

/* "auto", "dark", ...; NULL: there are no more. */
const char *theme_name(unsigned theme);

#endif
