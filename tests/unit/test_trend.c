/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bits.h"
#include "mon/trend.h"

/* xorshift64*: the same numbers on every machine. */
static uint64_t seed = 88172645463325252u;

static double uniform(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (double)(seed * UINT64_C(2685821657736338717) >> 11) / 9007199254740992.0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_by_sorting(double *value, size_t n)
{
    qsort(value, n, sizeof *value, by_value);
    return n % 2 == 1 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2.0;
}

Test(trend, median_is_that_of_the_sorted_values)
{
    for (size_t n = 1; n < 200; n++) {
        double value[200];
        double copy[200];
        double found;
        double wanted;

        for (size_t i = 0; i < n; i++)
            value[i] = copy[i] = floor(uniform() * (n % 3 == 0 ? 4.0 : 1000.0));
        found = trend_median(value, n);
        wanted = median_by_sorting(copy, n);
        cr_assert_eq(found, wanted, "of %zu values: %g, not %g", n, found, wanted);
    }
}

static struct trend_point line[TREND_POINTS];

/* A line with noise of +-NOISE, and every tenth point off by WILD. */
static struct trend of_line(size_t n, double slope, double noise, double wild)
{
    for (size_t i = 0; i < n; i++)
        line[i] = (struct trend_point){
            .t = 10.0 * (double)i,
            .v = 100.0 + slope * 10.0 * (double)i + noise * (2.0 * uniform() - 1.0) +
                 (i % 10 == 5 ? wild : 0.0)};
    return trend_of(line, n);
}

Test(trend, a_line_is_found_exactly)
{
    struct trend t = of_line(60, 2.0, 0.0, 0.0);

    cr_assert_float_eq(t.slope, 2.0, 1e-9, "slope %g", t.slope);
    cr_assert_float_eq(t.from, 100.0, 1e-9, "from %g", t.from);
    cr_assert_float_eq(t.to, 100.0 + 2.0 * 590.0, 1e-9, "to %g", t.to);
    cr_assert_float_eq(t.spread, 0.0, 1e-9, "spread %g", t.spread);
    cr_assert_lt(t.p, 1e-9, "p %g", t.p);
}

Test(trend, wild_points_do_not_move_it)
{
    struct trend t = of_line(60, 2.0, 1.0, 1e6);

    cr_assert_float_eq(t.slope, 2.0, 0.05, "slope %g", t.slope);
    cr_assert_lt(t.p, 1e-6, "p %g", t.p);
}

Test(trend, a_falling_series_does_not_rise)
{
    struct trend t = of_line(60, -2.0, 1.0, 0.0);

    cr_assert_gt(t.p, 0.99, "p %g", t.p);
}

Test(trend, equal_values_are_no_trend)
{
    struct trend t = of_line(60, 0.0, 0.0, 0.0);

    cr_assert(t.p == 1.0 && t.slope == 0.0, "p %g slope %g", t.p, t.slope);
}

Test(trend, few_points_say_nothing)
{
    cr_assert_eq(of_line(0, 1.0, 0.0, 0.0).p, 1.0, "of none");
    cr_assert_eq(of_line(2, 1.0, 0.0, 0.0).p, 1.0, "of two");
}

Test(trend, of_pure_noise_one_in_a_hundred_has_p_below_one_percent)
{
    int below = 0;

    for (int i = 0; i < 2000; i++)
        below += of_line(60, 0.0, 1.0, 0.0).p < 0.01;

    cr_assert(below >= 8 && below <= 40, "%d of 2000", below);
}

Test(trend, p_of_a_small_series_is_that_of_the_table)
{
    /* 2 of 28 pairs fall, so S is 24; the variance is 8 * 7 * 21 / 18, so z = 23 / 8.083. */
    static const double v[] = {1, 2, 4, 3, 6, 5, 7, 8};
    struct trend t;

    for (size_t i = 0; i < ARRAY_COUNT(v); i++)
        line[i] = (struct trend_point){.t = (double)i, .v = v[i]};
    t = trend_of(line, ARRAY_COUNT(v));

    cr_assert_float_eq(t.p, 0.00222, 1e-5, "p %g", t.p);
}

Test(trend, the_bounds_hold_the_slope_in_nineteen_cases_of_twenty)
{
    int outside = 0;

    for (int i = 0; i < 1000; i++) {
        struct trend t = of_line(60, 0.02, 10.0, 0.0);

        cr_assert(t.slope_low <= t.slope && t.slope <= t.slope_high, "%g in %g to %g", t.slope,
                  t.slope_low, t.slope_high);
        outside += t.slope_low > 0.02 || t.slope_high < 0.02;
    }
    cr_assert(outside >= 20 && outside <= 90, "%d of 1000", outside);
}

Test(trend, without_noise_the_bounds_are_the_slope)
{
    struct trend t = of_line(30, 2.0, 0.0, 0.0);

    cr_assert_float_eq(t.slope_low, 2.0, 1e-9, "low %g", t.slope_low);
    cr_assert_float_eq(t.slope_high, 2.0, 1e-9, "high %g", t.slope_high);
}
