/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/drawcheck.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define UNTOUCHED 0x10ffffu /* a rune that nobody draws */

static void fail_at(const char *what, int row, int col, const struct cell *cell)
{
    fprintf(stderr, "row %d, column %d: %s: rune U+%04X, mark U+%04X, role %d\n", row, col, what,
            (unsigned)cell->rune, (unsigned)cell->mark, cell->role);
    abort();
}

static bool is_shown(uint32_t rune)
{
    return rune >= 0x20 && !(rune >= 0x7f && rune < 0xa0) && rune < UNTOUCHED &&
           !(rune >= 0xd800 && rune < 0xe000);
}

static void check_inner(const struct canvas *c)
{
    for (int row = 0; row < c->rows; row++) {
        for (int col = 0; col < c->cols; col++) {
            const struct cell *cell = canvas_at(c, row, col);

            if (cell->role >= ROLE_COUNT)
                fail_at("no role", row, col, cell);
            if (cell->rune == 0 ? col == 0 || canvas_at(c, row, col - 1)->rune == 0
                                : !is_shown(cell->rune))
                fail_at("no character", row, col, cell);
            if (cell->mark != 0 && !is_shown(cell->mark))
                fail_at("no mark", row, col, cell);
        }
    }
}

/* GRID is one row and one column larger than the drawing, on each side. */
static void check_edge(const struct canvas *grid)
{
    for (int row = 0; row < grid->rows; row++) {
        bool is_edge = row == 0 || row == grid->rows - 1;

        for (int col = 0; col < grid->cols; col += is_edge ? 1 : grid->cols - 1) {
            const struct cell *cell = canvas_at(grid, row, col);

            if (cell->rune != UNTOUCHED)
                fail_at("outside of the screen", row - 1, col - 1, cell);
        }
    }
}

void drawcheck(struct screen *screen, const struct model *model, int rows, int cols)
{
    struct canvas grid, inner;

    canvas_init(&grid, rows + 2, cols + 2);
    for (int i = 0; i < grid.rows * grid.stride; i++)
        grid.cell[i].rune = UNTOUCHED;
    inner = canvas_view(&grid, (struct rect){1, 1, rows, cols});
    screen_fit(screen, model, rows, cols);
    screen_draw(screen, model, &inner);
    check_inner(&inner);
    check_edge(&grid);
    canvas_fini(&grid);
}
