/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/timetext.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define MOST_SECONDS INT64_C(100000000000)
#define DAY_S        86400

/* A number of DIGITS digits at *TEXT, from LEAST to MOST. */
static bool take(const char **text, int digits, int least, int most, int *number)
{
    int n = 0;

    for (int i = 0; i < digits; i++) {
        if ((*text)[i] < '0' || (*text)[i] > '9')
            return false;
        n = n * 10 + ((*text)[i] - '0');
    }
    *text += digits;
    *number = n;
    return n >= least && n <= most;
}

static bool take_sign(const char **text, char sign)
{
    if (**text != sign)
        return false;
    (*text)++;
    return true;
}

/* "2h30m", "15m", "90" seconds. */
static bool span_of(const char *text, int64_t *seconds)
{
    static const char units[] = "smhd";
    static const int64_t factor[] = {1, 60, 3600, DAY_S};

    *seconds = 0;
    do {
        char *end;
        int64_t n = strtoll(text, &end, 10);
        const char *unit = *end == '\0' ? units : strchr(units, *end);

        if (*text < '0' || *text > '9' || unit == NULL || n > MOST_SECONDS / factor[unit - units])
            return false;
        *seconds += n * factor[unit - units];
        text = *end == '\0' ? end : end + 1;
    } while (*text != '\0');
    return true;
}

/* "2026-11-27", "11-27"; then TM's date is that. */
static bool date_of(const char **text, struct tm *tm)
{
    int year, month, day;

    if (strlen(*text) > 4 && (*text)[4] == '-') {
        if (!take(text, 4, 1970, 9999, &year) || !take_sign(text, '-'))
            return false;
        tm->tm_year = year - 1900;
    }
    if (!take(text, 2, 1, 12, &month) || !take_sign(text, '-') || !take(text, 2, 1, 31, &day))
        return false;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

static bool time_of_day(const char **text, struct tm *tm)
{
    tm->tm_sec = 0;
    if (!take(text, 2, 0, 23, &tm->tm_hour) || !take_sign(text, ':') ||
        !take(text, 2, 0, 59, &tm->tm_min))
        return false;
    return !take_sign(text, ':') || take(text, 2, 0, 60, &tm->tm_sec);
}

static bool clock_time(const char *text, int64_t latest_ns, int64_t *seconds)
{
    time_t latest = (time_t)(latest_ns / NS_PER_S);
    bool has_date = strlen(text) > 2 && text[2] != ':';
    struct tm tm;

    if (localtime_r(&latest, &tm) == NULL)
        return false;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    if (has_date && !date_of(&text, &tm))
        return false;
    bool only_date = has_date && *text == '\0';
    if (has_date && !only_date && !take_sign(&text, ' ') && !take_sign(&text, 'T'))
        return false;
    if (!only_date && !time_of_day(&text, &tm))
        return false;
    *seconds = mktime(&tm);
    if (!has_date && *seconds > latest) {
        tm.tm_mday--;
        tm.tm_isdst = -1;
        *seconds = mktime(&tm);
    }
    return *text == '\0';
}

bool timetext_parse(const char *text, int64_t earliest_ns, int64_t latest_ns, int64_t *real_ns)
{
    int64_t seconds;
    bool good;

    if (text[0] == '-' || text[0] == '+') {
        good = span_of(text + 1, &seconds);
        *real_ns = text[0] == '-' ? latest_ns - seconds * NS_PER_S
                                  : earliest_ns + seconds * NS_PER_S;
        return good;
    }
    if (text[0] == '@')
        good = span_of(text + 1, &seconds) && strspn(text + 1, "0123456789") == strlen(text + 1);
    else
        good = clock_time(text, latest_ns, &seconds);
    good = good && seconds >= 0 && seconds <= INT64_MAX / NS_PER_S / 4;
    *real_ns = good ? seconds * NS_PER_S : 0;
    return good;
}
