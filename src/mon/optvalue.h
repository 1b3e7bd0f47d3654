/* SPDX-License-Identifier: MIT */
/* optvalue.h - numbers on the command line and in settings. All return false, and leave the value
 * alone, if TEXT is not what they take. */
#ifndef MON_OPTVALUE_H
#define MON_OPTVALUE_H

#include <stdbool.h>
#include <stdint.h>

/* A number of seconds from LEAST to MOST. */
bool optvalue_seconds(const char *text, double least, double most, int64_t *ns);

/* A number above 0 and one letter of UNITS, which are as many times 1 as FACTOR says; without a
 * letter the first. */
bool optvalue_unit(const char *text, const char *units, const int64_t *factor, int64_t *value);

/* A time of LEAST_NS or more, in s, m, h or d. */
bool optvalue_span(const char *text, int64_t least_ns, int64_t *ns);

/* A size of LEAST or more, in B, K, M, G or T. */
bool optvalue_size(const char *text, int64_t least, int64_t *bytes);

/* A whole number, at least 1. */
bool optvalue_count(const char *text, uint64_t *count);

#endif
