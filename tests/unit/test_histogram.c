/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mon/histogram.h"

static struct canvas grid;
static uint64_t from_ns[512];
static uint64_t count[512];
static struct histogram histogram = {.tier = PLOT_ASCII, .from_ns = from_ns, .count = count};

static void set_up(void)
{
    canvas_init(&grid, 3, 40);
}

static void tear_down(void)
{
    canvas_fini(&grid);
}

TestSuite(histogram, .init = set_up, .fini = tear_down);

static void bucket(uint64_t from, uint64_t n)
{
    from_ns[histogram.n] = from;
    count[histogram.n++] = n;
}

static void expect(const char *wanted)
{
    histogram_draw(&histogram, &grid);
    canvas_reduce(&grid, CANVAS_ASCII);
    char *text = canvas_to_text(&grid);

    cr_assert_str_eq(text, wanted, "wanted <<%s>>, got <<%s>>", wanted, text);
    free(text);
}

/* Four octaves from 512 ns on, in 32 columns: eight to each. */
Test(histogram, each_doubling_is_as_wide_as_the_next)
{
    bucket(256, 0);
    bucket(512, 8);
    bucket(1024, 4);
    bucket(2048, 0);
    bucket(4096, 2);
    bucket(8192, 0);
    expect("   7.1% ########\n"
           "        ################        ::::::::\n"
           "               |1us\n");
}

Test(histogram, what_lies_in_a_wide_bucket_is_spread_over_it)
{
    bucket(1024, 1);
    bucket(16384, 0);
    histogram_draw(&histogram, &grid);
    for (int col = 8; col < 8 + 32; col++)
        cr_assert_eq(canvas_at(&grid, 0, col)->rune, '#', "column %d", col);
}

Test(histogram, even_a_rare_time_is_seen)
{
    bucket(1 << 10, 1000000);
    bucket(1 << 11, 0);
    bucket(1 << 13, 1);
    bucket(1 << 14, 0);
    histogram_draw(&histogram, &grid);
    cr_assert_eq(canvas_at(&grid, 1, 8 + 3 * 8)->rune, '.', "it is hidden");
}

Test(histogram, the_last_bucket_has_no_end)
{
    bucket(0, 0);
    bucket(UINT64_MAX, UINT64_MAX);
    histogram_draw(&histogram, &grid);
    cr_assert_eq(canvas_at(&grid, 1, 8)->rune, '#', "it is not drawn");
}

Test(histogram, nothing_is_drawn_of_nothing)
{
    bucket(1, 0);
    bucket(2, 0);
    expect("\n\n\n");
    histogram.n = 0;
    expect("\n\n\n");
}

Test(histogram, any_size_is_drawn_on)
{
    for (unsigned i = 0; i < 300; i++)
        bucket(UINT64_C(3) * i * i * i, i);
    for (int tier = 0; tier < PLOT_TIERS; tier++) {
        histogram.tier = (enum plot_tier)tier;
        for (int cols = 1; cols < 1500; cols += cols < 100 ? 1 : 97) {
            for (int rows = 1; rows < 6; rows++) {
                struct canvas canvas;

                canvas_init(&canvas, rows, cols);
                histogram_draw(&histogram, &canvas);
                canvas_fini(&canvas);
            }
        }
    }
}
