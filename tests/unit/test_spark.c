/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mon/spark.h"

static const char *drawn(enum plot_tier tier, const double *value, int n)
{
    static char *text;
    struct spark_scale scale = spark_nothing;
    struct canvas canvas;

    free(text);
    canvas_init(&canvas, 1, 12);
    spark_widen(&scale, value, n);
    spark_draw(&canvas, 0, 1, tier, &scale, value, n, ROLE_TEXT);
    text = canvas_to_text(&canvas);
    canvas_fini(&canvas);
    return text;
}

Test(spark, goes_from_the_least_to_the_greatest_value)
{
    static const double value[] = {-8, 0, 8, -8};

    cr_assert_str_eq(drawn(PLOT_ASCII, value, 4), " _=#_\n", "%s", drawn(PLOT_ASCII, value, 4));
    cr_assert_str_eq(drawn(PLOT_BLOCKS, value, 4), " \u2581\u2585\u2588\u2581\n", "%s",
                     drawn(PLOT_BLOCKS, value, 4));
}

Test(spark, what_never_moves_lies_low_and_what_is_not_known_is_blank)
{
    static const double value[] = {5, (double)NAN, HUGE_VAL, 5};

    cr_assert_str_eq(drawn(PLOT_LINES, value, 4), " _  _\n", "%s", drawn(PLOT_LINES, value, 4));
}

Test(spark, of_nothing_is_nothing)
{
    static const double value[] = {(double)NAN, (double)NAN};

    cr_assert_str_eq(drawn(PLOT_BRAILLE, value, 2), "\n", "%s", drawn(PLOT_BRAILLE, value, 2));
}

Test(spark, values_at_the_ends_of_all_numbers_are_drawn)
{
    static const double value[] = {-1e300, 1e300, 0};

    cr_assert_str_eq(drawn(PLOT_ASCII, value, 3), " _#=\n", "%s", drawn(PLOT_ASCII, value, 3));
}
