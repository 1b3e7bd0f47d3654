/* SPDX-License-Identifier: MIT */
/* draw.h - what panels are made of besides plots: figures, tables, bars, ribbons.
 * A figure has a place of fixed width and is set right in it, so that from one second to the next
 * only digits change; one that is not known is DRAW_MISSING, on every panel.
 * Threads: pure functions. */
#ifndef MON_DRAW_H
#define MON_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fmt.h"
#include "mon/canvas.h"
#include "mon/plot.h"

/* ---- Figures ---- */

struct figure {
    bool known;
    double value;
    enum fmt_unit unit;
    enum { FIGURE_AS_IS, FIGURE_PER_SECOND } per;
    bool compared;
    double base; /* what it is compared with, if it is */
};

#define FIGURE_BYTES 40

/* What stands for a value that is not known, or that there is none of. */
#define DRAW_MISSING "-"

/* The text of a figure, DRAW_MISSING if it is not known. Returns TEXT. */
const char *draw_figure_text(char text[FIGURE_BYTES], struct figure figure);

/* " +3.1M": by how much FIGURE, which is compared, is above its base. */
void draw_difference_text(char *text, size_t size, struct figure figure);

/* ---- Facts: "rss  1.31G", one after the other in a row ---- */

struct fact {
    const char *label;
    char text[FIGURE_BYTES];
    enum role role; /* of the text */
};

/* A fact made of a figure; with the difference, "412M +3.1M", if it is compared. */
struct fact draw_fact(const char *label, struct figure figure);

/* Draws a title and as many whole facts as there is room for; returns how many. Each text gets
 * WIDTH columns, more if it needs them. */
int draw_facts(struct canvas *canvas, int row, const char *title, const struct fact *fact, int n,
               int width);

/* ---- Tables ---- */

enum draw_align { DRAW_LEFT, DRAW_RIGHT };

struct draw_column {
    const char *title;
    int width;   /* least; what a narrow screen has no room for vanishes, the highest rank first */
    int stretch; /* share of what is left */
    int rank;
    enum draw_align align;
};

#define DRAW_MAX_COLUMNS 16

struct draw_table {
    const struct draw_column *column;
    int n;
    int left[DRAW_MAX_COLUMNS];
    int width[DRAW_MAX_COLUMNS]; /* 0: not shown */
};

/* Places N columns in COLS. COLUMN is borrowed. */
void draw_table_fit(struct draw_table *table, const struct draw_column *column, int n, int cols);

/* The line of titles; SORTED, if not -1, is marked with its direction. */
enum draw_order { DRAW_DESCENDING, DRAW_ASCENDING };
void draw_table_head(const struct draw_table *table, struct canvas *canvas, int row, int sorted,
                     enum draw_order order);

void draw_table_cell(const struct draw_table *table, struct canvas *canvas, int row, int column,
                     enum role role, const char *text);

/* ---- Bars and ribbons ---- */

struct draw_part {
    double value;
    enum role role;
    char letter; /* stands for it where there are no blocks */
};

/* A bar of WIDTH cells that PARTS divide by their values; TOTAL, if above their sum, leaves a
 * rest. */
void draw_bar(struct canvas *canvas, struct rect where, enum plot_tier tier,
              const struct draw_part *part, int n, double total);

/* ---- Others ---- */

/* Bytes of TEXT that go into a line of COLS columns, broken at a blank if there is one. */
size_t draw_line_bytes(const char *text, int cols);

/* A text of several lines, broken at blanks, from ROW on; returns the rows that it takes. */
int draw_words(struct canvas *canvas, int row, int col, enum role role, const char *text);

/* Code and its place: "handle_order", "orders/queue.c:214". */
struct draw_code {
    const char *function;
    const char *place;
    int function_cols; /* at least so many, for places that stand one below the other; or 0 */
};

/* Writes "function place" in COLS columns. Where there are too few, the folders of the place go
 * first, then the end of the function: file and line say most. Returns the column of the place. */
int draw_code(char *text, size_t size, struct draw_code code, int cols);

/* Marks every place where NEEDLE, not empty, occurs in ROW, letters' case ignored. */
void draw_mark_matches(struct canvas *canvas, int row, const char *needle);

/* Whether NEEDLE occurs in TEXT, letters' case ignored; an empty one always does. */
bool draw_text_holds(const char *text, const char *needle);

/* One line in the middle of CANVAS: why there is nothing else. */
void draw_nothing(struct canvas *canvas, const char *why);

#endif
