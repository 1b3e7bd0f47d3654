/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/fmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "base/check.h"

#define NS_OF_S 1e9
#define S_OF_MIN 60.0
#define S_OF_HOUR 3600.0

static char *not_a_number(char *buf, size_t size)
{
    snprintf(buf, size, "-");
    return buf;
}

/* "9.99", "99.9", "999.9", "1012": rounded to the digits that fit, so that 9.996 becomes 10.0. */
static void put_digits(char *buf, size_t size, double value, const char *suffix)
{
    double size_of = fabs(value);
    int decimals = size_of < 9.995 ? 2 : size_of < 999.95 ? 1 : 0;

    snprintf(buf, size, "%.*f%s", decimals, value, suffix);
}

/* Divides by BASE until less than BASE is left; the suffix says how often. */
static void put_scaled(char *buf, size_t size, double value, double base, const char *suffixes)
{
    size_t last = strlen(suffixes) - 1;
    size_t i = 0;

    value /= base;
    while (fabs(value) >= base - 0.5 && i < last) {
        value /= base;
        i++;
    }
    put_digits(buf, size, value, (char[]){suffixes[i], '\0'});
}

static bool is_whole(double value)
{
    return fabs(value) < 1e15 && value == (double)(int64_t)value;
}

char *fmt_count(char *buf, size_t size, double count)
{
    double size_of = fabs(count);

    if (!isfinite(count))
        return not_a_number(buf, size);
    if (size_of >= 9999.5)
        put_scaled(buf, size, count, 1000.0, "kMGTPE");
    else if (size_of >= 99.95 || is_whole(count))
        snprintf(buf, size, "%.0f", count);
    else
        snprintf(buf, size, "%.*f", size_of < 9.995 ? 2 : 1, count);
    return buf;
}

char *fmt_bytes(char *buf, size_t size, double bytes)
{
    if (!isfinite(bytes))
        return not_a_number(buf, size);
    if (fabs(bytes) < 1023.5)
        snprintf(buf, size, "%.0fB", bytes);
    else
        put_scaled(buf, size, bytes, 1024.0, "KMGTPE");
    return buf;
}

/* "3m20s", "5h12m", "12d04h": two neighbouring units, the smaller one with two digits. */
static void put_long_duration(char *buf, size_t size, double seconds)
{
    const char *sign = seconds < 0 ? "-" : "";
    uint64_t s = fabs(seconds) < 1e15 ? (uint64_t)(fabs(seconds) + 0.5) : (uint64_t)1e15;
    uint64_t days = s / 86400;

    if (s < 3600)
        snprintf(buf, size, "%s%" PRIu64 "m%02" PRIu64 "s", sign, s / 60, s % 60);
    else if (days == 0)
        snprintf(buf, size, "%s%" PRIu64 "h%02" PRIu64 "m", sign, s / 3600, s / 60 % 60);
    else if (days < 1000)
        snprintf(buf, size, "%s%" PRIu64 "d%02" PRIu64 "h", sign, days, s / 3600 % 24);
    else
        snprintf(buf, size, "%s%" PRIu64 "y", sign, days / 365 < 99999 ? days / 365 : 99999);
}

char *fmt_duration(char *buf, size_t size, double ns)
{
    double size_of = fabs(ns);

    if (!isfinite(ns))
        return not_a_number(buf, size);
    if (size_of < 999.5)
        snprintf(buf, size, "%.0fns", ns);
    else if (size_of < 999.95e3)
        put_digits(buf, size, ns / 1e3, "us");
    else if (size_of < 999.95e6)
        put_digits(buf, size, ns / 1e6, "ms");
    else if (size_of < 59.95e9)
        put_digits(buf, size, ns / NS_OF_S, "s");
    else
        put_long_duration(buf, size, ns / NS_OF_S);
    return buf;
}

char *fmt_ppm(char *buf, size_t size, double ppm)
{
    double percent = ppm / 1e4;

    if (!isfinite(ppm))
        return not_a_number(buf, size);
    if (fabs(percent) >= 99999.5)
        return fmt_count(buf, size, percent);
    snprintf(buf, size, "%.*f%%", fabs(percent) < 99.95 ? 1 : 0, percent);
    return buf;
}

char *fmt_value(char *buf, size_t size, enum fmt_unit unit, double value)
{
    switch (unit) {
    case FMT_COUNT:
    case FMT_ENUM:
        return fmt_count(buf, size, value);
    case FMT_BYTES:
        return fmt_bytes(buf, size, value);
    case FMT_NS:
        return fmt_duration(buf, size, value);
    case FMT_UNIX_NS:
        if (!(fabs(value) < 9.2e18))
            return not_a_number(buf, size);
        return fmt_clock(buf, size, (int64_t)value);
    case FMT_PPM:
        return fmt_ppm(buf, size, value);
    }
    UNREACHABLE();
}

char *fmt_rate(char *buf, size_t size, enum fmt_unit unit, double per_second)
{
    static const struct {
        double seconds;
        const char *text;
    } per[] = {{1.0, "/s"}, {S_OF_MIN, "/min"}, {S_OF_HOUR, "/h"}};
    char number[FMT_BYTES_MAX];
    size_t i = 0;

    if (!isfinite(per_second))
        return not_a_number(buf, size);
    while (i < ARRAY_COUNT(per) - 1 && fabs(per_second) * per[i].seconds < 1.0)
        i++;
    if (per_second == 0.0)
        i = 0;
    fmt_value(number, sizeof number, unit, per_second * per[i].seconds);
    snprintf(buf, size, "%s%s%s", per_second > 0 ? "+" : "", number, per[i].text);
    return buf;
}

char *fmt_grouped(char *buf, size_t size, uint64_t n)
{
    char digits[24];
    char grouped[FMT_BYTES_MAX];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);
    size_t out = 0;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            grouped[out++] = ' ';
        grouped[out++] = digits[i];
    }
    grouped[out] = '\0';
    snprintf(buf, size, "%s", grouped);
    return buf;
}

/* Whole seconds since 1970, rounded down also before it. */
static time_t seconds_of(int64_t real_ns)
{
    int64_t s = real_ns / INT64_C(1000000000);

    return (time_t)(real_ns % INT64_C(1000000000) < 0 ? s - 1 : s);
}

char *fmt_clock(char *buf, size_t size, int64_t real_ns)
{
    time_t seconds = seconds_of(real_ns);
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL)
        return not_a_number(buf, size);
    snprintf(buf, size, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    return buf;
}

char *fmt_date(char *buf, size_t size, int64_t real_ns)
{
    time_t seconds = seconds_of(real_ns);
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL)
        return not_a_number(buf, size);
    snprintf(buf, size, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return buf;
}

char *fmt_rfc3339(char *buf, size_t size, int64_t real_ns)
{
    time_t seconds = seconds_of(real_ns);
    int64_t rest_ns = real_ns % INT64_C(1000000000);
    int64_t ms = (rest_ns < 0 ? rest_ns + INT64_C(1000000000) : rest_ns) / INT64_C(1000000);
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL)
        return not_a_number(buf, size);
    snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
    return buf;
}
