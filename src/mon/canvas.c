/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mon/rune.h"

#define ELLIPSIS 0x2026u

static bool is_inside(const struct canvas *canvas, int row, int col)
{
    return row >= 0 && col >= 0 && row < canvas->rows && col < canvas->cols;
}

static struct cell *cell_at(const struct canvas *canvas, int row, int col)
{
    DCHECK(is_inside(canvas, row, col));
    return &canvas->cell[(ptrdiff_t)row * canvas->stride + col];
}

void canvas_init(struct canvas *canvas, int rows, int cols)
{
    CHECK(rows > 0 && cols > 0);
    canvas->cell = calloc((size_t)rows * (size_t)cols, sizeof *canvas->cell);
    CHECK(canvas->cell != NULL);
    canvas->rows = rows;
    canvas->cols = canvas->stride = cols;
    canvas_clear(canvas, ROLE_TEXT);
}

void canvas_fini(struct canvas *canvas)
{
    free(canvas->cell);
    *canvas = (struct canvas){0};
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

struct canvas canvas_view(const struct canvas *canvas, struct rect area)
{
    int top = clamp(area.row, 0, canvas->rows);
    int left = clamp(area.col, 0, canvas->cols);
    int bottom = clamp(area.row + area.rows, top, canvas->rows);
    int right = clamp(area.col + area.cols, left, canvas->cols);

    struct canvas view = {
        .cell = canvas->cell,
        .rows = bottom - top,
        .cols = right - left,
        .stride = canvas->stride,
    };
    if (view.rows > 0 && view.cols > 0)
        view.cell += (ptrdiff_t)top * canvas->stride + left;
    return view;
}

/* A wide character of which one half is about to be written over becomes a blank in its other. */
static void mend_neighbours(struct canvas *canvas, int row, int col)
{
    struct cell *cell = cell_at(canvas, row, col);

    if (cell->rune == 0 && col > 0)
        cell[-1].rune = ' ';
    if (cell->rune != 0 && col + 1 < canvas->cols && cell[1].rune == 0)
        cell[1].rune = ' ';
}

void canvas_clear(struct canvas *canvas, enum role role)
{
    struct cell blank = {.rune = ' ', .role = (uint8_t)role};

    for (int row = 0; row < canvas->rows && canvas->cols > 0; row++) {
        mend_neighbours(canvas, row, 0);
        mend_neighbours(canvas, row, canvas->cols - 1);
        for (int col = 0; col < canvas->cols; col++)
            *cell_at(canvas, row, col) = blank;
    }
}

static void set_cell(struct canvas *canvas, int row, int col, uint32_t rune, enum role role)
{
    mend_neighbours(canvas, row, col);
    *cell_at(canvas, row, col) = (struct cell){.rune = rune, .role = (uint8_t)role};
}

static void put_mark(struct canvas *canvas, int row, int col, uint32_t mark)
{
    int base = is_inside(canvas, row, col - 1) && cell_at(canvas, row, col - 1)->rune == 0 ? 2 : 1;

    if (is_inside(canvas, row, col - base))
        cell_at(canvas, row, col - base)->mark = mark;
}

void canvas_put(struct canvas *canvas, int row, int col, uint32_t rune, enum role role)
{
    int width = rune_width(rune);

    if (width == 0) {
        put_mark(canvas, row, col, rune);
        return;
    }
    bool whole = is_inside(canvas, row, col) && is_inside(canvas, row, col + width - 1);
    for (int half = 0; half < width; half++) {
        if (is_inside(canvas, row, col + half))
            set_cell(canvas, row, col + half, !whole ? ' ' : half == 0 ? rune : 0, role);
    }
}

void canvas_fill(struct canvas *canvas, int row, int col, int count, uint32_t rune, enum role role)
{
    int hidden = col < 0 ? -col : 0;
    int end = col + clamp(count, 0, canvas->cols + hidden);

    for (int at = col + hidden; at < end; at++)
        canvas_put(canvas, row, at, rune, role);
}

void canvas_append_rune(char *text, size_t size, uint32_t rune)
{
    char bytes[RUNE_UTF8_MAX];
    size_t n = rune_encode(rune, bytes);
    size_t at = strlen(text);

    if (at + n >= size)
        return;
    memcpy(text + at, bytes, n);
    text[at + n] = '\0';
}

int canvas_text_width(const char *text)
{
    return rune_text_width(text);
}

int canvas_text(struct canvas *canvas, int row, int col, enum role role, const char *text)
{
    int at = col;

    while (*text != '\0') {
        uint32_t rune = rune_next(&text);
        canvas_put(canvas, row, at, rune, role);
        at += rune_width(rune);
    }
    return at - col;
}

int canvas_text_in(struct canvas *canvas, int row, int col, int width, enum role role,
                   const char *text)
{
    if (width <= 0)
        return 0;
    struct rect area = {.row = row, .col = col, .rows = 1, .cols = width};
    struct canvas cut = canvas_view(canvas, area);
    int start = col < 0 ? col : 0;
    int used = canvas_text(&cut, 0, start, role, text);
    if (used <= width)
        return used;
    canvas_put(&cut, 0, start + width - 1, ELLIPSIS, role);
    return width;
}

int canvas_text_right(struct canvas *canvas, int row, int end, enum role role, const char *text)
{
    int col = end - rune_text_width(text);

    canvas_text(canvas, row, col, role, text);
    return col;
}

void canvas_tint(struct canvas *canvas, int row, int col, int count, enum role role)
{
    for (int at = col; at < col + count; at++) {
        if (is_inside(canvas, row, at))
            cell_at(canvas, row, at)->role = (uint8_t)role;
    }
}

static void reduce_cell(struct cell *cell, enum canvas_charset charset)
{
    cell->mark = 0;
    if (cell->rune == 0) {
        cell->rune = ' ';
        return;
    }
    if (charset == CANVAS_LINES && cell->rune >= 0x2500 && cell->rune <= 0x257f)
        return;
    cell->rune = (uint8_t)rune_ascii(cell->rune);
}

void canvas_reduce(struct canvas *canvas, enum canvas_charset charset)
{
    for (int row = 0; row < canvas->rows; row++) {
        for (int col = 0; col < canvas->cols; col++)
            reduce_cell(cell_at(canvas, row, col), charset);
    }
}

const struct cell *canvas_at(const struct canvas *canvas, int row, int col)
{
    return is_inside(canvas, row, col) ? cell_at(canvas, row, col) : NULL;
}

static int last_inked(const struct canvas *canvas, int row)
{
    int last = canvas->cols - 1;

    while (last >= 0 && cell_at(canvas, row, last)->rune == ' ')
        last--;
    return last;
}

static char *append_cell(char *out, const struct cell *cell)
{
    if (cell->rune != 0)
        out += rune_encode(cell->rune, out);
    if (cell->mark != 0)
        out += rune_encode(cell->mark, out);
    return out;
}

char *canvas_to_text(const struct canvas *canvas)
{
    size_t row_bytes = (size_t)canvas->cols * 2 * RUNE_UTF8_MAX + 1;
    char *text = malloc((size_t)canvas->rows * row_bytes + 1);
    CHECK(text != NULL);
    char *out = text;

    for (int row = 0; row < canvas->rows; row++) {
        int last = last_inked(canvas, row);
        for (int col = 0; col <= last; col++)
            out = append_cell(out, cell_at(canvas, row, col));
        *out++ = '\n';
    }
    *out = '\0';
    return text;
}
