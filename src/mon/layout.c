/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/layout.h"

#include "base/check.h"

static int sum_of(const int *size, int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++)
        sum += size[i];
    return sum;
}

/* The part that goes first when room is short: of the highest rank, the last one. -1: none is
 * left. */
static int least_dear(const struct layout_part *part, int n, const int *size)
{
    int found = -1;

    for (int i = 0; i < n; i++) {
        if (size[i] > 0 && (found < 0 || part[i].rank >= part[found].rank))
            found = i;
    }
    return found;
}

static int room_in(const struct layout_part *part, int size)
{
    if (size == 0 || part->weight == 0)
        return 0;
    return part->most == 0 ? part->weight : part->most > size ? part->weight : 0;
}

/* Gives away what is left in turns by weight, so that the result is the same for equal inputs and
 * differs by one at most from the exact share. */
static void share_rest(int rest, const struct layout_part *part, int n, int *size)
{
    int owed[LAYOUT_MAX_PARTS] = {0};

    while (rest > 0) {
        int total = 0;
        int best = -1;
        for (int i = 0; i < n; i++) {
            int weight = room_in(&part[i], size[i]);
            total += weight;
            owed[i] += weight;
            if (weight > 0 && (best < 0 || owed[i] > owed[best]))
                best = i;
        }
        if (best < 0)
            return;
        owed[best] -= total;
        size[best]++;
        rest--;
    }
}

void layout_divide(int total, const struct layout_part *part, int n, int *size)
{
    CHECK(n <= LAYOUT_MAX_PARTS);
    for (int i = 0; i < n; i++)
        size[i] = part[i].least;
    while (sum_of(size, n) > total) {
        int out = least_dear(part, n, size);
        if (out < 0)
            return;
        size[out] = 0;
    }
    share_rest(total - sum_of(size, n), part, n, size);
}

void layout_rows(const struct canvas *area, const struct layout_part *part, int n,
                 struct canvas *view)
{
    int size[LAYOUT_MAX_PARTS];
    struct rect rect = {.cols = area->cols};

    layout_divide(area->rows, part, n, size);
    for (int i = 0; i < n; i++) {
        rect.rows = size[i];
        view[i] = canvas_view(area, rect);
        rect.row += size[i];
    }
}

void layout_columns(const struct canvas *area, const struct layout_part *part, int n,
                    struct canvas *view)
{
    int size[LAYOUT_MAX_PARTS];
    struct rect rect = {.rows = area->rows};

    layout_divide(area->cols - (n - 1), part, n, size);
    for (int i = 0; i < n; i++) {
        rect.cols = size[i];
        view[i] = canvas_view(area, rect);
        if (size[i] > 0)
            rect.col += size[i] + 1;
    }
}
