/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/optvalue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

bool optvalue_seconds(const char *text, double least, double most, int64_t *ns)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds >= least && seconds <= most))
        return false;
    *ns = llround(seconds * (double)NS_PER_S);
    return true;
}

bool optvalue_unit(const char *text, const char *units, const int64_t *factor, int64_t *value)
{
    char *end;
    double number = strtod(text, &end);
    const char *unit = *end == '\0' ? units : strchr(units, *end);

    if (end == text || unit == NULL || (*end != '\0' && end[1] != '\0') || !(number > 0))
        return false;
    number *= (double)factor[unit - units];
    if (number >= (double)INT64_MAX / 4)
        return false;
    *value = (int64_t)number;
    return true;
}

static bool unit_from(const char *text, const char *units, const int64_t *factor, int64_t least,
                      int64_t *value)
{
    int64_t taken;

    if (!optvalue_unit(text, units, factor, &taken) || taken < least)
        return false;
    *value = taken;
    return true;
}

bool optvalue_span(const char *text, int64_t least_ns, int64_t *ns)
{
    static const int64_t factor[] = {NS_PER_S, 60 * NS_PER_S, 3600 * NS_PER_S, 86400 * NS_PER_S};

    return unit_from(text, "smhd", factor, least_ns, ns);
}

bool optvalue_size(const char *text, int64_t least, int64_t *bytes)
{
    static const int64_t factor[] = {1, INT64_C(1) << 10, INT64_C(1) << 20, INT64_C(1) << 30,
                                     INT64_C(1) << 40};

    return unit_from(text, "BKMGT", factor, least, bytes);
}

bool optvalue_count(const char *text, uint64_t *count)
{
    char *end;

    if (text[0] < '1' || text[0] > '9')
        return false;
    *count = strtoull(text, &end, 10);
    return *end == '\0';
}
