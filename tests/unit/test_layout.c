/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "mon/layout.h"

static const struct layout_part parts[] = {
    {.least = 3, .weight = 2, .rank = 1},
    {.least = 1, .rank = 0},
    {.least = 4, .weight = 1, .rank = 3},
    {.least = 2, .weight = 1, .most = 3, .rank = 2},
};
#define N 4

Test(layout, every_part_has_its_least_or_nothing_at_any_size)
{
    for (int total = 0; total <= 200; total++) {
        int size[N];
        layout_divide(total, parts, N, size);
        for (int i = 0; i < N; i++)
            cr_assert(size[i] == 0 || size[i] >= parts[i].least, "total %d: part %d has %d", total,
                      i, size[i]);
    }
}

Test(layout, the_sum_is_the_total_once_a_part_can_grow)
{
    for (int total = 4; total <= 200; total++) {
        int size[N];
        layout_divide(total, parts, N, size);
        int sum = size[0] + size[1] + size[2] + size[3];
        cr_assert_eq(sum, total, "total %d is divided into %d", total, sum);
    }
}

Test(layout, it_never_gives_more_than_there_is)
{
    for (int total = -3; total <= 20; total++) {
        int size[N];
        layout_divide(total, parts, N, size);
        int sum = size[0] + size[1] + size[2] + size[3];
        cr_assert_leq(sum, total < 0 ? 0 : total, "total %d is divided into %d", total, sum);
    }
}

Test(layout, the_least_dear_part_goes_first)
{
    int size[N];

    layout_divide(9, parts, N, size);
    cr_assert_eq(size[2], 0, "the part of rank 3 has %d of 9", size[2]);
    layout_divide(5, parts, N, size);
    cr_assert_eq(size[3], 0, "the part of rank 2 has %d of 5", size[3]);
    layout_divide(3, parts, N, size);
    cr_assert_eq(size[0], 0, "the part of rank 1 has %d of 3", size[0]);
    cr_assert_eq(size[1], 1, "the part of rank 0 has %d of 3", size[1]);
}

Test(layout, no_part_grows_beyond_its_most)
{
    int size[N];

    layout_divide(500, parts, N, size);
    cr_assert_eq(size[3], 3, "it has %d", size[3]);
}

Test(layout, what_is_left_is_shared_by_weight)
{
    int size[N];

    layout_divide(10 + 91, parts, N, size);
    cr_assert_eq(size[3], 3, "%d", size[3]);
    cr_assert_geq(size[0] - 3, 2 * (size[2] - 4) - 2, "%d and %d", size[0], size[2]);
    cr_assert_leq(size[0] - 3, 2 * (size[2] - 4) + 2, "%d and %d", size[0], size[2]);
}

Test(layout, views_neither_overlap_nor_leave_the_area)
{
    for (int rows = 1; rows <= 60; rows++) {
        struct canvas grid;
        struct canvas view[N];
        canvas_init(&grid, rows, 7);
        layout_rows(&grid, parts, N, view);
        for (int i = 0; i < N; i++)
            canvas_clear(&view[i], (enum role)(ROLE_SERIES_0 + i));
        int painted = 0;
        for (int row = 0; row < rows; row++)
            painted += canvas_at(&grid, row, 0)->role >= ROLE_SERIES_0;
        int sum = view[0].rows + view[1].rows + view[2].rows + view[3].rows;
        cr_assert_eq(painted, sum, "%d rows: %d painted of %d", rows, painted, sum);
        canvas_fini(&grid);
    }
}

Test(layout, columns_have_one_free_column_between_them)
{
    static const struct layout_part half = {.least = 2, .weight = 1};
    struct layout_part two[] = {half, half};
    struct canvas grid;
    struct canvas view[2];

    canvas_init(&grid, 1, 11);
    layout_columns(&grid, two, 2, view);
    canvas_clear(&view[0], ROLE_BAD);
    canvas_clear(&view[1], ROLE_BAD);
    cr_assert_eq(view[0].cols + view[1].cols, 10, "%d and %d", view[0].cols, view[1].cols);
    cr_assert_eq(canvas_at(&grid, 0, 5)->role, ROLE_TEXT, "role %d", canvas_at(&grid, 0, 5)->role);
    canvas_fini(&grid);
}
