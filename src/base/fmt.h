/* SPDX-License-Identifier: MIT */
/* fmt.h - numbers become text here and nowhere else, by unit.
 * The text is short and of a bounded width, so that a column of numbers stays a column: three or
 * four digits and a suffix ("412.3M", "1.90ms", "18.4k"). All of it is ASCII. What is not a number
 * is "-".
 * Threads: pure functions but for the time zone; the caller owns the buffer. */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stddef.h>
#include <stdint.h>

/* In the order of enum page_metric_unit. */
enum fmt_unit {
    FMT_COUNT = 0,   /* "1234", "18.4k" */
    FMT_BYTES = 1,   /* by 1024: "512B", "1.00K", "412.3M" */
    FMT_NS = 2,      /* "84.0us", "1.90ms", "2.50s", "3m20s", "12d04h" */
    FMT_UNIX_NS = 3, /* wall clock: "03:12:44" in the local zone */
    FMT_PPM = 4,     /* "3.1%" */
    FMT_ENUM = 5,    /* a plain number */
};
#define FMT_UNITS 6

/* Room for any result of this file and its NUL; no result but those of fmt_rate, fmt_grouped,
 * fmt_date and fmt_rfc3339 is wider than FMT_WIDTH. */
#define FMT_BYTES_MAX 32
#define FMT_WIDTH 8

/* Each writes a NUL-terminated text into BUF of SIZE bytes, cut if it must be, and returns BUF. */
char *fmt_value(char *buf, size_t size, enum fmt_unit unit, double value);
char *fmt_count(char *buf, size_t size, double count);
char *fmt_bytes(char *buf, size_t size, double bytes);
char *fmt_duration(char *buf, size_t size, double ns);
char *fmt_ppm(char *buf, size_t size, double ppm);

/* A change per second: "+1.80M/min", "-40/s". Picks the second, the minute or the hour so that the
 * number is 1 or more where it can be. At most FMT_WIDTH + 5 wide. */
char *fmt_rate(char *buf, size_t size, enum fmt_unit unit, double per_second);

/* Every digit, in groups of three: "18 442". */
char *fmt_grouped(char *buf, size_t size, uint64_t n);

/* Time of day, "03:12:44", and with the date, "2026-11-23 03:12:44", in the local zone. */
char *fmt_clock(char *buf, size_t size, int64_t real_ns);
char *fmt_date(char *buf, size_t size, int64_t real_ns);

/* RFC 3339 in UTC with milliseconds: "2026-11-23T03:12:44.000Z". */
char *fmt_rfc3339(char *buf, size_t size, int64_t real_ns);

#endif
