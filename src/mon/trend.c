/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/trend.h"

#include <math.h>

#include "base/check.h"

#define PAIRS (TREND_POINTS * (TREND_POINTS - 1) / 2)
#define SPREAD_OF_MAD 1.4826 /* standard by median deviation, of a normal distribution */
#define BOUND_SIGMAS  1.96   /* of a normal distribution, 95 % lie within */

/* ---- median ---- */

static void swap(double *a, double *b)
{
    double t = *a;

    *a = *b;
    *b = t;
}

/* The value that would stand at place K if all were sorted (Hoare's quickselect): those before it
 * end up no greater, those behind it no less. */
static double select_place(double *value, size_t n, size_t k)
{
    size_t low = 0;
    size_t high = n - 1;

    while (low < high) {
        double pivot = value[low + (high - low) / 2];
        size_t i = low;
        size_t j = high;

        for (;;) {
            while (value[i] < pivot)
                i++;
            while (value[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&value[i++], &value[j--]);
        }
        if (i == j && k == i)
            return value[k];
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return value[k];
}

double trend_median(double *value, size_t n)
{
    double upper;
    double lower;

    if (n == 0)
        return 0.0;
    upper = select_place(value, n, n / 2);
    if (n % 2 == 1)
        return upper;
    lower = value[0];
    for (size_t i = 1; i < n / 2; i++)
        lower = fmax(lower, value[i]);
    return (lower + upper) / 2.0;
}

/* ---- Mann and Kendall ---- */

/* How many points have the value of point I, itself included, if none before it has; else 0. */
static size_t ties_at(const struct trend_point *point, size_t n, size_t i)
{
    size_t ties = 1;

    for (size_t j = 0; j < i; j++)
        if (point[j].v == point[i].v)
            return 0;
    for (size_t j = i + 1; j < n; j++)
        ties += point[j].v == point[i].v;
    return ties;
}

static double variance_of(const struct trend_point *point, size_t n)
{
    double all = (double)n * ((double)n - 1.0) * (2.0 * (double)n + 5.0);

    for (size_t i = 0; i < n; i++) {
        double t = (double)ties_at(point, n, i);

        all -= t * (t - 1.0) * (2.0 * t + 5.0);
    }
    return all / 18.0;
}

static double chance_of_rise(const struct trend_point *point, size_t n, double variance)
{
    double s = 0.0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            s += (point[j].v > point[i].v) - (point[j].v < point[i].v);
    if (variance <= 0.0 || s <= 0.0)
        return s < 0.0 || variance <= 0.0 ? 1.0 : 0.5;
    return 0.5 * erfc((s - 1.0) / sqrt(2.0 * variance));
}

/* ---- Theil and Sen ---- */

/* The slope, and the slopes at the ranks that bound it. */
static void fit_slope(struct trend *trend, const struct trend_point *point, size_t n,
                      double variance)
{
    double slope[PAIRS];
    double spread = BOUND_SIGMAS * sqrt(variance);
    size_t pairs = 0;
    size_t below;

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (point[j].t > point[i].t)
                slope[pairs++] = (point[j].v - point[i].v) / (point[j].t - point[i].t);
    if (pairs == 0)
        return;
    below = (double)pairs > spread ? (size_t)(((double)pairs - spread) / 2.0) : 0;
    trend->slope = trend_median(slope, pairs);
    trend->slope_low = select_place(slope, pairs, below);
    trend->slope_high = select_place(slope, pairs, pairs - 1 - below);
}

struct trend trend_of(const struct trend_point *point, size_t n)
{
    struct trend trend = {.n = n, .p = 1.0};
    double rest[TREND_POINTS];
    double base;
    double variance;

    CHECK(n <= TREND_POINTS);
    if (n < 3)
        return trend;
    variance = variance_of(point, n);
    trend.p = chance_of_rise(point, n, variance);
    fit_slope(&trend, point, n, variance);
    for (size_t i = 0; i < n; i++)
        rest[i] = point[i].v - trend.slope * (point[i].t - point[0].t);
    base = trend_median(rest, n);
    trend.from = base;
    trend.to = base + trend.slope * (point[n - 1].t - point[0].t);
    for (size_t i = 0; i < n; i++)
        rest[i] = fabs(point[i].v - base - trend.slope * (point[i].t - point[0].t));
    trend.spread = SPREAD_OF_MAD * trend_median(rest, n);
    return trend;
}
