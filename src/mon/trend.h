/* SPDX-License-Identifier: MIT */
/* trend.h - whether a series of measurements rises, and how fast, said so that noise does not fool
 * it.
 * Mann and Kendall ask only which of each two points is the higher, so no spike counts more than
 * any other point; Theil and Sen take the median of all slopes between two points, so up to 29 %
 * of the points may be wild. Both look at 64 points at most: 2016 pairs.
 * Threads: pure functions.
 * Source: Mann (1945) and Kendall (1975) on the test, with its variance for ties; Theil (1950) and
 * Sen (1968) on the slope and its bounds. */
#ifndef MON_TREND_H
#define MON_TREND_H

#include <stddef.h>

#define TREND_POINTS 64

struct trend_point {
    double t; /* seconds, rising */
    double v;
};

struct trend {
    size_t n;
    double slope;  /* per second */
    double slope_low; /* it is between these with a probability of 95 % */
    double slope_high;
    double from;   /* value of the fitted line at the first point */
    double to;     /* and at the last */
    double spread; /* of the points around the line: what a standard deviation is to clean data */
    double p;      /* chance of so much rise, or more, in a series without a trend */
};

/* N is at most TREND_POINTS. With less than 3 points p is 1 and the rest is 0. */
struct trend trend_of(const struct trend_point *point, size_t n);

/* The median of N values, which it reorders; 0 of none. */
double trend_median(double *value, size_t n);

#endif
