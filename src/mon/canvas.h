/* SPDX-License-Identifier: MIT */
/* canvas.h - a rectangle of character cells that is drawn on instead of a terminal.
 * A canvas is a window on a grid: a view of a part of it is a canvas too, with coordinates of its
 * own, and nothing that is drawn on it can leave it. So a panel needs no bounds checks and works at
 * any size, an empty one included. The terminal's code shows a grid; tests turn it into text.
 * Threads: one canvas, one thread. */
#ifndef MON_CANVAS_H
#define MON_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mon/theme.h"

struct rect {
    int row;
    int col;
    int rows;
    int cols;
};

struct cell {
    uint32_t rune; /* 0: the right half of the wide character before it */
    uint32_t mark; /* a combining character upon it, or 0 */
    uint8_t role;  /* enum role */
};

struct canvas {
    struct cell *cell; /* the upper left one */
    int rows;
    int cols;
    int stride; /* cells from one row of the grid to the next */
};

/* A grid of its own, blank; at least one cell. Ends the program if there is no memory. */
void canvas_init(struct canvas *canvas, int rows, int cols);
void canvas_fini(struct canvas *canvas);

/* The part AREA of CANVAS, cut to what lies inside; perhaps empty. Borrowed: it lives as long as
 * the grid. */
struct canvas canvas_view(const struct canvas *canvas, struct rect area);

/* Makes every cell a blank of ROLE. */
void canvas_clear(struct canvas *canvas, enum role role);

/* Puts one character; a wide one that would be cut in half becomes a blank. */
void canvas_put(struct canvas *canvas, int row, int col, uint32_t rune, enum role role);

/* COUNT times RUNE to the right. */
void canvas_fill(struct canvas *canvas, int row, int col, int count, uint32_t rune, enum role role);

/* Appends RUNE as UTF-8 to TEXT of SIZE bytes, if there is room. */
void canvas_append_rune(char *text, size_t size, uint32_t rune);

/* Columns that a text takes. */
int canvas_text_width(const char *text);

/* Writes UTF-8 text, cut at the edge, and returns the columns that it took, seen or not. */
int canvas_text(struct canvas *canvas, int row, int col, enum role role, const char *text);

/* As canvas_text in WIDTH columns; text that is longer ends in an ellipsis. */
int canvas_text_in(struct canvas *canvas, int row, int col, int width, enum role role,
                   const char *text);

/* As canvas_text, the text ending left of column END. Returns the column that it begins in. */
int canvas_text_right(struct canvas *canvas, int row, int end, enum role role, const char *text);

/* Gives COUNT cells another role and leaves their characters. */
void canvas_tint(struct canvas *canvas, int row, int col, int count, enum role role);

/* Replaces all that is not ASCII by what is most like it; LINES keeps line drawing
 * (U+2500..257F). */
enum canvas_charset { CANVAS_ASCII, CANVAS_LINES };
void canvas_reduce(struct canvas *canvas, enum canvas_charset charset);

/* The cell at ROW, COL, or NULL outside. */
const struct cell *canvas_at(const struct canvas *canvas, int row, int col);

/* The canvas as lines of UTF-8, blanks at their ends left out, each ended by '\n'. To be freed. */
char *canvas_to_text(const struct canvas *canvas);

#endif
