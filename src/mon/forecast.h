/* SPDX-License-Identifier: MIT */
/* forecast.h - when what grows will have reached its limit, with the error of that.
 * Who: made by lint_limit.c, shown by panels. Threads: values. */
#ifndef MON_FORECAST_H
#define MON_FORECAST_H

#include <stdint.h>

#include "mon/usage.h"

enum forecast_state {
    FORECAST_NONE,    /* there is no limit, or nothing is known */
    FORECAST_NOT_YET, /* too little is known */
    FORECAST_LEVEL,   /* it does not grow for sure */
    FORECAST_KNOWN,
};

struct forecast {
    enum forecast_state state;
    enum usage_of of;
    double used; /* on the fitted line, now */
    double limit;
    double per_s;
    int64_t left_ns;
    int64_t soonest_ns; /* from now, too */
    int64_t latest_ns;  /* INT64_MAX: no bound */
    int64_t window_ns;  /* that it rests on */
    uint32_t samples;
};

#endif
